"""A run leaves one whole record; the next knows of one that was killed."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.exit_codes import ExitCode
from pipeline.release import Release
from pipeline.retraining.record import Record, begin, end, keep, read_record, records

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def started(artifacts, *, minutes=0):
    return begin(artifacts, Release(), at=NOON + timedelta(minutes=minutes))


def ended(artifacts, run):
    record = Record(
        id=run.id, started=NOON, ended=NOON, exit_code=ExitCode.RELEASED, said="released",
        data="shop", fingerprint="f", inputs="i", resumed=run.resumed,
    )  # fmt: skip
    keep(artifacts, record)
    return record


def test_a_record_reads_back_as_it_was_kept(tmp_path):
    run, _ = started(tmp_path)
    record = ended(tmp_path, run)
    end(tmp_path)
    assert records(tmp_path) == [record]


def test_a_run_names_those_that_were_killed_before_it(tmp_path):
    first, _ = started(tmp_path)
    second, _ = started(tmp_path, minutes=1)
    third, untold = started(tmp_path, minutes=2)
    assert (third.resumed, untold) == ((first.id, second.id), None)


def test_a_run_that_was_killed_before_it_could_tell_is_told_of_and_not_done_again(tmp_path):
    run, _ = started(tmp_path)
    record = ended(tmp_path, run)
    after, untold = started(tmp_path, minutes=1)
    assert (untold, after.resumed) == (record, ())


def test_two_runs_of_one_second_have_records_of_their_own(tmp_path):
    for _ in range(2):
        run, _ = started(tmp_path)
        ended(tmp_path, run)
        end(tmp_path)
    assert [one.id for one in records(tmp_path)] == [
        "2026-10-01T12-00-00Z",
        "2026-10-01T12-00-00Z-2",
    ]


def test_a_run_that_could_not_write_its_record_whole_has_none(tmp_path):
    run, _ = started(tmp_path)
    record = ended(tmp_path / "elsewhere", run)
    with pytest.raises(TypeError, match="keys must be"):
        keep(tmp_path, record, arrived={(1, 2): 3})
    assert read_record(tmp_path, run.id) is None
    assert records(tmp_path) == []
