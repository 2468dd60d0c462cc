"""What names persons goes when its days are over; counts, and what is younger, stay."""

from datetime import timedelta

import pytest
from planted import planted
from scored import NOON
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.members import DamagedListError, read_members
from campaigns.retention import expire_rows, expired_files, retention_of
from campaigns.state.database import connect, state_url, upgrade_state
from campaigns.state.tables import ContactEvent, KeptAnswer, Suppression
from campaigns.target_list import find_list
from campaigns.upkeep import inspect_lists, used_score_sets
from pipeline.leftovers import discard
from pipeline.params import ParamsError, RetentionParams


@pytest.fixture
def project(tmp_path, database):
    """A project that names a person everywhere, with each kind of database in turn."""
    state = connect(state_url(tmp_path / "artifacts", database))
    upgrade_state(state)
    found, _ = planted(tmp_path, state)
    yield tmp_path, state, found
    state.dispose()


def old(project, days, *, mark=True, **limits):
    folder, state, _ = project
    at = NOON + timedelta(days=days)
    found = expired_files(folder / "artifacts", state, RetentionParams(**limits), at=at, mark=mark)
    return [one.path for one in found]


def rows(state, table):
    with Session(state) as session:
        return session.scalar(select(func.count()).select_from(table))


def test_an_export_goes_when_its_days_are_over_and_not_a_day_before(project):
    assert old(project, 90) == []
    (path,) = old(project, 91)
    assert path.name == "export_a"
    assert old(project, 91, exports_days=None) == []


def test_the_counts_of_a_list_outlive_its_rows_and_readers_are_told_why(project):
    folder, state, found = project
    artifacts = folder / "artifacts"
    gone = old(project, 1096)
    assert {path.name for path in gone} == {
        "members.parquet", "control.parquet", "outcomes.parquet", "export_a", "assignment_a"
    }  # fmt: skip
    for path in gone:
        discard(path)
    assert find_list(state, found.id).ledger == found.ledger
    with pytest.raises(DamagedListError, match="were removed on 2029-03-01, as `retention`"):
        read_members(artifacts, found.id, found.members, after=0, limit=10)
    assert [*inspect_lists(artifacts, state)] == []
    assert old(project, 1096) == []


def test_a_dry_look_marks_nothing(project):
    folder, _, found = project
    assert old(project, 1096, mark=False)
    assert not (folder / "artifacts" / "lists" / found.id / "expired.json").exists()


def test_reports_answers_and_jobs_go_and_refusals_stay(project):
    _, state, _ = project
    limits = RetentionParams()
    later = NOON + timedelta(days=3)
    assert expire_rows(state, limits, at=later, dry_run=True) == {"idempotency_keys": 1}
    assert rows(state, KeptAnswer) == 1
    expire_rows(state, limits, at=later, dry_run=False)
    assert (rows(state, KeptAnswer), rows(state, ContactEvent)) == (0, 1)
    expire_rows(state, limits, at=NOON + timedelta(days=1096), dry_run=False)
    assert (rows(state, ContactEvent), rows(state, Suppression)) == (0, 1)


def test_scores_that_only_an_old_list_names_are_garbage(project):
    _, state, found = project
    named = {(found.model, found.score_set)}
    assert used_score_sets(state) == used_score_sets(state, since=NOON) == named
    assert used_score_sets(state, since=NOON + timedelta(seconds=1)) == frozenset()


def test_limits_stand_in_params_and_a_wrong_one_is_refused(tmp_path):
    assert retention_of(tmp_path).exports_days == 90
    params = tmp_path / "params.yaml"
    shop = "time_zone: UTC\ncurrency: EUR\nmodels: {}\n"
    params.write_text(f"{shop}retention: {{exports_days: null}}\n")
    assert retention_of(tmp_path).exports_days is None
    params.write_text(f"{shop}retention: {{exports_days: 0}}\n")
    with pytest.raises(ParamsError, match=r"retention\.exports_days"):
        retention_of(tmp_path)
