"""What nothing refers to is removed; what is live, kept, used or new never is."""

from datetime import UTC, datetime, timedelta

import pytest
from project import live_project
from scored import MODEL, store

from pipeline.alone import RUN_LOCK, BusyError
from pipeline.garbage import collect
from pipeline.lock import exclusive
from pipeline.release import read_release, step_back
from pipeline.score_set import read_score_set, verify_score_set


def removed(folder, *, after=timedelta(hours=2), **given):
    """Collect the garbage some time from now; return what was told and what was found."""
    chosen = {
        "keep": 20,
        "idle": timedelta(hours=1),
        "used": frozenset(),
        "more": [],
        "dry_run": False,
    }
    told = []
    now = datetime.now(UTC) + after
    found = collect(folder, now=now, tell=told.append, **{**chosen, **given})
    assert told == found
    return [one.path.name for one in found]


def kept(folder):
    return {path.name for path in (folder / "artifacts" / "scores" / MODEL).glob("[!.]*")}


def test_a_score_set_that_was_never_released_goes_with_its_bytes(tmp_path):
    live_project(tmp_path)
    left = store(tmp_path / "artifacts", {"eve": 0.5}, version="9")
    folder = tmp_path / "artifacts" / "scores" / MODEL / left.id
    size = sum(path.stat().st_size for path in folder.iterdir())
    told = []
    collect(
        tmp_path,
        keep=20,
        now=datetime.now(UTC) + timedelta(hours=2),
        idle=timedelta(hours=1),
        used=frozenset(),
        more=[],
        tell=told.append,
        dry_run=False,
    )
    assert [(one.path, one.bytes) for one in told] == [(folder, size)]
    assert not folder.exists()


def test_a_dry_run_only_tells(tmp_path):
    live_project(tmp_path, "1", "2")
    before = kept(tmp_path)
    assert len(removed(tmp_path, keep=0, dry_run=True)) == 1
    assert kept(tmp_path) == before
    assert read_release(tmp_path / "artifacts").live(MODEL).previous


def test_what_a_list_was_built_from_stays(tmp_path):
    live_project(tmp_path)
    left = store(tmp_path / "artifacts", {"eve": 0.5}, version="9")
    assert removed(tmp_path, used=frozenset({(MODEL, left.id)})) == []


def test_what_was_written_within_the_hour_stays(tmp_path):
    live_project(tmp_path)
    store(tmp_path / "artifacts", {"eve": 0.5}, version="9")
    assert removed(tmp_path, after=timedelta(minutes=59)) == []
    assert len(removed(tmp_path, after=timedelta(minutes=61))) == 1


@pytest.mark.parametrize("keep", [0, 1, 2, 20])
def test_the_last_releases_stay_and_can_be_stepped_back_to(tmp_path, keep):
    live_project(tmp_path, "1", "2", "3", "4")
    artifacts = tmp_path / "artifacts"
    assert len(removed(tmp_path, keep=keep)) == max(0, 3 - keep)
    release = read_release(artifacts)
    assert kept(tmp_path) == {identity for _, identity in release.score_sets()}
    for _ in release.live(MODEL).previous:
        entry = step_back(artifacts, MODEL, at=datetime.now(UTC)).live(MODEL)
        verify_score_set(artifacts, read_score_set(artifacts, MODEL, entry.score_set))
    assert release.live(MODEL).version == "4"


def test_a_release_with_nothing_to_forget_is_not_written_again(tmp_path):
    live_project(tmp_path, "1", "2")
    removed(tmp_path)
    assert read_release(tmp_path / "artifacts").revision == 2


def test_nothing_is_removed_while_a_run_is_under_way(tmp_path):
    live_project(tmp_path)
    with exclusive(tmp_path / "artifacts" / RUN_LOCK), pytest.raises(BusyError):
        removed(tmp_path)
