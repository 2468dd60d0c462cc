"""The effect of a campaign of ours: by hand, too early, untold, adjusted, in strata."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scored import MODEL, NOON, go_live, many

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.effect.reported import effect_of_reports
from campaigns.effect.strata import effect_by_draw
from campaigns.list_spec import ListSpec
from campaigns.loop.assignments import assignments_of
from campaigns.loop.plans import Campaign, UnknownCampaignError, plan_campaign
from campaigns.loop.reports import CONTACTS, OUTCOMES, keep
from campaigns.members import control_path, members_path
from pipeline.release import read_release

ENDS = NOON + timedelta(days=14)
AFTER = ENDS + timedelta(days=1)


def built(artifacts, state, *, size=200, share=0.4, at=NOON, **spec):
    wanted = ListSpec(model=MODEL, size=size, control_share=share, campaign="spring", **spec)
    with Desk(artifacts) as desk:
        return build_list(wanted, read_release(artifacts), desk=desk, state=state, at=at).list


def planned(state, **given):
    plan = {"campaign_id": "spring", "starts_at": NOON, "ends_at": ENDS, **given}
    plan_campaign(state, Campaign(**plan), at=NOON)


def outcomes(state, customers, *, kind="purchase", value=None, at=NOON + timedelta(days=2)):
    keep(
        state,
        [
            {
                "campaign_id": "spring",
                "customer_id": customer,
                "kind": kind,
                "value": value,
                "event_time": at,
                "received_at": at,
            }
            for customer in customers
        ],
        OUTCOMES,
    )


def ids(path):
    return pq.read_table(path, columns=["customer_id"])["customer_id"].to_pylist()


def arms(artifacts, found):
    return ids(members_path(artifacts, found.id)), ids(control_path(artifacts, found.id))


def test_the_estimate_is_the_one_by_hand(tmp_path, state):
    go_live(tmp_path, many(600))
    planned(state)
    treated, control = arms(tmp_path, built(tmp_path, state))
    outcomes(state, treated[:60] + control[:12])
    told = effect_of_reports(tmp_path, state, "spring", at=AFTER)
    p, q, z = 60 / 200, 12 / len(control), 1.959964**2

    def ends(share, n):
        """Solve (share - x)^2 = z x (1 - x) / n, whose roots are the score interval."""
        return sorted(np.roots([1 + z / n, -(2 * share + z / n), share**2]).tolist())

    (low, high), (low_0, high_0) = ends(p, 200), ends(q, len(control))
    m = len(control)
    (one,) = told.added
    assert (told.status, told.why) == ("told", "")
    assert told.customers == {"treated": 200, "control": m}
    assert told.control_shares == [0.4]
    assert one.control_mean == pytest.approx(q)
    assert one.effect == pytest.approx(p - q)
    assert one.low == pytest.approx(p - q - np.hypot(p - low, high_0 - q), abs=1e-6)
    assert one.high == pytest.approx(p - q + np.hypot(high - p, q - low_0), abs=1e-6)
    assert one.total == pytest.approx(200 * (p - q))


def test_money_has_the_interval_of_two_means():
    random = np.random.default_rng(2)
    treated = np.repeat([True, False], [60, 40])
    y = random.normal(5, 2, 100)
    found = effect_by_draw(y, treated, np.full(100, 0.6))
    error = np.sqrt(y[:60].var(ddof=1) / 60 + y[60:].var(ddof=1) / 40)
    effect = y[:60].mean() - y[60:].mean()
    assert (found.low, found.effect, found.high) == pytest.approx(
        (effect - 1.959964 * error, effect, effect + 1.959964 * error), abs=1e-6
    )


def test_strata_of_other_probabilities_are_compared_within_themselves():
    # Within each stratum the effect is 0.5; thrown together, the arms differ by a third.
    treated = np.repeat([True, False, True, False], [4, 2, 2, 4])
    y = np.concatenate([[1, 0] * 2, [0, 0], [1, 1], [1, 0] * 2]).astype(float)
    chance = np.repeat([0.9, 0.5], [6, 6])
    found = effect_by_draw(y, treated, chance)
    assert (found.control_mean, found.effect) == pytest.approx((0.25, 0.5))


def test_two_lists_with_other_control_shares_count_each_customer_by_the_first(tmp_path, state):
    go_live(tmp_path, many(600))
    planned(state)
    first = built(tmp_path, state, size=100, share=0.2)
    second = built(tmp_path, state, size=200, share=0.5, at=NOON + timedelta(days=1))
    drawn = assignments_of(tmp_path, state, "spring").set_index("customer_id")
    assert drawn.index.is_unique
    early = [one for both in arms(tmp_path, first) for one in both]
    assert set(drawn.loc[early, "list_id"]) == {first.id}
    assert set(drawn["list_id"]) == {first.id, second.id}
    by_arm = drawn.groupby(["list_id", "treated"])["probability"].unique().map(list).to_dict()
    assert by_arm == {
        (first.id, True): [0.8],
        (first.id, False): [0.2],
        (second.id, True): [0.5],
        (second.id, False): [0.5],
    }
    outcomes(state, drawn.index[::3])
    told = effect_of_reports(tmp_path, state, "spring", at=AFTER)
    assert (told.lists, told.control_shares) == (2, [0.2, 0.5])
    assert sum(told.customers.values()) == len(drawn)


def test_before_the_end_the_answer_is_too_early_and_shows_no_figure(tmp_path, state):
    go_live(tmp_path, many(600))
    planned(state)
    assert effect_of_reports(tmp_path, state, "spring", at=NOON).why == (
        "no list of this campaign has been built"
    )
    treated, _ = arms(tmp_path, built(tmp_path, state))
    outcomes(state, treated[:60])
    early = effect_of_reports(tmp_path, state, "spring", at=ENDS - timedelta(minutes=1))
    assert (early.status, early.added) == ("too_early", [])
    assert early.why == "outcomes count until 2026-03-15T12:00:00+00:00"


def test_without_an_end_outcomes_count_for_four_weeks(tmp_path, state):
    go_live(tmp_path, many(600))
    planned(state, ends_at=None)
    built(tmp_path, state)
    told = effect_of_reports(tmp_path, state, "spring", at=NOON)
    assert told.closes_at == "2026-03-29T12:00:00+00:00"


def test_without_outcomes_it_stays_too_early(tmp_path, state):
    go_live(tmp_path, many(600))
    planned(state)
    built(tmp_path, state)
    told = effect_of_reports(tmp_path, state, "spring", at=AFTER)
    assert (told.status, told.why[:29]) == ("too_early", "no outcomes have been reporte")


def test_without_a_control_nothing_can_be_told(tmp_path, state):
    go_live(tmp_path, many(600))
    planned(state)
    treated, _ = arms(tmp_path, built(tmp_path, state, share=1e-12))
    outcomes(state, treated[:60])
    told = effect_of_reports(tmp_path, state, "spring", at=AFTER)
    assert (told.status, told.why) == ("untold", "nobody is in the arm control")


def test_what_was_reported_of_one_arm_only_is_said(tmp_path, state):
    go_live(tmp_path, many(600))
    planned(state)
    treated, _ = arms(tmp_path, built(tmp_path, state))
    outcomes(state, treated[:60], kind="redemption")
    told = effect_of_reports(tmp_path, state, "spring", at=AFTER)
    assert told.why.startswith("redemption: reported of one arm only")


def test_outcomes_before_the_draw_after_the_end_and_of_others_do_not_count(tmp_path, state):
    go_live(tmp_path, many(600))
    planned(state)
    treated, control = arms(tmp_path, built(tmp_path, state))
    outcomes(state, [treated[0], control[0], "stranger"])
    outcomes(state, treated[1:30], at=NOON - timedelta(seconds=1))
    outcomes(state, control[1:30], at=ENDS)
    (one,) = effect_of_reports(tmp_path, state, "spring", at=AFTER).added
    assert one.control_mean == pytest.approx(1 / len(control))
    assert one.effect == pytest.approx(1 / 200 - 1 / len(control))


def test_money_is_summed_and_costs_are_taken_off(tmp_path, state):
    go_live(tmp_path, many(600))
    planned(state, contact_cost=2.0, redemption_cost=5.0, margin_share=0.5)
    treated, control = arms(tmp_path, built(tmp_path, state))
    outcomes(state, treated[:60] + control[:12], value=40.0)
    outcomes(state, treated[:10], value=-40.0, at=NOON + timedelta(days=3))
    outcomes(state, treated[:20], kind="redemption")
    contact = {"campaign_id": "spring", "channel": "email", "status": "sent"}
    moment = {"event_time": NOON, "received_at": NOON}
    keep(state, [{**contact, **moment, "customer_id": one} for one in treated], CONTACTS)
    added = {
        one.outcome: one for one in effect_of_reports(tmp_path, state, "spring", at=AFTER).added
    }
    spent = 50 * 40 / 200
    before = 12 * 40 / len(control)
    assert added["purchase_value"].effect == pytest.approx(spent - before)
    assert added["net"].effect == pytest.approx(0.5 * (spent - before) - 2 - 5 * 20 / 200)


def test_a_campaign_without_a_plan_is_unknown(tmp_path, state):
    go_live(tmp_path, many(600))
    built(tmp_path, state)
    with pytest.raises(UnknownCampaignError):
        effect_of_reports(tmp_path, state, "spring", at=AFTER)


def receipts(artifacts, rows):
    """Receipts as the validation stage leaves them."""
    frame = pd.DataFrame(rows, columns=["customer_id", "event_time", "amount", "kind"])
    frame = frame.assign(
        line_id=[f"l{n}" for n in range(len(frame))],
        order_id=[f"l{n}" for n in range(len(frame))],
        product_id="kettle",
        store_id=None,
        salesperson_id=None,
        available_time=frame["event_time"],
        quantity=1.0,
        discount=0.0,
        promotion_id=None,
        channel="store",
    )
    (artifacts / "tables").mkdir(exist_ok=True)
    frame.to_parquet(artifacts / "tables" / "transactions.parquet")


def test_purchases_before_make_the_interval_of_receipts_shorter(tmp_path, state):
    go_live(tmp_path, many(1500))
    planned(state)
    treated, control = arms(tmp_path, built(tmp_path, state, size=800))
    random = np.random.default_rng(1)
    rows = []
    for number, customer in enumerate(treated + control):
        often = float(random.integers(1, 100))
        rows.append((customer, datetime(2026, 2, 1, 9, tzinfo=UTC), often, "sale"))
        helped = 20.0 if number < len(treated) else 0.0
        noise = float(random.normal(0, 5))
        amount = often + helped + noise
        rows.append((customer, datetime(2026, 3, 5, 9, tzinfo=UTC), amount, "sale"))
        rows.append((customer, datetime(2026, 4, 5, 9, tzinfo=UTC), 500.0, "sale"))
    receipts(tmp_path, rows)
    told = effect_of_reports(tmp_path, state, "spring", at=AFTER)
    (amount,) = [one for one in told.added if one.outcome == "amount"]
    assert amount.source == "receipts"
    assert amount.effect == pytest.approx(20, abs=4 * 5 / np.sqrt(len(control)))
    assert amount.high - amount.low < 3
    assert amount.narrower > 0.7
