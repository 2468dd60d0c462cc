"""`kill -9` inside each stage and step of a run, and between them: the next run completes.

A project has a version live. New data arrive, and the run that takes them in is killed. Each
test puts the project back to before, kills at its own moment, runs again, and compares with
a run that nobody disturbed; a reader looks at what is live all the time.
"""

import signal
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from killed import MODEL, Runner, outcome, restore, watched

from pipeline.leftovers import spills, stage_drafts
from pipeline.project import open_project
from pipeline.publish import promote
from pipeline.release import read_release
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

AT_REGISTER = r"subprocess.Popen git "  # asks for the commit: the run is open in MLflow

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
    for name, until in (("old", date(2026, 10, 1)), ("new", date(2026, 11, 1))):
        simulate(PRESETS["retail"], members=300, months=12, seed=1, until=until, to=folder / name)
    Runner(project, folder / "old").complete(code=4)  # 300 members persuade no gate
    promote(open_project(project), MODEL, "1", clock=lambda: datetime.now(UTC), reason="a test")
    restore(before, project)
    run = Runner(project, folder / "new")
    run.kill_at(AT_REGISTER)
    restore(trained, project)
    restore(project, before)
    run.complete()
    return World(run, before, trained, outcome(project))


def live(project):
    return read_release(project / "artifacts").live(MODEL).score_set


def kill_and_run_again(world, moment, *, since):
    """Kill a run at a moment, and let the next one complete."""
    project = world.run.project
    restore(project, since)
    with watched(project / "artifacts") as met:
        world.run.kill_at(moment)
        world.run.complete()
    assert outcome(project) == world.expected
    assert met <= {live(since), live(project)}
    assert not stage_drafts(project / "artifacts")
    assert not spills(project / "artifacts")


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_killed_inside_a_stage_is_made_up_for_by_the_next(world, stage):
    kill_and_run_again(world, STAGES[stage], since=world.before)


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_inside_a_step_is_made_up_for_by_the_next(world, step):
    kill_and_run_again(world, STEPS[step], since=world.trained)


@pytest.mark.nightly
@pytest.mark.parametrize("moment", BETWEEN)
def test_a_run_killed_between_two_stages_is_made_up_for_by_the_next(world, moment):
    kill_and_run_again(world, BETWEEN[moment], since=world.before)


def test_files_of_dvc_that_were_cut_are_removed_and_told_of(world):
    project = world.run.project
    restore(project, world.trained)
    lock, rwlock = project / "dvc.lock", project / ".dvc" / "tmp" / "rwlock"
    lock.write_bytes(lock.read_bytes()[:-20])  # DVC writes both in place
    rwlock.write_text('{"write": {')
    said = world.run.complete()
    assert "dvc.lock was cut off while it was written: removed" in said
    assert "rwlock was cut off while it was written: removed" in said
    assert outcome(project) == world.expected


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
    """Return the process below another one that has suspended itself."""
    for _ in range(6000):
        for process in psutil.Process(pid).children(recursive=True):
            if process.status() == psutil.STATUS_STOPPED:
                return process
        time.sleep(0.05)
    raise AssertionError("no process was ever suspended")
