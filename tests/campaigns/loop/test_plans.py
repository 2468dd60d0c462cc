"""Plans of campaigns: kept once, listed newest first, followed by counts."""

from datetime import timedelta

import pytest
from pydantic import ValidationError
from scored import MODEL, NOON, go_live, many

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.list_spec import ListSpec
from campaigns.loop.plans import (
    Campaign,
    CampaignExistsError,
    UnknownCampaignError,
    find_campaign,
    list_campaigns,
    plan_campaign,
    track,
)
from campaigns.loop.reports import CONTACTS, OUTCOMES, receive
from pipeline.release import read_release


def plan(name, **given):
    return Campaign(**{"campaign_id": name, "starts_at": NOON, **given})


def test_a_plan_comes_back_as_it_was_made(state):
    made = plan("spring", offer="coupon", contact_cost=2.0, ends_at=NOON + timedelta(days=28))
    assert plan_campaign(state, made, at=NOON).new
    assert find_campaign(state, "spring") == (made, NOON, False)


def test_the_same_plan_again_changes_nothing_and_another_is_refused(state):
    plan_campaign(state, plan("spring"), at=NOON)
    again = plan_campaign(state, plan("spring"), at=NOON + timedelta(days=1))
    assert (again.new, again.created_at) == (False, NOON)
    with pytest.raises(CampaignExistsError, match="Choose another id"):
        plan_campaign(state, plan("spring", offer="gift"), at=NOON)


def test_pages_of_plans_neither_skip_nor_repeat(state):
    for number in range(7):  # pairs at the same moment
        plan_campaign(state, plan(f"c{number}"), at=NOON + timedelta(hours=number // 2))
    found, after = [], None
    while page := list_campaigns(state, limit=2, after=after):
        found += [one.campaign.campaign_id for one in page]
        after = found[-1]
    assert found == ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]


def test_what_was_never_planned_is_unknown(state):
    with pytest.raises(UnknownCampaignError, match="POST /v1/campaigns"):
        find_campaign(state, "spring")


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_at": NOON - timedelta(days=1)},
        {"starts_at": NOON.replace(tzinfo=None)},
        {"contact_cost": -1.0},
        {"contact_cost": float("inf")},
        {"margin_share": 1.5},
        {"channel": "pigeon"},
        {"offer": "a\0b"},
        {"budget": 5},
    ],
)
def test_a_plan_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        plan("spring", **wrong)


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65, "-x", "a/b"])
def test_an_id_that_would_not_stand_in_an_address_is_refused(name):
    with pytest.raises(ValidationError):
        plan(name)


def test_a_campaign_is_followed_by_its_lists_contacts_and_outcomes(tmp_path, state):
    go_live(tmp_path, many(100))
    plan_campaign(state, plan("spring"), at=NOON)
    spec = ListSpec(model=MODEL, size=40, control_share=0.2, campaign="spring")
    with Desk(tmp_path) as desk:
        found = build_list(spec, read_release(tmp_path), desk=desk, state=state, at=NOON).list
    contact = (
        '{"campaign_id": "spring", "customer_id": "c0000%d", "channel": "email", '
        '"status": "%s", "event_time": "2026-03-01T00:00:00Z"}'
    )
    sent = "\n".join(contact % (n, "bounced" if n == 3 else "sent") for n in range(5))
    receive(state, sent.encode(), CONTACTS, at=NOON)
    outcome = (
        b'{"campaign_id": "spring", "customer_id": "c00001", "kind": "visit", '
        b'"event_time": "2026-03-01T00:00:00Z"}'
    )
    receive(state, outcome, OUTCOMES, at=NOON)
    assert track(state, "spring").model_dump() == {
        "lists": 1,
        "treated": 40,
        "control": found.ledger.control,
        "contacts": {"bounced": 1, "sent": 4},
        "outcomes": {"visit": 1},
    }
    assert track(state, "autumn").lists == 0
