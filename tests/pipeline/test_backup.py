"""A backup carries a whole project; a restore gives all of it back, or touches nothing."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime

import pytest
from project import live_project
from scored import MODEL, go_live

from pipeline.alone import RUN_LOCK, BusyError
from pipeline.archive import DamagedArchiveError
from pipeline.backup import BackupError, backup, restore
from pipeline.inspection import inspect
from pipeline.lock import exclusive
from pipeline.registry import quiet_mlflow, tracking_uri
from pipeline.release import read_release
from pipeline.score_set import read_score_set, verify_score_set

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".lock")
    }


@pytest.fixture
def saved(tmp_path):
    """A project with two releases, and its backup."""
    (tmp_path / "project").mkdir()
    project = live_project(tmp_path / "project", "1", "2")
    backup(project, tmp_path / "saved.tar", at=NOON)
    return project, tmp_path / "saved.tar"


def test_everything_is_there_again_in_an_empty_folder(saved, tmp_path):
    project, archive = saved
    restore(tmp_path / "again", archive)
    assert contents(tmp_path / "again") == contents(project)
    artifacts = tmp_path / "again" / "artifacts"
    live = read_release(artifacts).live(MODEL)
    verify_score_set(artifacts, read_score_set(artifacts, MODEL, live.score_set))


def test_what_happened_since_is_gone_after_a_restore_in_place(saved):
    project, archive = saved
    before = contents(project)
    go_live(project / "artifacts", {"eve": 0.5}, version="3")
    (project / "dvc.lock").write_text("schema: '2.0'\n")
    restore(project, archive, replace=True)
    assert contents(project) == before
    assert not list(project.glob(".restored"))


def test_nothing_is_replaced_unasked(saved):
    project, archive = saved
    before = contents(project)
    with pytest.raises(BackupError, match="--replace"):
        restore(project, archive)
    assert contents(project) == before


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_a_damaged_backup_leaves_the_project_as_it_is(saved, place):
    project, archive = saved
    go_live(project / "artifacts", {"eve": 0.5}, version="3")
    before = contents(project)
    content = archive.read_bytes().rstrip(b"\0")
    archive.write_bytes(content[: int(len(content) * place)])
    with pytest.raises(DamagedArchiveError, match="Use another backup"):
        restore(project, archive, replace=True)
    assert contents(project) == before


def test_drafts_spills_locks_and_memories_are_not_carried(saved, tmp_path):
    project, _ = saved
    (project / "artifacts" / ".spill-1").mkdir()
    (project / "artifacts" / ".spill-1" / "rows").touch()
    (project / "artifacts" / "scores" / ".partial-1-1-x").touch()
    (project / "artifacts" / "grains" / "baskets").mkdir(parents=True)
    (project / "artifacts" / "grains" / "baskets" / "block-0.parquet").touch()
    (project / "artifacts" / "neighbours").mkdir(exist_ok=True)
    (project / "artifacts" / "neighbours" / "alike.npz").touch()
    manifest = backup(project, tmp_path / "more.tar", at=NOON)
    names = [file.name for file in manifest.files]
    left_out = ("spill", "partial", "lock", "grains", "neighbours")
    assert not [name for name in names if any(one in name for one in left_out)]


def test_a_backup_is_never_written_over_nor_into_what_it_holds(saved):
    project, archive = saved
    with pytest.raises(BackupError, match="exists already"):
        backup(project, archive, at=NOON)
    with pytest.raises(BackupError, match="lies in what"):
        backup(project, project / "artifacts" / "b.tar", at=NOON)


def test_nothing_is_backed_up_or_replaced_while_a_run_is_under_way(saved, tmp_path):
    project, archive = saved
    with exclusive(project / "artifacts" / RUN_LOCK):
        with pytest.raises(BusyError):
            backup(project, tmp_path / "busy.tar", at=NOON)
        with pytest.raises(BusyError):
            restore(project, archive, replace=True)
    assert not (tmp_path / "busy.tar").exists()


def test_a_restore_that_was_killed_before_the_end_is_run_again(saved, tmp_path):
    project, archive = saved
    again = tmp_path / "again"
    (again / ".restored" / "artifacts").mkdir(parents=True)  # unpacked, not in place
    (again / "artifacts").mkdir()
    (again / "artifacts" / RUN_LOCK).touch()
    assert [one.subject for one in inspect(again)] == [".restored"]
    restore(again, archive)
    assert contents(again) == contents(project)


def test_a_database_is_copied_whole_while_somebody_writes_to_it(saved, tmp_path):
    project, _ = saved
    path = project / "artifacts" / "state.db"
    with closing(sqlite3.connect(path)) as setup:
        setup.execute("PRAGMA journal_mode = WAL")
        setup.execute("CREATE TABLE pairs (a INTEGER, b INTEGER)")
    done = threading.Event()

    def write():
        with closing(sqlite3.connect(path, timeout=20)) as connection:
            number = 0
            while not done.is_set():
                with connection:  # both rows, or none
                    connection.execute("INSERT INTO pairs VALUES (?, 0)", [number])
                    connection.execute("INSERT INTO pairs VALUES (?, 1)", [number])
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            backup(project, tmp_path / f"{number}.tar", at=NOON)
    finally:
        done.set()
        writer.join()
    for number in range(5):
        restore(tmp_path / str(number), tmp_path / f"{number}.tar")
        with closing(sqlite3.connect(tmp_path / str(number) / "artifacts" / "state.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            whole = copy.execute(
                "SELECT count(*) FROM (SELECT a FROM pairs GROUP BY a HAVING count(*) <> 2)"
            )
            assert whole.fetchone() == (0,)


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_mlflow_finds_its_files_where_they_were_restored_to(saved, tmp_path):
    project, _ = saved
    artifacts = project / "artifacts"
    mlflow = quiet_mlflow()
    client = mlflow.MlflowClient(tracking_uri(artifacts))
    place = (artifacts / "mlflow" / MODEL).as_uri()
    experiment = client.create_experiment(MODEL, artifact_location=place)
    run = client.create_run(experiment)
    client.log_text(run.info.run_id, "what was logged", "note.txt")
    backup(project, tmp_path / "with-mlflow.tar", at=NOON)
    restore(tmp_path / "moved", tmp_path / "with-mlflow.tar")
    project.rename(tmp_path / "gone")
    moved = mlflow.MlflowClient(tracking_uri(tmp_path / "moved" / "artifacts"))
    uri = moved.get_run(run.info.run_id).info.artifact_uri
    assert mlflow.artifacts.load_text(f"{uri}/note.txt") == "what was logged"
