"""`kill -9` inside each stage and step of a run, and between them: the next run completes.

A project has a version live. New data arrive, and the run that takes them in is killed, runs
again, and is compared with a run that nobody disturbed; a reader looks at what is live all
the time. Every day one run is killed at all moments in turn; at night there is a test each.
The same project shows that a version which a person withdrew stays so in all later runs.
"""

import signal
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import psutil
import pyarrow.parquet as pq
import pytest
from arriving import known_before, rewritten
from killed import MODEL, Runner, one_model, outcome, restore, watched

from pipeline.alone import RUN_LOCK, BusyError
from pipeline.leftovers import spills, stage_drafts
from pipeline.live_tables import tables_folder
from pipeline.lock import exclusive
from pipeline.project import open_project
from pipeline.publish import promote
from pipeline.release import read_release, release_path, step_back
from pipeline.retraining.record import records
from pipeline.retraining.retrain import retrain
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

#: It asks git for the commit, while the run is open in MLflow.
AT_REGISTER = r"subprocess.Popen git \['git', '-C'"

#: Every stage, just before its result gets its name: it is there as a whole, but as a draft.
STAGES = {
    "ingest": r"os.rename \S*\.partial-\S*-ingested ",
    "validate": r"os.rename \S*\.partial-\S*-quality ",  # its tables are new already
    "snapshot": r"os.rename \S*\.partial-\S*-as_of=2026-10-02 ",  # older snapshots are new
    "train": r"os.rename \S*trained/\.partial-",
    "evaluate": r"os.rename \S*evaluations/\.partial-",
}
#: What follows the stages, and changes what is shared.
STEPS = {
    "register, in MLflow": AT_REGISTER,
    "register, after MLflow": r"os.rename \S*versions/customer_activity/\.partial-",
    "gate": r"os.rename \S*-decision.json ",
    "score": r"os.rename \S*scores/customer_activity/\.partial-",
    "release": r"os.rename \S*-release.json ",
}
#: Before a stage: DVC has removed its old outputs, and written down the stage before.
BETWEEN = {
    "run and ingest": r"subprocess.Popen \S+ .*pipeline.ingest",
    "ingest and validate": r"subprocess.Popen \S+ .*pipeline.validate",
    "validate and snapshot": r"subprocess.Popen \S+ .*pipeline.snapshot",
    "snapshot and train": r"subprocess.Popen \S+ .*pipeline.train",
    "train and evaluate": r"subprocess.Popen \S+ .*pipeline.evaluate",
}


class World(NamedTuple):
    """A project that has something live, and what new data lead to.

    Attributes
    ----------
    run : Runner
        Takes in the new data.
    before, trained : Path
        The project before that, and once all stages are done.
    expected : dict
        The outcome of a run that nobody disturbed.
    """

    run: Runner
    before: Path
    trained: Path
    expected: dict


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    project, before, trained = folder / "project", folder / "before", folder / "trained"
    until = date(2026, 11, 1)
    simulate(PRESETS["retail"], members=300, months=12, seed=1, until=until, to=folder / "new")
    known_before(folder / "new", folder / "old", date(2026, 10, 1))
    one_model(project)
    Runner(project, folder / "old").complete(code=4)  # 300 members persuade no gate
    promote(open_project(project), MODEL, "1", clock=lambda: datetime.now(UTC), reason="a test")
    restore(before, project)
    run = Runner(project, folder / "new")
    process = run.start(SHORTLIST_STOP_AT=AT_REGISTER)
    stopped = stopped_descendant(process.pid)
    restore(trained, project)
    stopped.send_signal(signal.SIGCONT)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return World(run, before, trained, outcome(project))


def live(project):
    return read_release(project / "artifacts").live(MODEL).score_set


def version(project):
    return read_release(project / "artifacts").live(MODEL).version


def kill_and_run_again(world, moment, *, since):
    """Kill a run at a moment, and let the next one complete."""
    project = world.run.project
    restore(project, since)
    with watched(project / "artifacts") as met:
        world.run.kill_at(moment)
        world.run.complete()
    assert_undisturbed(world)
    assert met <= {live(since), live(project)}


def assert_undisturbed(world):
    """All is as after a run that nobody disturbed, and nothing is left over."""
    artifacts = world.run.project / "artifacts"
    assert outcome(world.run.project) == world.expected
    assert not stage_drafts(artifacts)
    assert not spills(artifacts)


def test_a_run_killed_at_every_stage_and_step_in_turn_comes_to_the_same_end(world):
    project = world.run.project
    restore(project, world.before)
    with watched(project / "artifacts") as met:
        for moment in {**STAGES, **STEPS}.values():
            world.run.kill_at(moment)
            assert live(project) == live(world.before)
        world.run.complete()
    assert_undisturbed(world)
    assert met <= {live(world.before), live(project)}


