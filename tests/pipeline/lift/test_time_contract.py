"""What a campaign causes is never among its features, and counts only in its own window."""

from datetime import date

import pytest
from shop import Row, at, contact, fact, look, member, product, sale, shop, snapshot

from features.contact_pressure import contact_count_within
from features.looking import click_count_within, open_count_within
from models.promotion_lift import promotion_lift
from pipeline.lift.cutoffs import plan_lift
from pipeline.lift.outcomes import outcome_table
from pipeline.project import OutcomeWindow

DRAWN = "2024-05-01"
WINDOW = OutcomeWindow(gap_days=0, horizon_days=14)
AS_OF = date(2024, 6, 1)


def assignment(customer, when=DRAWN, campaign="spring", arm="coupon", **given):
    values = {"campaign_id": campaign, "customer_id": customer, "arm": arm, "probability": 0.5}
    return Row("assignments", {**values, "assigned_at": at(when), **given}, values)


def campaign(name="spring"):
    values = {"campaign_id": name, "starts_at": at(DRAWN), "contact_cost": 2.0}
    return Row("campaigns", {**values, "redemption_cost": 5.0, "margin_share": 0.25}, values)


def events_of(grains):
    return {name: grains.table(name) for name in grains.delivered}


def plan(grains, **given):
    options = {"as_of": AS_OF, "window": WINDOW, "time_zone": "UTC", "most": 12, **given}
    return plan_lift(events_of(grains), **options)


def outcomes_of(grains):
    table = outcome_table(
        grains,
        promotion_lift,
        campaigns=["spring"],
        window=WINDOW,
        known_before=AS_OF,
        time_zone="UTC",
    )
    return grains.connection.to_pandas(table).set_index("customer_id")


CAUSED = {
    "interactions": [
        look("ann", f"{DRAWN} 09:00", "open", "spring"),
        look("ann", "2024-05-03", "click", "spring"),
    ],
    "contacts": [contact("ann", f"{DRAWN} 08:00", "email", campaign_id="spring")],
    "outcomes": [fact("outcomes", "ann", "2024-05-04", campaign_id="spring", kind="redemption")],
    "surveys": [fact("surveys", "ann", "2024-05-05", kind="score", answer="9")],
}


def test_no_feature_moves_with_anything_that_a_campaign_caused():
    before = [look("ann", "2024-04-20", "open", "winter")]
    quiet = shop(sale("ann", "2024-04-01"), interactions=before, contacts=[], surveys=[], stores=[])
    caused = {**CAUSED, "interactions": [*before, *CAUSED["interactions"]]}
    loud = shop(
        sale("ann", "2024-04-01"),
        sale("ann", "2024-05-04"),
        campaigns=[campaign()],
        assignments=[assignment("ann")],
        **caused,
    )
    (as_of,) = plan(loud).labelled
    features = loud.deliverable(promotion_lift.features)
    assert len(features) > 20
    assert snapshot(loud, *features, as_of=as_of).equals(snapshot(quiet, *features, as_of=as_of))


def test_opens_of_an_earlier_campaign_are_among_the_features():
    grains = shop(
        interactions=[look("ann", "2024-04-20", "open", "winter")],
        contacts=[contact("ann", "2024-04-20", "email", campaign_id="winter")],
        campaigns=[campaign()],
        assignments=[assignment("ann")],
    )
    (as_of,) = plan(grains).labelled
    features = (open_count_within[90], click_count_within[90], contact_count_within[30])
    found = snapshot(grains, *features, as_of=as_of).loc["ann"]
    assert [found[one.name] for one in features] == [1, 0, 1]


def test_purchases_count_from_the_day_of_the_draw_to_the_end_of_the_window():
    grains = shop(
        sale("on the day", f"{DRAWN} 18:00"),
        sale("last day", "2024-05-14 23:00"),
        sale("too late", "2024-05-15 00:00"),
        sale("the day before", "2024-04-30"),
        sale("known too late", "2024-05-10", known="2024-06-02"),
        campaigns=[campaign()],
        assignments=[
            assignment(who)
            for who in ("on the day", "last day", "too late", "the day before", "known too late")
        ],
    )
    found = outcomes_of(grains)
    assert found["label"].to_dict() == {
        "on the day": 1,
        "last day": 1,
        "too late": 0,
        "the day before": 0,
        "known too late": 0,
    }
    assert found["label_before"].to_dict()["the day before"] == 1
    assert found["label_before"].sum() == 1


def test_margin_is_what_is_left_after_cost_and_returns_and_falls_back_to_the_campaigns_share():
    grains = shop(
        sale("ann", "2024-05-02", product="kettle"),
        sale("bob", "2024-05-02", product="unknown cost"),
        products=[product("kettle", unit_cost=60.0), product("unknown cost")],
        campaigns=[campaign()],
        assignments=[assignment("ann"), assignment("bob"), assignment("cat", arm="control")],
        members=[member(name) for name in ("ann", "bob", "cat")],
    )
    found = outcomes_of(grains)
    assert found["margin"].to_dict() == {"ann": 40.0, "bob": 25.0, "cat": 0.0}
    assert found["arm"].to_dict()["cat"] == "control"


def test_a_redemption_counts_for_the_campaign_it_belongs_to():
    grains = shop(
        campaigns=[campaign(), campaign("winter")],
        assignments=[assignment("ann"), assignment("bob")],
        outcomes=[
            fact("outcomes", "ann", "2024-05-04", campaign_id="winter", kind="redemption"),
            fact("outcomes", "bob", "2024-05-04", campaign_id="spring", kind="redemption"),
        ],
    )
    assert outcomes_of(grains)["redeemed"].to_dict() == {"ann": 0, "bob": 1}


def test_an_assignment_after_the_scoring_cut_off_does_not_exist_yet():
    grains = shop(campaigns=[campaign()], assignments=[assignment("ann", "2024-06-01")])
    assert plan(grains) == "no customer was assigned to a campaign before 2024-06-01."


def test_a_campaign_that_assigns_day_by_day_is_seen_from_the_first_day_of_each_week():
    days = [f"2024-04-{day:02}" for day in range(1, 16)]
    grains = shop(
        campaigns=[campaign()],
        assignments=[assignment(f"m{n}", day) for n, day in enumerate(days)],
    )
    assert plan(grains).campaigns == {
        "spring": (date(2024, 4, 1), date(2024, 4, 8), date(2024, 4, 15))
    }


@pytest.mark.parametrize("missing", ["campaigns", "assignments"])
def test_without_campaigns_the_plan_says_what_is_missing(missing):
    tables = {"campaigns": [campaign()], "assignments": [assignment("ann")]}
    tables.pop(missing)
    assert plan(shop(sale("ann", "2024-04-01"), **tables)) == f"{missing} not delivered."


def test_days_begin_in_the_business_time_zone():
    late = assignment("ann", "2024-04-30 18:00")  # 2 o'clock on 1 May in Taipei
    grains = shop(campaigns=[campaign()], assignments=[late], time_zone="Asia/Taipei")
    assert plan(grains, time_zone="Asia/Taipei").labelled == (date(2024, 5, 1),)
