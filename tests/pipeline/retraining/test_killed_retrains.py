"""`kill -9` at random moments of a retraining, while the service answers all the time.

Runs are killed up to five times one after the other, then one completes. What is live then is
what an undisturbed retraining leads to, and no caller of the service has noticed anything.
SHORTLIST_KILLS says how many (50), SHORTLIST_KILL_SEED which moments.
"""

import os
import random
import signal
import subprocess
import time
from datetime import UTC, date, datetime
from typing import NamedTuple

import pytest
from arriving import known_before
from killed import MODEL, Runner, one_model, outcome, restore, watched
from load import under_load
from service import running

from pipeline.leftovers import spills, stage_drafts
from pipeline.live_tables import tables_folder
from pipeline.project import open_project
from pipeline.publish import promote
from pipeline.release import read_release
from pipeline.retraining.record import records
from pipeline.score_set import parts, read_score_set
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

pytestmark = pytest.mark.nightly

KILLS = int(os.environ.get("SHORTLIST_KILLS", "50"))
SEED = int(os.environ.get("SHORTLIST_KILL_SEED", "20261122"))
IN_A_ROW = 5


class World(NamedTuple):
    """A project that has something live, the retraining to be killed, and what it leads to."""

    retrain: Runner
    before: object
    expected: dict
    seconds: float
    customer: str


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    project, before = folder / "project", folder / "before"
    simulate(
        PRESETS["retail"], members=300, months=12, seed=1, until=date(2026, 11, 1),
        to=folder / "new",
    )  # fmt: skip
    known_before(folder / "new", folder / "old", date(2026, 10, 1))
    one_model(project)
    Runner(project, folder / "old", "retrain").complete(code=4)
    promote(open_project(project), MODEL, "1", clock=lambda: datetime.now(UTC), reason="a test")
    restore(before, project)
    run = Runner(project, folder / "new", "retrain")
    began = time.monotonic()
    run.complete()
    seconds = time.monotonic() - began
    live = read_score_set(
        before / "artifacts", MODEL, read_release(before / "artifacts").live(MODEL).score_set
    )
    import pyarrow.parquet as pq

    customer = pq.read_table(parts(before / "artifacts", live)[0])["customer_id"][0].as_py()
    return World(run, before, outcome(project), seconds, customer)


def requests(world):
    """Ask for scores, and for lists that look at scores, purchases, features and consents."""
    spec = {"model": MODEL, "size": 20}
    bought = {**spec, "where": {"bought": {}, "times": {"at_least": 1}}}
    quiet = {**spec, "where": {"feature": "days_since_last_purchase", "at_least": 3}}
    return [
        ("GET", "/readyz", None),
        ("GET", f"/v1/customers/{world.customer}/scores", None),
        ("POST", "/v1/lists:preview", spec),
        ("POST", "/v1/lists:preview", bought),
        ("POST", "/v1/lists:preview", quiet),
    ]


def live_set(project):
    return read_release(project / "artifacts").live(MODEL).score_set


def killed_at(run, seconds):
    """Start a retraining and kill it, with all its stages, after so long; tell if it was killed."""
    process = run.start()
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    said, _ = process.communicate(timeout=600)
    assert process.returncode in (0, 3, -9), said
    return process.returncode == -9


def test_a_retraining_killed_at_random_moments_comes_to_the_same_end_and_nobody_notices(world):
    moments, project = random.Random(SEED), world.retrain.project  # noqa: S311 - moments, no secrets
    killed = chains = answered = 0
    while killed < KILLS:
        restore(project, world.before)
        chains += 1
        with (
            watched(project / "artifacts") as met,
            running(project / "artifacts") as service,
            service.with_key("scores:read", "lists:read", "members:pii") as client,
            under_load(client, requests(world)) as answers,
        ):
            for _ in range(min(IN_A_ROW, KILLS - killed)):
                if not killed_at(world.retrain, moments.uniform(0, world.seconds)):
                    break
                killed += 1
            process = world.retrain.start()
            said, _ = process.communicate(timeout=600)
            assert process.returncode in (0, 3), said
        artifacts = project / "artifacts"
        assert outcome(project) == world.expected
        assert not [*stage_drafts(artifacts), *spills(artifacts)]
        assert met <= {live_set(world.before), live_set(project)}
        assert {one.exit_code for one in records(artifacts)} <= {0, 3, 4}
        assert (tables_folder(artifacts) / "transactions.parquet").exists()
        assert {status for _, _, status, _ in answers} == {200}, answers
        answered += sum(answers.values())
        told = f"{killed} kills in {chains} chains, {answered} requests answered"
        print(told, flush=True)  # noqa: T201
