"""The questions in examples/ are asked of the simulator's presets, and answered rightly."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scored import go_live

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.list_spec import ListSpec, read_spec
from campaigns.members import members_path
from campaigns.preview import preview
from campaigns.state.database import open_state
from features.tables import TABLES
from pipeline.release import read_release
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

EXAMPLES = Path(__file__).parents[2] / "examples"
AS_OF = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
ZONE = "Asia/Taipei"

#: Which preset each question is asked of; the launch needs a trained model and has its own test.
ASKED_OF = {
    "upgrade": "software",
    "mothers_day": "retail",
    "due_next_week": "retail",
    "card": "retail",
    "offer": "retail",
    "runs_out": "refill",
    "gift_owed": "refill",
}


@pytest.fixture(scope="module")
def world(request, tmp_path_factory):
    """Artifacts of one preset, with made-up scores of each model that the questions ask."""
    folder = tmp_path_factory.mktemp(request.param)
    data, artifacts = folder / "data", folder / "artifacts"
    simulate(
        PRESETS[request.param], members=1500, months=24, seed=4, to=data, until=date(2026, 6, 10)
    )
    (artifacts / "tables").mkdir(parents=True)
    for table in TABLES:
        file = data / f"{table.table_name}.parquet"
        if file.exists():
            shutil.copy(file, artifacts / "tables")
    people = duckdb.sql(
        f"SELECT DISTINCT customer_id FROM '{data}/customers.parquet' ORDER BY 1"
    ).df()["customer_id"]
    random = np.random.default_rng(1)
    given = {"as_of": AS_OF, "base": len(people), "time_zone": ZONE}
    for model in ("customer_activity", "card_uptake"):
        frame = pd.DataFrame({"customer_id": people, "probability": random.random(len(people))})
        go_live(artifacts, frame, model=model, **given)
    effects = pd.concat(
        pd.DataFrame(
            {"customer_id": people, "arm": arm, "effect": random.normal(0.01, 0.03, len(people))}
        )
        for arm in ("discount", "privilege")
    )
    go_live(artifacts, effects, model="promotion_lift", **given)
    due = pd.to_datetime(AS_OF) + pd.to_timedelta(random.integers(-20, 60, len(people)), unit="D")
    dates = pd.DataFrame(
        {
            "customer_id": people,
            "category": "coffee",
            "probability": random.random(len(people)),
            "due_on": due.date,
        }
    )
    go_live(artifacts, dates, model="repurchase_timing", **given)
    state = open_state(artifacts)
    yield artifacts, state
    state.dispose()


def built(world, name):
    artifacts, state = world
    spec, release = read_spec(EXAMPLES / f"{name}.json"), read_release(artifacts)
    with Desk(artifacts) as desk:
        seen = preview(spec, release, desk=desk, state=state, at=NOW)
        found = build_list(spec, release, desk=desk, state=state, at=NOW).list
    assert seen.ledger == found.ledger
    assert found.ledger.selected > 0
    return artifacts / "tables", pq.read_table(members_path(artifacts, found.id)).to_pandas()


def test_every_example_is_a_list_and_is_asked():
    files = {path.stem: path for path in EXAMPLES.glob("*.json")}
    assert set(files) == {*ASKED_OF, "launch"}
    for path in files.values():
        assert ListSpec.model_validate(json.loads(path.read_text(encoding="utf-8"))).campaign
        assert f"({path.name})" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


def of(preset):
    return pytest.mark.parametrize("world", [preset], indirect=True)


@pytest.mark.parametrize(
    ("world", "name"),
    sorted((preset, name) for name, preset in ASKED_OF.items()),
    indirect=["world"],
)
def test_a_question_finds_somebody_and_previews_what_it_builds(world, name):
    _, members = built(world, name)
    assert members["customer_id"].is_unique


@of("software")
def test_upgraders_live_in_europe_without_france_and_own_2_but_not_3(world):
    tables, members = built(world, "upgrade")
    rows = duckdb.sql(
        f"""SELECT customer_id, any_value(region) region, any_value(city) city,
              bool_or(version = '2.0' AND p.language = 'en') has, bool_or(version = '3.0') has_3
            FROM '{tables}/transactions.parquet' t
            JOIN '{tables}/products.parquet' p USING (product_id)
            JOIN (SELECT customer_id, arg_max(region, valid_from) region,
                    arg_max(city, valid_from) city FROM '{tables}/customers.parquet'
                  WHERE valid_from IS NULL OR valid_from <= DATE '{AS_OF}' GROUP BY 1)
              USING (customer_id)
            WHERE family = 'photo-lumora' AND kind = 'sale'
              AND available_time < TIMESTAMPTZ '{AS_OF} 00:00:00+08' GROUP BY 1"""
    ).df()
    told = rows[rows["customer_id"].isin(members["customer_id"])]
    assert len(told) == len(members)
    assert set(told["region"]) == {"Europe"}
    assert "France" not in set(told["city"])
    assert told["has"].all()
    assert not told["has_3"].any()


@of("refill")
def test_tablets_of_members_run_out_next_week_by_a_walk_through_their_boxes(world):
    tables, members = built(world, "runs_out")
    boxes = duckdb.sql(
        f"""SELECT customer_id, family,
              CAST(timezone('{ZONE}', event_time) AS DATE) AS day, sum(quantity) pieces
            FROM '{tables}/transactions.parquet' JOIN '{tables}/products.parquet' USING (product_id)
            WHERE days_of_supply = 28 AND category = 'prescription'
              AND available_time < TIMESTAMPTZ '{AS_OF} 00:00:00+08'
            GROUP BY ALL HAVING pieces > 0 ORDER BY day"""
    ).df()
    ends: dict[tuple[str, str], pd.Timestamp] = {}
    for row in boxes.itertuples():
        key = (row.customer_id, row.family)
        ends[key] = max(ends.get(key, row.day), row.day) + pd.Timedelta(days=28 * row.pieces)
    soon = {who for (who, _), end in ends.items() if 0 <= (end - pd.Timestamp(AS_OF)).days < 7}
    assert set(members["customer_id"]) <= soon
    assert len(members) > len(soon) / 4  # the others did not consent in writing


@of("refill")
def test_gifts_are_owed_to_members_by_a_count_of_their_boxes(world):
    tables, members = built(world, "gift_owed")
    counts = duckdb.sql(
        f"""SELECT customer_id,
              coalesce(sum(quantity) FILTER (category_3 = 'tablets, 28 pieces'), 0) boxes,
              coalesce(sum(quantity) FILTER (category_3 = 'gift box of tablets'), 0) gifts
            FROM '{tables}/transactions.parquet' JOIN '{tables}/products.parquet' USING (product_id)
            WHERE available_time < TIMESTAMPTZ '{AS_OF} 00:00:00+08' GROUP BY 1"""
    ).df()
    owed = counts[counts["boxes"] // 3 > counts["gifts"]]["customer_id"]
    assert set(members["customer_id"]) <= set(owed)
    assert len(members) > len(owed) / 4  # the others did not consent in writing


@of("retail")
def test_an_offer_goes_only_to_whom_it_changes_enough_to_pay(world):
    _, members = built(world, "offer")
    assert set(members["arm"]) == {"discount", "privilege"}
    assert (members["expected_value"] > 0).all()
    assert (members["effect"] * 350 > 2 + 1.5).all()
    assert 2 * len(members) + 1.5 * len(members) <= 20_000
