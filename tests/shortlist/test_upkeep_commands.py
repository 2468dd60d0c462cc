"""`shortlist doctor`, `gc`, `backup` and `restore`, as a person or a script meets them."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from project import live_project
from scored import MODEL, store
from typer.testing import CliRunner

from pipeline.alone import RUN_LOCK
from pipeline.durable import write_json
from pipeline.lock import exclusive
from shortlist.cli import app, main


def shortlist(folder, *words, code=0):
    result = CliRunner().invoke(
        app, ["--project", str(folder), *map(str, words)], catch_exceptions=False
    )
    assert result.exit_code == code, result.output
    return result


def document(folder, *words, code=0):
    return json.loads(shortlist(folder, "--json", *words, code=code).stdout)


def test_the_doctor_finds_nothing_in_a_folder_without_a_project(tmp_path):
    assert document(tmp_path, "doctor") == {"healthy": True, "findings": []}
    assert not list(tmp_path.iterdir())


def test_a_finding_is_exit_code_1_and_tells_its_remedy(tmp_path):
    live_project(tmp_path)
    left = store(tmp_path / "artifacts", {"eve": 0.5}, version="9")
    answer = document(tmp_path, "doctor", code=1)
    assert answer["healthy"] is False
    remedies = {one["subject"]: one["fix"] for one in answer["findings"]}
    assert remedies[f"artifacts/scores/{MODEL}/{left.id}"] == "shortlist gc"


def test_gc_tells_the_bytes_removes_them_and_satisfies_the_doctor(tmp_path):
    live_project(tmp_path)
    left = store(tmp_path / "artifacts", {"eve": 0.5}, version="9")
    path = f"artifacts/scores/{MODEL}/{left.id}"
    assert document(tmp_path, "gc")["garbage"] == []  # written just now
    planned = document(tmp_path, "gc", "--idle-minutes", 0, "--dry-run")
    assert [one["path"].endswith(path) for one in planned["garbage"]] == [True]
    assert (tmp_path / path).exists()
    said = shortlist(tmp_path, "gc", "--idle-minutes", 0).output
    assert f"{planned['bytes']:,} bytes removed" in said
    assert not (tmp_path / path).exists()
    subjects = [one["subject"] for one in document(tmp_path, "doctor", code=1)["findings"]]
    assert subjects == [MODEL]  # this project has no MLflow


def test_a_project_is_backed_up_and_restored_with_its_keys(tmp_path):
    (tmp_path / "one").mkdir()
    live_project(tmp_path / "one")
    shortlist(tmp_path / "one", "keys", "create", "--name", "shop")
    made = document(tmp_path / "one", "backup", tmp_path / "saved.tar")
    assert made["bytes"] > 0
    document(tmp_path / "two", "restore", tmp_path / "saved.tar")
    assert document(tmp_path / "two", "keys", "list") == document(tmp_path / "one", "keys", "list")


def test_a_busy_project_is_told_in_one_line(tmp_path, monkeypatch, capfd):
    live_project(tmp_path)
    words = ["shortlist", "--project", str(tmp_path), "backup", str(tmp_path / "b.tar")]
    monkeypatch.setattr("sys.argv", words)
    with exclusive(tmp_path / "artifacts" / RUN_LOCK), pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 7
    assert capfd.readouterr().err.startswith("shortlist: a run of this project is under way")
    assert not (tmp_path / "b.tar").exists()


def test_gc_lets_go_of_receipts_that_are_older_than_they_are_kept(tmp_path):
    live_project(tmp_path)
    params = tmp_path / "params.yaml"
    params.write_text(params.read_text() + "retention: {tables: {transactions: 365}}\n")
    write_json(tmp_path / "artifacts" / "run.yaml", {
        "data": "data", "fingerprint": "f", "requested_at": "2026-01-01T00:00:00Z",
    })  # fmt: skip
    path = tmp_path / "artifacts" / "tables" / "transactions.parquet"
    path.parent.mkdir()
    today = datetime.now(UTC)
    times = [today - timedelta(days=age) for age in (500, 100)]
    pq.write_table(pa.table({"line_id": ["old", "new"], "event_time": times}), path)
    assert document(tmp_path, "gc", "--dry-run")["past_retention"] == {"tables": 1}
    assert pq.read_table(path)["line_id"].to_pylist() == ["old", "new"]
    assert "1 rows in tables removed: kept too long" in shortlist(tmp_path, "gc").output
    assert pq.read_table(path)["line_id"].to_pylist() == ["new"]
