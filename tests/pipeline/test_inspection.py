"""The doctor finds each kind of leftover, says what it is, and finds nothing in a sound project."""

import json
import os
import subprocess
import sys

import pytest
from project import live_project
from scored import MODEL, NOON, store
from workers import until

from pipeline.aliases import differences, follow_aside, mirror
from pipeline.inspection import inspect, mend_all
from pipeline.registry import quiet_mlflow, tracking_uri
from pipeline.release import read_release, release_path, step_back

UNKNOWN = f"{MODEL}: version 1 is live, but MLflow does not know it"


def said(folder, **given):
    """Return what was found, but for the registry that these projects do without."""
    found = [f"{one.subject}: {one.found}" for one in inspect(folder, **given)]
    return [line for line in found if not line.endswith("MLflow does not know it")]


@pytest.fixture(scope="module")
def dead():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_sound_project_and_an_empty_folder_are_healthy(tmp_path):
    assert said(tmp_path) == []
    assert said(live_project(tmp_path, "1", "2")) == []


def test_a_draft_of_a_dead_process_is_found_and_that_of_a_living_one_is_not(tmp_path, dead):
    live_project(tmp_path)
    for pid in (dead, os.getpid()):
        (tmp_path / "artifacts" / "scores" / MODEL / f".partial-{pid}-1-2026").mkdir()
    (line,) = said(tmp_path)
    assert line == (
        f"artifacts/scores/{MODEL}/.partial-{dead}-1-2026: is a draft of a process that was killed"
    )


def test_a_draft_that_names_no_process_is_nobodys(tmp_path):
    (tmp_path / "artifacts" / ".partial-k3x").mkdir(parents=True)
    assert said(tmp_path) == ["artifacts/.partial-k3x: is a draft of a process that was killed"]


def test_spilled_rows_without_an_engine_are_found(tmp_path):
    spill = tmp_path / "artifacts" / ".spill-abc"
    spill.mkdir(parents=True)
    (spill / ".lock").touch()
    assert said(tmp_path) == [
        "artifacts/.spill-abc: holds rows spilled by a process that was killed"
    ]


def test_a_score_set_that_nothing_refers_to_is_found(tmp_path):
    live_project(tmp_path)
    left = store(tmp_path / "artifacts", {"eve": 0.5}, version="9")
    (line,) = said(tmp_path)
    assert line.startswith(f"artifacts/scores/{MODEL}/{left.id}: is not live")
    assert said(tmp_path, used=frozenset({(MODEL, left.id)})) == []


def scores_of(folder):
    live = read_release(folder / "artifacts").live(MODEL).score_set
    return folder / "artifacts" / "scores" / MODEL / live


def test_a_changed_byte_in_a_live_score_set_is_found(tmp_path):
    part = scores_of(live_project(tmp_path)) / "part-00000.parquet"
    content = bytearray(part.read_bytes())
    content[100] ^= 1
    part.write_bytes(content)
    (line,) = said(tmp_path)
    assert "is damaged" in line


def test_a_release_of_what_is_gone_is_found(tmp_path):
    folder = scores_of(live_project(tmp_path))
    folder.rename(tmp_path / "elsewhere")
    assert said(tmp_path) == [f"{MODEL}: score set {folder.name} is live, but missing"]


def test_a_version_whose_learner_changed_is_found(tmp_path):
    learner = live_project(tmp_path) / "artifacts" / "versions" / MODEL / "1" / "learner"
    (learner / "trees.txt").write_text("other trees")
    assert said(tmp_path) == [f"artifacts/versions/{MODEL}/1: is not what was registered"]


def test_a_release_that_is_cut_is_found(tmp_path):
    path = release_path(live_project(tmp_path) / "artifacts")
    path.write_bytes(path.read_bytes()[:40])
    assert said(tmp_path) == ["artifacts/release.json: does not describe a release"]


def test_what_keeps_dvc_from_working_is_found_and_mended(tmp_path, dead):
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\nstages:\n  ingest:\n    cmd")
    rwlock = tmp_path / ".dvc" / "tmp" / "rwlock"
    rwlock.parent.mkdir(parents=True)
    holder = {"pid": dead, "cmd": "shortlist run"}
    rwlock.write_text(json.dumps({"write": {"artifacts/ingested": holder}, "read": {}}))
    lines = [
        "dvc.lock: was cut off while it was written",
        ".dvc/tmp/rwlock: names processes that have ended",
    ]
    assert said(tmp_path) == lines
    assert [f"{one.subject}: {one.found}" for one in mend_all(tmp_path)] == lines
    assert said(tmp_path) == []


def test_a_lock_that_somebody_holds_is_no_finding(tmp_path):
    rwlock = tmp_path / ".dvc" / "tmp" / "rwlock"
    rwlock.parent.mkdir(parents=True)
    holder = {"pid": os.getpid(), "cmd": "dvc repro"}
    rwlock.write_text(json.dumps({"write": {"artifacts/ingested": holder}, "read": {}}))
    assert said(tmp_path) == []


def test_a_process_number_given_anew_does_not_hold_a_project(tmp_path):
    rwlock = tmp_path / ".dvc" / "tmp" / "rwlock"
    rwlock.parent.mkdir(parents=True)
    holder = {"pid": os.getpid(), "cmd": "an earlier run, in an earlier container"}
    rwlock.write_text(json.dumps({"write": {"artifacts/ingested": holder}, "read": {}}))
    os.utime(rwlock, (0, 0))  # written long before this process began
    assert said(tmp_path) == [".dvc/tmp/rwlock: names processes that have ended"]


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_the_alias_in_mlflow_follows_what_is_live(tmp_path):
    folder = live_project(tmp_path, "1", "2")
    artifacts = folder / "artifacts"
    client = quiet_mlflow().MlflowClient(tracking_uri(artifacts))
    client.create_registered_model(MODEL)
    for _ in ("1", "2"):
        client.create_model_version(MODEL, source=(artifacts / "mlflow").as_uri())
    client.set_registered_model_alias(MODEL, "champion", "1")
    (found,) = inspect(folder)
    assert found.found == "version 2 is live, but MLflow calls version 1 the champion"
    assert mend_all(folder) == [found]
    assert inspect(folder) == []
    assert str(client.get_model_version_by_alias(MODEL, "champion").version) == "2"
    step_back(artifacts, MODEL, at=NOON)
    follow_aside(artifacts)
    until(lambda: not differences(artifacts), "the alias follows a step back")
    assert str(client.get_model_version_by_alias(MODEL, "champion").version) == "1"


def test_what_mlflow_does_not_know_is_told_of_and_stops_nobody(tmp_path):
    folder = live_project(tmp_path)
    (found,) = inspect(folder)
    assert f"{found.subject}: {found.found}" == UNKNOWN
    assert [one.model for one in mirror(folder / "artifacts")] == [MODEL]
    assert not (folder / "artifacts" / "mlflow.db").exists()
