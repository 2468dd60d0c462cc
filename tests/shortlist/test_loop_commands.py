"""`shortlist list standing`, `list run-due` and `campaigns`, as a scheduler meets them."""

import json
from datetime import date, timedelta

import pandas as pd
import pytest
from project import live_project
from scored import MODEL, NOON, many
from typer.testing import CliRunner

from campaigns.loop.reports import OUTCOMES, keep
from campaigns.members import members_path
from campaigns.state.database import open_state
from shortlist.cli import app
from shortlist.commands.campaigns import InvalidPlanError
from shortlist.commands.standing import NotAllBuiltError


def shortlist(folder, *words):
    result = CliRunner().invoke(
        app, ["--project", str(folder), *map(str, words)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def document(folder, *words):
    return json.loads(shortlist(folder, "--json", *words))


def project_of(folder, scores):
    """A project with something live that a run was asked for."""
    project = live_project(folder, scores=scores)
    (project / "artifacts" / "run.yaml").write_text(
        "data: data\nfingerprint: c0ffee\nrequested_at: 2026-03-01T12:00:00Z\n"
    )
    return project


def asked(folder, name="refill", **change):
    path = folder / f"{name}.json"
    spec = {"model": MODEL, "size": 5, "campaign": "refill"}
    wanted = {"name": name, "list": spec, "when": {"every": "day"}, **change}
    path.write_text(json.dumps(wanted))
    return path


def test_a_standing_list_is_added_run_once_a_day_and_removed(tmp_path):
    project = project_of(tmp_path, many(40))
    added = document(project, "list", "standing", "add", asked(tmp_path))
    assert added["when"] == {"every": "day"}
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011 - any later day will do
    (run,) = document(project, "list", "run-due", "--at", tomorrow)
    assert (run["name"], run["due_on"], run["selected"]) == ("refill", str(tomorrow), 5)
    assert document(project, "list", "run-due", "--at", tomorrow) == []
    assert "Nothing is due" in shortlist(project, "list", "run-due", "--at", tomorrow)
    (next_day,) = document(project, "list", "run-due", "--at", tomorrow + timedelta(days=1))
    first, second = (
        set(pd.read_parquet(members_path(project / "artifacts", one["list_id"]))["customer_id"])
        for one in (run, next_day)
    )
    assert not first & second
    (listed,) = document(project, "list", "standing", "list")
    assert listed["last_due_on"] == str(tomorrow + timedelta(days=1))
    assert "refill" in shortlist(project, "list", "standing", "list")
    assert document(project, "list", "standing", "remove", "refill") == {"removed": "refill"}
    assert document(project, "list", "run-due") == []


def test_a_list_that_cannot_be_built_fails_the_command_after_the_others(tmp_path):
    project = project_of(tmp_path, many(40))
    bad = asked(tmp_path, "bad", list={"model": "card_uptake", "size": 5})
    for path in (bad, asked(tmp_path, "good")):
        shortlist(project, "list", "standing", "add", path)
    with pytest.raises(
        NotAllBuiltError, match=r"1 standing lists stay due:\n  bad of 2030-01-01: no version"
    ):
        shortlist(project, "list", "run-due", "--at", "2030-01-01")
    (good,) = document(project, "list", "standing", "list")[1:]
    assert good["last_due_on"] == "2030-01-01"


def test_a_campaign_is_listed_told_and_written_as_tables(tmp_path):
    project = live_project(tmp_path, scores=many(400))
    plan = {"campaign_id": "refill", "offer": "coupon", "starts_at": NOON.isoformat()}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    planned = document(project, "campaigns", "plan", tmp_path / "plan.json")
    assert planned["offer"] == "coupon"
    assert "planned already" in shortlist(project, "campaigns", "plan", tmp_path / "plan.json")
    spec = {"model": MODEL, "size": 100, "control_share": 0.4, "campaign": "refill"}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    built = document(project, "list", "build", tmp_path / "spec.json")
    outcome = {"campaign_id": "refill", "customer_id": "c00000", "kind": "visit", "value": None}
    state = open_state(project / "artifacts")
    keep(state, [{**outcome, "event_time": NOON, "received_at": NOON}], OUTCOMES)
    state.dispose()

    (listed,) = document(project, "campaigns", "list")
    assert (listed["campaign_id"], listed["track"]["treated"]) == ("refill", 100)
    told = document(project, "campaigns", "effect", "refill")
    assert (told["status"], told["customers"]["treated"]) == ("too_early", 100)
    assert "too early: outcomes count until" in shortlist(project, "campaigns", "effect", "refill")
    written = document(project, "campaigns", "tables", "--to", tmp_path / "data")
    assert written["rows"]["assignments"] == 100 + built["control"]
    assert written["rows"]["outcomes"] == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [("{", "the document"), ("{}", "/campaign_id"), ('{"campaign_id": "a b"}', "/campaign_id")],
)
def test_a_file_that_plans_nothing_is_refused_with_a_sample(tmp_path, text, place):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(InvalidPlanError, match=rf"plan\.json: {place}: .*\+08:00"):
        shortlist(tmp_path, "campaigns", "plan", tmp_path / "plan.json")
