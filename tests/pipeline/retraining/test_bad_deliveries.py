"""Deliveries that are wrong in one way each: refused or merged, and what is live is untouched."""

from datetime import UTC, date, datetime
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from arriving import known_before, rewritten
from killed import MODEL, Runner, one_model, restore

from pipeline.fingerprint import folder_digest
from pipeline.live_tables import tables_folder
from pipeline.project import open_project
from pipeline.publish import promote
from pipeline.release import release_path
from pipeline.retraining.record import records
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

pytestmark = pytest.mark.nightly

NEW = "available_time >= timezone('Asia/Taipei', TIMESTAMP '2026-10-01')"
LAST_DAY = "available_time >= timezone('Asia/Taipei', TIMESTAMP '2026-10-31')"


class World(NamedTuple):
    """A project that has something live, as it was saved, and the data of one month more."""

    run: Runner
    before: object
    scratch: object


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deliveries")
    until = date(2026, 11, 1)
    simulate(PRESETS["retail"], members=300, months=12, seed=1, until=until, to=folder / "new")
    known_before(folder / "new", folder / "old", date(2026, 10, 1))
    one_model(folder / "project")
    Runner(folder / "project", folder / "old", "retrain").complete(code=4)
    promote(
        open_project(folder / "project"), MODEL, "1", clock=lambda: datetime.now(UTC), reason="test"
    )
    restore(folder / "before", folder / "project")
    return World(Runner(folder / "project", folder / "new", "retrain"), folder / "before", folder)


def live_state(project):
    """Return the bytes of the release, and digests of all score sets and of the live tables."""
    artifacts = project / "artifacts"
    return (
        release_path(artifacts).read_bytes(),
        folder_digest(artifacts / "scores"),
        folder_digest(tables_folder(artifacts)),
    )


def retrained(world, name, select, *, code):
    restore(world.run.project, world.before)
    data = rewritten(world.run.data, world.scratch / name, "transactions", select)
    said = Runner(world.run.project, data, "retrain").complete(code=code)
    return " ".join(said.split())


REFUSED = {
    "renamed column": (
        "SELECT * EXCLUDE channel, channel AS sold_through FROM rows",
        "`channel` is empty in 100.0%",
    ),
    "shrunken file": (
        f"FROM rows WHERE hash(line_id) % 10 < 9 OR {NEW}",
        "are expected",
    ),
    "month delivered five times under other numbers": (
        (
            "SELECT * EXCLUDE n REPLACE (line_id || n AS line_id, order_id || n AS order_id) "
            f"FROM rows, range(5) AS copies(n) WHERE n = 0 OR {NEW}"
        ),
        "times what is usual a day",
    ),
    "clock an hour off": (
        (
            "SELECT * REPLACE (event_time + INTERVAL 1 HOUR AS event_time, "
            "available_time + INTERVAL 1 HOUR AS available_time) FROM rows"
        ),
        "come 1 h too late",
    ),
    "dates of next year": (
        (
            "SELECT * EXCLUDE later REPLACE (event_time + to_years(later) AS event_time, "
            "available_time + to_years(later) AS available_time) "
            f"FROM (SELECT *, CASE WHEN {NEW} THEN 1 ELSE 0 END AS later FROM rows)"
        ),
        "break the contract",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_delivery_is_refused_and_what_is_live_stays_with_a(world, name):
    before = live_state(world.before)
    select, message = REFUSED[name]
    said = retrained(world, name, select, code=5)
    assert message in said
    assert live_state(world.run.project) == before
    assert [one.exit_code for one in records(world.run.project / "artifacts")] == [4, 5]


def test_a_day_that_is_delivered_twice_is_merged_and_released(world):
    select = f"FROM rows UNION ALL BY NAME FROM rows WHERE {LAST_DAY}"
    retrained(world, "doubled", select, code=0)
    artifacts = world.run.project / "artifacts"
    lines = pq.read_table(tables_folder(artifacts) / "transactions.parquet")["line_id"].to_pylist()
    delivered = pq.read_table(world.run.data / "transactions.parquet")["line_id"].to_pylist()
    assert sorted(lines) == sorted(delivered)
    assert live_state(world.run.project)[0] != live_state(world.before)[0]
