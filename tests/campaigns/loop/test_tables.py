"""Campaigns go back among the tables, and the lift model learns from them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from offers import delivered, members, purchases, validated
from scored import MODEL, go_live, many
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.effect.campaign import effect_of_campaign
from campaigns.list_spec import ListSpec
from campaigns.loop.assignments import assignments_of
from campaigns.loop.plans import Campaign, plan_campaign
from campaigns.loop.reports import CONTACTS, OUTCOMES, keep
from campaigns.loop.tables import OURS, TableInTheWayError, write_tables
from campaigns.state.tables import FrozenList
from models.promotion_lift import promotion_lift
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.release import read_release

AT = datetime(2024, 3, 1, 9, tzinfo=UTC)
ENDS = AT + timedelta(days=28)
END_OF_DATA = datetime(2024, 4, 20, tzinfo=UTC).date()


def campaign(artifacts, state, scores, *, name="spring", offer="coupon", share=0.5, size=400):
    """Plan a campaign and freeze its list."""
    go_live(artifacts, scores)
    plan = Campaign(campaign_id=name, channel="email", offer=offer, starts_at=AT, ends_at=ENDS)
    plan_campaign(state, plan, at=AT)
    spec = ListSpec(model=MODEL, size=size, control_share=share, campaign=name)
    with Desk(artifacts) as desk:
        build_list(spec, read_release(artifacts), desk=desk, state=state, at=AT)
    return assignments_of(artifacts, state, name)


def reported(state, kind, rows):
    moment = {"event_time": AT + timedelta(days=1), "received_at": AT + timedelta(days=3)}
    keep(state, [{"campaign_id": "spring", **moment, **row} for row in rows], kind)


def test_the_draw_is_written_with_its_true_probabilities(tmp_path, state):
    drawn = campaign(tmp_path / "artifacts", state, many(200), share=0.3, size=90)
    rows = write_tables(tmp_path / "artifacts", state, tmp_path / "data")
    assert rows == {"campaigns": 1, "assignments": len(drawn), "contacts": 0, "outcomes": 0}
    table = pd.read_parquet(tmp_path / "data" / "assignments" / OURS)
    assert set(table["campaign_id"]) == {"spring"}
    assert table.groupby("arm")["probability"].unique().map(list).to_dict() == {
        "control": [0.3],
        "coupon": [0.7],
    }
    assert (table["arm"] == "coupon").sum() == 90
    assert set(table["assigned_at"]) == {pd.Timestamp(AT)}


def test_a_campaign_with_a_list_for_an_illness_is_not_written(tmp_path, state):
    campaign(tmp_path / "artifacts", state, many(50), size=10)
    with Session(state) as session, session.begin():
        (listed,) = session.scalars(select(FrozenList))
        listed.spec = {**listed.spec, "purpose": "health", "channel": "mail"}
    rows = write_tables(tmp_path / "artifacts", state, tmp_path / "data")
    assert set(rows.values()) == {0}


def test_an_arm_without_an_offer_is_called_treated(tmp_path, state):
    campaign(tmp_path / "artifacts", state, many(50), offer=None, size=20)
    write_tables(tmp_path / "artifacts", state, tmp_path / "data")
    table = pd.read_parquet(tmp_path / "data" / "assignments" / OURS)
    assert set(table["arm"]) == {"control", "treated"}


def test_reports_are_written_with_when_we_knew_of_them(tmp_path, state):
    campaign(tmp_path / "artifacts", state, many(50), size=20)
    reported(state, CONTACTS, [{"customer_id": "c00000", "channel": "email", "status": "sent"}])
    reported(state, OUTCOMES, [{"customer_id": "c00000", "kind": "visit", "value": None}])
    stranger = {"customer_id": "c00000", "kind": "visit", "value": None, "campaign_id": "other"}
    reported(state, OUTCOMES, [stranger])
    rows = write_tables(tmp_path / "artifacts", state, tmp_path / "data")
    assert (rows["contacts"], rows["outcomes"]) == (1, 1)  # that without a plan stays here
    (visit,) = pd.read_parquet(tmp_path / "data" / "outcomes" / OURS).to_dict("records")
    assert visit["event_time"] == AT + timedelta(days=1)
    assert visit["available_time"] == AT + timedelta(days=3)


def test_writing_again_replaces_ours_and_leaves_what_else_lies_there(tmp_path, state):
    campaign(tmp_path / "artifacts", state, many(50), size=20)
    theirs = tmp_path / "data" / "assignments" / "theirs.parquet"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    for _ in range(2):
        write_tables(tmp_path / "artifacts", state, tmp_path / "data")
    assert theirs.read_bytes() == b"theirs"
    assert len(list(theirs.parent.iterdir())) == 2


def test_a_file_of_the_retailers_own_is_not_written_over(tmp_path, state):
    (tmp_path / "outcomes.csv").write_text("campaign_id\n")
    with pytest.raises(TableInTheWayError, match=r"outcomes\.csv is there already"):
        write_tables(tmp_path / "artifacts", state, tmp_path)


def test_without_a_campaign_the_tables_are_empty_and_declared(tmp_path, state):
    rows = write_tables(tmp_path / "artifacts", state, tmp_path)
    assert set(rows.values()) == {0}
    assert "probability" in pd.read_parquet(tmp_path / "assignments" / OURS)


def test_the_lift_model_takes_the_draw_for_a_fair_one(tmp_path, state, monkeypatch):
    people = members()
    scores = {name: 1 - n / 1000 for n, name in enumerate(people["customer_id"])}
    drawn = campaign(tmp_path / "artifacts", state, scores)
    random = np.random.default_rng(3)
    treated = drawn.loc[drawn["treated"], "customer_id"].to_numpy()
    came = treated[random.random(len(treated)) < 0.3]
    sales = purchases(people, until=END_OF_DATA)
    helped = sales.iloc[[0] * len(came)].assign(
        line_id=[f"H{n}" for n in range(len(came))],
        order_id=[f"H{n}" for n in range(len(came))],
        customer_id=came,
        event_time="2024-03-03T10:00:00+00:00",
        available_time="2024-03-03T10:00:00+00:00",
    )
    data = delivered(tmp_path / "data", customers=people, transactions=pd.concat([sales, helped]))
    write_tables(tmp_path / "artifacts", state, data)
    project = validated(tmp_path / "project", data, monkeypatch=monkeypatch)
    tables = project.artifacts / "tables"
    with engine(project.artifacts) as connection:
        told = effect_of_campaign(
            "spring",
            Grains(connection, read_events(connection, tables, time_zone="UTC")),
            promotion_lift,
            as_of=END_OF_DATA,
            time_zone="UTC",
            level=0.95,
            seed=0,
        )
    assert told.randomised
    assert told.customers == {
        "control": int((~drawn["treated"]).sum()),
        "coupon": len(treated),
    }
    assert all(check["passed"] for check in told.checks)
    (bought,) = [one for one in told.added if one.outcome == "bought"]
    assert bought.low > 0.05
