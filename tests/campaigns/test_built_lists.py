"""A list that is built with everything: conditions, permissions, households, a control."""

from datetime import UTC, timedelta

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known import AS_OF, NOW, deliver
from scored import MODEL, go_live
from shop import fact, member, product, sale
from sqlalchemy.orm import Session

from campaigns.building import build_list
from campaigns.conditions.errors import ConditionError
from campaigns.desk import Desk, UnfitSpecError
from campaigns.list_spec import ListSpec
from campaigns.members import control_path, members_path, outcomes_path
from campaigns.preview import least_effect, preview
from campaigns.state.tables import ConsentChange, Suppression
from campaigns.steps import quarter_of
from pipeline.release import read_release

PEOPLE = [f"c{number:03}" for number in range(300)]

SPEC = {
    "model": MODEL,
    "where": {"all": [{"customer": "region", "in": ["North"]}, {"bought": {"product_id": "mug"}}]},
    "size": 40,
    "channel": "email",
    "one_a_household": True,
    "control_share": 0.2,
    "value": {"margin": 100, "contact_cost": 2},
    "campaign": "spring",
}


@pytest.fixture
def shop(tmp_path):
    people = [
        member(name, region="North" if i % 3 else "South", household_id=f"h{i // 2}")
        for i, name in enumerate(PEOPLE)
    ]
    words = [
        fact(
            "consents", name, "2023-05-01", channel="email", purpose="marketing", granted=i % 7 > 0
        )
        for i, name in enumerate(PEOPLE)
    ]
    bought = [sale(name, "2024-01-01", product="mug") for i, name in enumerate(PEOPLE) if i % 2]
    scores = {name: 0.9 - i / 1000 for i, name in enumerate(PEOPLE) if i % 11}
    deliver(tmp_path, *people, *words, *bought, product("mug"), scores=scores, also=["contacts"])
    return tmp_path


def made(artifacts, state, *, at=NOW, **given):
    spec = ListSpec.model_validate({**SPEC, **given})
    with Desk(artifacts) as desk:
        return build_list(spec, read_release(artifacts), desk=desk, state=state, at=at).list


def ids(path):
    return pq.read_table(path)["customer_id"].to_pylist()


def test_members_control_and_everybody_else_are_frozen(shop, state):
    found = made(shop, state)
    members = pq.read_table(members_path(shop, found.id)).to_pylist()
    control = pq.read_table(control_path(shop, found.id)).to_pylist()
    outcomes = pq.read_table(outcomes_path(shop, found.id)).to_pylist()
    assert len(members) == found.ledger.selected == 40
    assert len(control) == found.ledger.control > 0
    by = {row["customer_id"]: row["outcome"] for row in outcomes}
    assert {name for name, why in by.items() if why == "selected"} == {
        row["customer_id"] for row in members
    }
    assert {name for name, why in by.items() if why == "control"} == {
        row["customer_id"] for row in control
    }
    for row in members:
        number = PEOPLE.index(row["customer_id"])
        assert number % 3
        assert number % 2
        assert number % 7
        assert number % 11
        assert row["expected_value"] == pytest.approx(row["probability"] * 100 - 2)
        assert (row["arm"], row["arm_probability"]) == ("treated", 0.8)
    assert {(row["arm"], row["arm_probability"]) for row in control} == {("control", 0.2)}
    assert found.campaign == "spring"


def test_everybody_known_is_accounted_for_by_the_first_reason(shop, state):
    ledger = made(shop, state).ledger
    # Without a snapshot only those with a score are known by name; the others by number.
    scored = [i for i in range(300) if i % 11]
    assert ledger.excluded["condition"] == sum(not (i % 3 and i % 2) for i in scored)
    assert ledger.excluded["no_consent"] == sum(bool(i % 3 and i % 2 and not i % 7) for i in scored)
    assert ledger.base == len(scored)


def test_a_suppression_before_the_build_leaves_somebody_out(shop, state):
    first = ids(members_path(shop, made(shop, state).id))[0]
    with Session(state) as session, session.begin():
        session.add(Suppression(customer_id=first, channel="email", reason="asked", since=NOW))
    again = made(shop, state, seed=1)
    assert first not in ids(members_path(shop, again.id)) + ids(control_path(shop, again.id))
    assert again.ledger.excluded["suppressed"] == 1