@pytest.mark.nightly
@pytest.mark.parametrize("stage", STAGES)
def test_a_run_killed_inside_a_stage_is_made_up_for_by_the_next(world, stage):
    kill_and_run_again(world, STAGES[stage], since=world.before)


@pytest.mark.nightly
@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_inside_a_step_is_made_up_for_by_the_next(world, step):
    kill_and_run_again(world, STEPS[step], since=world.trained)


@pytest.mark.nightly
@pytest.mark.parametrize("moment", BETWEEN)
def test_a_run_killed_between_two_stages_is_made_up_for_by_the_next(world, moment):
    kill_and_run_again(world, BETWEEN[moment], since=world.before)


def test_a_version_that_a_person_withdrew_comes_back_by_hand_only(world):
    project = world.run.project
    restore(project, world.trained)
    world.run.complete()
    assert version(project) == "2"
    step_back(project / "artifacts", MODEL, at=datetime.now(UTC))
    said = world.run.complete()
    assert "shortlist promote customer_activity --version 2" in " ".join(said.split())
    assert version(project) == "1"
    assert live(project) != live(world.before)  # the champion has scored the new snapshot
    promote(open_project(project), MODEL, "2", clock=lambda: datetime.now(UTC))
    world.run.complete()
    assert version(project) == "2"


def test_a_retraining_releases_once_and_data_that_broke_touch_nothing_that_is_live(world, tmp_path):
    project, data = world.run.project, world.run.data
    artifacts = project / "artifacts"
    restore(project, world.trained)
    Runner(project, data, "retrain").complete()
    assert outcome(project) == world.expected
    (done,) = records(artifacts)
    assert (done.models[MODEL].did, done.models[MODEL].live) == ("trained", "2")
    said = Runner(project, data, "retrain").complete(code=3)
    assert "nothing has changed since" in said

    before = release_path(artifacts).read_bytes()
    renamed = "SELECT * EXCLUDE channel, channel AS sold_through FROM rows"
    broken = rewritten(data, tmp_path / "broken", "transactions", renamed)
    said = Runner(project, broken, "retrain").complete(code=5)
    assert "`channel` is empty in 100.0%" in " ".join(said.split())
    assert release_path(artifacts).read_bytes() == before
    live = pq.read_table(tables_folder(artifacts) / "transactions.parquet")
    assert live["channel"].null_count < len(live)
    assert [one.exit_code for one in records(artifacts)] == [0, 3, 5]


def test_of_two_retrainings_at_once_the_second_leaves(tmp_path):
    with (
        exclusive(tmp_path / "artifacts" / RUN_LOCK),
        pytest.raises(BusyError, match="another run of this project is under way") as left,
    ):
        retrain(tmp_path, clock=lambda: datetime.now(UTC))
    assert left.value.exit_code == 7


def test_files_of_dvc_that_were_cut_are_removed_and_told_of(world):
    project = world.run.project
    restore(project, world.trained)
    lock, rwlock = project / "dvc.lock", project / ".dvc" / "tmp" / "rwlock"
    lock.write_text("schema: '2.0'\nstages:\n  ingest:\n    cmd")  # DVC writes both in place
    rwlock.write_text('{"write": {')
    said = world.run.complete()
    assert "dvc.lock was cut off while it was written: removed" in said
    assert "rwlock was cut off while it was written: removed" in said
    assert outcome(project) == world.expected


@pytest.mark.nightly
def test_a_stage_that_outlives_its_run_is_waited_for(world):
    project = world.run.project
    restore(project, world.before)
    first = world.run.start(SHORTLIST_STOP_AT=STAGES["ingest"])
    stage = stopped_descendant(first.pid)
    first.kill()
    first.wait()
    second = world.run.start()
    said = iter(second.stdout)
    assert "still at work; waiting for its end" in next(said)
    stage.send_signal(signal.SIGCONT)
    rest = "".join(said)
    assert second.wait() == 0, rest
    first.stdout.close()  # not before: the stage writes there as well
    second.stdout.close()
    assert outcome(project) == world.expected


def stopped_descendant(pid):
    """Return the process that has suspended itself: this one, or one that it has started."""
    started = psutil.Process(pid)
    for _ in range(6000):
        for process in (started, *started.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # git and the like end between two looks
                if process.status() == psutil.STATUS_STOPPED:
                    return process
        time.sleep(0.05)
    raise AssertionError("no process was ever suspended")
