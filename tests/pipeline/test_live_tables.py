"""Lists are drawn from the tables that were accepted last, whatever a run does meanwhile."""

import shutil

import pytest

from pipeline.live_tables import LIVE_TABLES, accept_tables, tables_folder


@pytest.fixture
def artifacts(tmp_path):
    deliver(tmp_path, "monday")
    accept_tables(tmp_path)
    return tmp_path


def deliver(artifacts, text):
    """Replace the tables as a stage does: the folder goes, and comes back with new files."""
    shutil.rmtree(artifacts / "tables", ignore_errors=True)
    (artifacts / "tables").mkdir()
    (artifacts / "tables" / "consents.parquet").write_text(text)


def consents(artifacts):
    return (tables_folder(artifacts) / "consents.parquet").read_text()


def test_tables_that_a_run_removed_are_still_there_for_lists(artifacts):
    shutil.rmtree(artifacts / "tables")
    assert consents(artifacts) == "monday"


def test_new_tables_are_read_once_they_are_accepted(artifacts):
    deliver(artifacts, "tuesday")
    assert consents(artifacts) == "monday"
    accept_tables(artifacts)
    assert consents(artifacts) == "tuesday"


def test_who_reads_the_tables_before_can_read_on(artifacts):
    before = tables_folder(artifacts)
    for day in ("tuesday", "wednesday"):
        assert before.is_dir()
        deliver(artifacts, day)
        accept_tables(artifacts)
    assert not before.exists()


def test_nothing_of_the_tables_before_stays_where_rows_had_to_go(artifacts):
    deliver(artifacts, "without ann")
    accept_tables(artifacts, keep_earlier=False)
    assert consents(artifacts) == "without ann"
    assert len(list((artifacts / LIVE_TABLES).iterdir())) == 1


def test_accepting_the_same_tables_again_changes_nothing(artifacts):
    before = tables_folder(artifacts).stat().st_mtime_ns
    assert accept_tables(artifacts).stat().st_mtime_ns == before


def test_without_accepted_tables_those_of_the_run_are_read(artifacts):
    shutil.rmtree(artifacts / LIVE_TABLES)
    assert tables_folder(artifacts) == artifacts / "tables"