def test_a_reminder_names_what_is_due_and_not_what_is_likeliest_one_day(tmp_path, state):
    def row(name, category, probability, due_on):
        window = {"opens_on": due_on, "closes_on": due_on + timedelta(days=3)}
        return {"customer_id": name, "category": category, "probability": probability,
                "due_on": due_on, **window}  # fmt: skip

    deliver(tmp_path, member("ann"), member("bob"), member("cat"), also=["contacts"])
    soon, late = AS_OF + timedelta(days=2), AS_OF + timedelta(days=60)
    rows = [
        row("ann", "ink", 0.9, late),
        row("ann", "pills", 0.4, soon),
        row("bob", "ink", 0.5, soon),
        row("bob", "pills", 0.3, soon),
        row("cat", "pills", 0.8, late),
    ]
    go_live(tmp_path, rows, model="repurchase_timing", unit="pair", as_of=AS_OF)
    asked = {"model": "repurchase_timing", "channel": None, "value": None, "size": 3}
    kept = {"one_a_household": False, "control_share": 1e-12, "campaign": None}

    def reminded(where):
        found = made(tmp_path, state, **asked, **kept, where=where)
        members = pq.read_table(members_path(tmp_path, found.id)).to_pylist()
        return [(one["customer_id"], one["category"], one["probability"]) for one in members]

    due = {"due": {}, "within_days": 7}
    assert reminded(due) == [("bob", "ink", 0.5), ("ann", "pills", 0.4)]
    assert reminded({"due": {"category": "pills"}, "within_days": 7}) == [
        ("ann", "pills", 0.4),
        ("bob", "pills", 0.3),
    ]
    assert reminded({"not": due}) == [("cat", "pills", 0.8)]
    assert reminded(None) == [("ann", "ink", 0.9), ("cat", "pills", 0.8), ("bob", "ink", 0.5)]


def test_a_global_control_is_reached_by_no_list_of_its_quarter(shop, state):
    spec = {**SPEC, "size": 200, "control_share": 0.01}
    seen = set()
    with Desk(shop) as desk:
        for seed in range(3):
            wanted = ListSpec.model_validate({**spec, "seed": seed})
            found = build_list(
                wanted, read_release(shop), desk=desk, state=state, at=NOW, global_control=0.3
            ).list
            assert found.ledger.excluded["global_control"] > 0
            seen.add(
                frozenset(ids(members_path(shop, found.id)) + ids(control_path(shop, found.id)))
            )
        later = NOW + timedelta(days=92)
        wanted = ListSpec.model_validate({**spec, "seed": 9})
        other = build_list(
            wanted, read_release(shop), desk=desk, state=state, at=later, global_control=0.3
        ).list
    assert len(seen) == 1
    assert set(ids(members_path(shop, other.id))) - next(iter(seen))


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_quarter_has_three_months(at):
    year, _, number = quarter_of(at).partition("Q")
    assert int(year) == at.year
    assert 3 * int(number) - 2 <= at.month <= 3 * int(number)


def test_a_preview_says_what_the_list_would_be_and_builds_nothing(shop, state):
    spec = ListSpec.model_validate(SPEC)
    with Desk(shop) as desk:
        seen = preview(spec, read_release(shop), desk=desk, state=state, at=NOW)
    assert not (shop / "lists").exists()
    found = made(shop, state)
    assert seen.ledger == found.ledger
    rows = pq.read_table(members_path(shop, found.id)).to_pylist()
    assert seen.cost == 2 * 40
    assert seen.expected == pytest.approx(sum(row["probability"] for row in rows))
    assert seen.expected_value == pytest.approx(sum(row["expected_value"] for row in rows))
    assert "region is North and has bought product mug" in seen.en
    assert "地區" in seen.zh


def test_the_change_that_a_control_shows_is_that_of_two_shares():
    import numpy as np

    # 2.8 standard errors of the difference of two shares of a half, of 1,000 each.
    assert least_effect(np.full(1000, 0.5), 1000) == pytest.approx(2.8 * (0.5 / 1000) ** 0.5)
    assert least_effect(np.full(1000, 0.5), 0) is None


