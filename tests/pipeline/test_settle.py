"""What a run notes down about itself."""

import os
from datetime import UTC, datetime

import pytest

from pipeline import run as run_module
from pipeline.run import make_project, settle

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
EVENING = datetime(2024, 6, 1, 20, tzinfo=UTC)


@pytest.fixture
def project(tmp_path):
    make_project(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "customers.csv").write_text("customer_id\nann\n", encoding="utf-8")
    return tmp_path / "data"


def settled(project, data, *, clock=NOON, **overrides):
    return settle(
        project, data=None if data is None else str(data), as_of=None, overrides=overrides,
        clock=lambda: clock,
    )  # fmt: skip


def test_the_same_request_later_is_the_same_run(project, data):
    assert settled(project, data) == settled(project, data, clock=EVENING)


def test_data_that_change_make_a_new_run(project, data):
    before = settled(project, data)
    (data / "customers.csv").write_text("customer_id\nbob\n", encoding="utf-8")
    assert settled(project, data, clock=EVENING).fingerprint != before.fingerprint


def test_the_data_of_the_last_run_are_used_again(project, data):
    assert settled(project, data).data == settled(project, None).data


def test_what_the_data_say_of_themselves_stands_below_what_the_caller_says(project, data):
    (data / "about.yaml").write_text(
        "title: t\ntime_zone: Europe/London\ncurrency: GBP\n", encoding="utf-8"
    )
    found = settled(project, data, currency="EUR").overrides
    assert found == {"time_zone": "Europe/London", "currency": "EUR"}


def test_no_file_ever_holds_the_password_of_a_database(project, monkeypatch):
    monkeypatch.setattr(run_module, "fingerprint", lambda _: "none")  # there is no such server
    monkeypatch.delenv("PGPASSWORD", raising=False)
    settled(project, "postgresql://reader:s%40cret@db.example/shop")
    written = (project / "artifacts" / "run.yaml").read_text(encoding="utf-8")
    assert "postgresql://reader@db.example/shop" in written
    assert "cret" not in written
    assert os.environ.pop("PGPASSWORD") == "s@cret"
