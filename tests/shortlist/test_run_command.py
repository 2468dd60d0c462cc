"""The whole line, as whoever types the commands meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from pipeline.lock import exclusive

ROOT = Path(__file__).parents[2]
SMALL = ["--set", "models.customer_activity.horizon_days=60", "--set", "gate.draws=200"]


def shortlist(project, *arguments):
    command = [sys.executable, "-m", "shortlist", *arguments, "--project", str(project)]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retailer") / "tables"
    made = shortlist(
        folder.parent, "simulate", "--members", "4000", "--months", "24", "--to", str(folder)
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def project(tables):
    """A shop of 4,000 members: too few cards to teach another model than this one."""
    folder = tables.parent / "project"
    folder.mkdir()
    params = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
    params["models"] = {"customer_activity": params["models"]["customer_activity"]}
    (folder / "params.yaml").write_text(yaml.safe_dump(params), "utf-8")
    done = shortlist(folder, "run", "--data", str(tables), *SMALL, "--json")
    assert done.returncode == 0, done.stderr
    (tables.parent / "first.json").write_text(done.stdout)
    return folder


@pytest.fixture(scope="module")
def first(project):
    return json.loads((project.parent / "first.json").read_text())["customer_activity"]


def release(project):
    return json.loads((project / "artifacts" / "release.json").read_text())


def test_a_run_releases_a_score_set_of_the_version_that_the_gate_passed(project, first):
    live = release(project)["models"]["customer_activity"]
    assert (live["version"], live["score_set"]) == ("1", first["score_set"])
    assert first["decision"]["passed"]
    assert first["rows"] > 1000


def test_a_second_run_with_nothing_changed_changes_nothing(project):
    files = sorted((project / "artifacts").rglob("*.parquet"))
    before = [(path, path.stat().st_mtime_ns) for path in files], release(project)
    again = shortlist(project, "run", *SMALL)
    assert again.returncode == 0, again.stderr
    assert ([(path, path.stat().st_mtime_ns) for path in files], release(project)) == before
    assert [path.name for path in (project / "artifacts/versions/customer_activity").iterdir()] == [
        "1"
    ]


def test_evaluate_prints_the_stored_test_evaluation_as_one_document(project):
    found = json.loads(shortlist(project, "evaluate", "customer_activity", "--json").stdout)
    assert (found["model"], found["version"]) == ("customer_activity", "1")
    assert set(found["baselines"]) == {"logistic", "recency"}
    auc = found["measures"]["roc_auc"]
    assert 0.5 < auc["low"] < auc["value"] < auc["high"] < 1
    assert auc["value"] > found["baselines"]["recency"]["roc_auc"]["value"]


def test_the_version_has_a_report_and_a_card_and_evaluate_names_them(project):
    said = shortlist(project, "evaluate", "customer_activity").stdout
    folder = project / "artifacts" / "versions" / "customer_activity" / "1"
    for name in ("report.html", "model_card.md"):
        assert str(folder / name) in said.replace("\n", "")
        assert (folder / name).stat().st_size > 1000
    page = (folder / "report.html").read_text("utf-8")
    found = json.loads((folder / "evaluation.json").read_text("utf-8"))
    assert f"{found['measures']['roc_auc']['value']:.4f}" in page
    (logged,) = (project / "artifacts" / "mlflow").rglob("evaluation/report.html")
    assert logged.read_text("utf-8") == page


def test_a_list_of_what_a_run_released_has_reasons_that_add_up(project):
    spec = project / "best.json"
    spec.write_text('{"model": "customer_activity", "size": 30}')
    made = json.loads(shortlist(project, "list", "build", str(spec), "--json").stdout)
    members = pq.read_table(project / "artifacts" / "lists" / made["id"] / "members.parquet")
    for member in members.to_pylist():
        why = member["reasons"]
        told = why["start"] + sum(one["points"] for one in why["strongest"]) + why["rest"]
        assert told == pytest.approx(member["probability"], abs=1e-9)


def test_the_run_is_in_mlflow_with_its_figures_and_the_model_loads_from_there(project, first):
    script = f"""
import mlflow, pandas as pd
mlflow.set_tracking_uri("sqlite:///{project}/artifacts/mlflow.db")
client = mlflow.MlflowClient()
run = client.get_run(client.get_model_version("customer_activity", "1").run_id)
assert run.data.params["horizon_days"] == "60", run.data.params
assert run.data.metrics["roc_auc.low"] < run.data.metrics["roc_auc"]
assert run.data.metrics["recency.roc_auc"] < run.data.metrics["roc_auc"]
assert len(run.data.tags["data_fingerprint"]) == 16
model = mlflow.pyfunc.load_model("models:/customer_activity/1")
names = model.metadata.get_input_schema().input_names()
table = model.predict(pd.DataFrame({{name: [1.0, None, 30.0] for name in names}}))
assert list(table.columns) == ["probability", "rank", "model", "tested_as_of"]
assert table.probability.between(0, 1).all()
"""
    loaded = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=project.parent,
    )
    assert loaded.returncode == 0, loaded.stderr


def test_models_lists_the_version_and_that_it_is_live(project, first):
    (row,) = json.loads(shortlist(project, "models", "--json").stdout)
    assert (row["version"], row["live"], row["gate"]) == ("1", True, "passed")


def test_there_is_no_way_back_before_the_first_release(project, first):
    back = shortlist(project, "rollback", "customer_activity")
    assert back.returncode == 1
    assert "no earlier entry" in back.stderr


def test_while_one_run_is_under_way_a_second_leaves_with_code_7(project, first):
    with exclusive(project / "artifacts" / ".run.lock"):
        second = shortlist(project, "run")
    assert second.returncode == 7
    assert "another run of this project is under way" in second.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "--as-of", "yesterday"], 2, "--as-of yesterday is no day"),
        (["run", "--as-of", "2030-01-01"], 1, "past the data"),
        (["run", "--as-of", "2025-01-15"], 1, "outcome window of 60 days needs"),
        (["run", "--data", "nowhere"], 1, "nowhere"),
        (["run", "--set", "gate.list_size"], 2, "has no value"),
        (["run", "--set", "gate.list_size=none"], 1, "gate.list_size"),
        (["evaluate", "customer_loyalty"], 1, "no version yet"),
        (["evaluate", "customer_activity", "--version", "9"], 1, "Versions: 1"),
        (["promote", "customer_activity", "--version", "9"], 1, "Versions: 1"),
        (["rollback", "customer_loyalty"], 1, "no version of this model is live"),
    ],
)
def test_each_mistake_gets_one_clear_message_and_leaves_the_release_alone(
    project, first, arguments, code, message
):
    before = release(project)
    extra = [] if arguments[0] != "run" or "--set" in arguments else SMALL
    refused = shortlist(project, *arguments, *extra)
    assert refused.returncode == code
    assert message in refused.stderr.replace("\n", " ")
    assert "Traceback" not in refused.stderr
    assert release(project) == before


def test_a_stage_that_refuses_is_heard_in_a_project_named_by_a_relative_path(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "customers.csv").write_text("customer_id,joined_on\nann,2024-01-01\n")
    monkeypatch.chdir(tmp_path)
    ended = shortlist("shop", "run", "--data", "data")
    assert ended.returncode == 5
    assert "transactions is missing" in ended.stderr
    assert "defect" not in ended.stderr