def test_other_scores_that_a_condition_asks_for_make_another_list(shop, state):
    go_live(shop, {"c001": 0.5}, model="card_uptake", as_of=AS_OF)
    where = {"score": "card_uptake", "at_least": 0.4}
    one = made(shop, state, where=where)
    go_live(shop, {"c001": 0.1}, model="card_uptake", as_of=AS_OF, version="2")
    other = made(shop, state, where=where)
    assert (one.id == other.id, one.ledger == other.ledger) == (False, False)


def test_a_list_for_an_illness_is_looked_into_by_none_for_something_else(shop, state):
    written = [
        ConsentChange(
            customer_id=name,
            channel="email",
            purpose="health",
            granted=True,
            event_time=NOW,
            received_at=NOW,
        )
        for name in PEOPLE
    ]
    with Session(state) as session, session.begin():
        session.add_all(written)
    patients = made(shop, state, purpose="health")
    look_into = {"not": {"in_list": patients.id}}
    with pytest.raises(ConditionError, match="tells of an illness") as caught:
        made(shop, state, where=look_into)
    assert caught.value.pointer == "/where/not"
    assert made(shop, state, purpose="health", where=look_into).ledger.selected > 0


def test_without_a_model_everybody_who_meets_the_conditions_comes_in_random_order(shop, state):
    rules = {"model": None, "size": None, "value": None, "one_a_household": False}
    found = made(shop, state, **rules)
    other = made(shop, state, **rules, seed=5)
    members = pq.read_table(members_path(shop, found.id)).to_pylist()
    assert found.model is found.version is found.score_set is None
    assert list(members[0]) == ["rank", "customer_id", "arm", "arm_probability"]
    expected = {name for i, name in enumerate(PEOPLE) if i % 2 and i % 3 and i % 7 and i % 11}
    order, another = (ids(members_path(shop, one.id)) for one in (found, other))
    assert {*order, *ids(control_path(shop, found.id))} == expected
    assert order != sorted(order)
    assert order != another


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            {"where": {"bought": {"product_id": "cup"}}},
            ConditionError,
            "no product has product cup",
        ),
        ({"where": {"feature": "nothing", "known": True}}, ConditionError, "no snapshot"),
        ({"product": "mug"}, UnfitSpecError, "purchase_propensity does"),
        ({"arm": "coupon"}, UnfitSpecError, "It knows no offers"),
    ],
)
def test_what_cannot_be_built_leaves_nothing_behind(shop, state, given, error, message):
    with pytest.raises(error, match=message):
        made(shop, state, **given)
    assert not list((shop / "lists").rglob("*.parquet"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"control_share": 0}, "greater than 0"),
        ({"control_share": 1}, "less than 1"),
        ({"size": 0}, "greater than or equal to 1"),
        ({"size": None}, "say where the list ends"),
        ({"budget": 10, "value": None}, "need `value`"),
        ({"channel": "pigeon"}, "Input should be 'store', 'web'"),
        ({"contact_cap": {"times": 1, "within_days": 7, "channel": "pigeon"}}, "Input should be"),
        ({"product": "a", "new_product": {"product_id": "b"}}, "not both"),
        ({"version": 2}, "Input should be 1"),
        ({"purpose": "health", "channel": None}, "needs a channel"),
        ({"model": None, "at_least": 0.5}, "need a model that scores"),
        ({"model": None, "where": None, "size": None}, "say where the list ends"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        ListSpec.model_validate({**SPEC, **given})


def test_conditions_beyond_reason_are_refused():
    where = {"bought": {}}
    for _ in range(25):
        where = {"not": where}
    with pytest.raises(ValueError, match="more than 20 deep"):
        ListSpec.model_validate({**SPEC, "where": where})
    many = {"any": [{"bought": {}, "within_days": days} for days in range(1, 202)]}
    with pytest.raises(ValueError, match="more than 200 conditions"):
        ListSpec.model_validate({**SPEC, "where": many})
