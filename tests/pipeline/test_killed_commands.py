"""`kill -9` of backup, restore and validate: the doctor sees it, and doing it again mends it."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from deliveries import deliver
from killed import KILLABLE
from project import live_project

from pipeline.backup import backup, restore
from pipeline.garbage import collect
from pipeline.inspection import inspect
from pipeline.release import read_release

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def kill_at(moment, project, *words):
    """Run a command until the moment comes, at which it is killed."""
    path = os.pathsep.join([str(KILLABLE), *filter(None, [os.environ.get("PYTHONPATH")])])
    ended = subprocess.run(
        [sys.executable, "-m", "shortlist", "--project", str(project), *map(str, words)],
        env={**os.environ, "PYTHONPATH": path, "SHORTLIST_KILL_AT": moment},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert ended.returncode == -9, f"never came to {moment}:\n{ended.stderr}"


def leftovers(project):
    """What the doctor finds, but for the registry that these projects do without."""
    return [one for one in inspect(project) if "MLflow" not in one.found]


def tidy(project):
    collect(
        project,
        keep=20,
        now=datetime.now(UTC) + timedelta(hours=2),
        idle=timedelta(hours=1),
        used=frozenset(),
        more=[],
        tell=lambda _: None,
        dry_run=False,
    )


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".lock")
    }


@pytest.fixture
def saved(tmp_path):
    """A project, its backup, and what has happened since."""
    project = tmp_path / "project"
    project.mkdir()
    live_project(project, "1")
    backup(project, tmp_path / "saved.tar", at=NOON)
    was = contents(project)
    (project / "artifacts" / "versions" / "note.txt").write_text("written since")
    return project, tmp_path / "saved.tar", was


def test_a_killed_backup_leaves_no_backup_and_its_copies_are_found_and_removed(saved, tmp_path):
    project, _, _ = saved
    before = contents(project)
    kill_at(r"os.rename \S*new.tar", project, "backup", tmp_path / "new.tar")
    assert not (tmp_path / "new.tar").exists()
    (left,) = leftovers(project)
    assert left.found == "is a draft of a process that was killed"
    tidy(project)
    assert leftovers(project) == []
    assert contents(project) == before
    backup(project, tmp_path / "new.tar", at=NOON)


@pytest.mark.parametrize(
    "moment",
    [
        r"open \S*-\.restored/artifacts/release.json",
        r"os.rename \S*\.partial-\S*-\.restored ",
        r"os.rename \S*\.restored/params.yaml ",
        r"os.rename \S*/project/artifacts \S*/replaced",
        r"os.rename \S*\.restored/artifacts ",
        r"os.remove .*note.txt|os.remove note.txt",
    ],
)
def test_a_killed_restore_is_found_and_done_again(saved, moment):
    project, archive, was = saved
    kill_at(moment, project, "restore", archive, "--replace")
    assert leftovers(project)
    restore(project, archive, replace=True)
    tidy(project)
    assert leftovers(project) == []
    assert contents(project) == was
    assert read_release(project / "artifacts").live("customer_activity").version == "1"


def test_what_a_killed_validation_leaves_is_found_and_removed(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    live_project(project, "1")
    deliver(tmp_path / "shop")
    kill_at(r"os.rename \S*-quality ", project, "validate", tmp_path / "shop")
    found = leftovers(project)
    assert {one.fix for one in found} == {"shortlist gc"}
    assert any("spilled" in one.found for one in found)
    tidy(project)
    assert leftovers(project) == []
