"""A person who was forgotten stays so in the next run on the retailer's unchanged files."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from killed import MODEL, Runner
from leftover import leftovers_of

from pipeline.params import read_run
from pipeline.project import open_project
from pipeline.publish import promote
from pipeline.release import read_release
from pipeline.score_set import parts, read_score_set, verify_score_set
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate


def shortlist(project, *words):
    command = [sys.executable, "-m", "shortlist", "--project", str(project), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def live(artifacts):
    return read_score_set(artifacts, MODEL, read_release(artifacts).live(MODEL).score_set)


@pytest.mark.nightly
def test_the_next_run_leaves_the_person_out_and_what_is_live_stays_so(tmp_path):
    data, project = tmp_path / "data", tmp_path / "project"
    until = date(2026, 10, 1)
    simulate(PRESETS["retail"], members=300, months=12, seed=1, until=until, to=data)
    project.mkdir()
    (project / "params.yaml").write_text(
        "time_zone: Asia/Taipei\ncurrency: TWD\nvalidation: {}\nsnapshots: {}\nleaks: {}\n"
        "gate: {}\nreport: {}\nmodels:\n  customer_activity: {horizon_days: 30}\n"
    )
    run = Runner(project, data)
    run.complete(code=4)  # 300 members persuade no gate
    promote(open_project(project), MODEL, "1", clock=lambda: datetime.now(UTC), reason="a test")
    artifacts = project / "artifacts"
    (path,) = parts(artifacts, live(artifacts))
    person = pd.read_parquet(path)["customer_id"].iloc[0]
    before, fingerprint = live(artifacts), read_run(project).fingerprint

    told = shortlist(project, "forget", person, "--json")
    assert told.returncode == 0, told.stderr
    (report,) = json.loads(told.stdout)["reports"]
    assert {"tables", "snapshots", "scores", "dvc cache", "mlflow"} <= report["removed"].keys()
    assert leftovers_of(person, artifacts, project / ".dvc") == []
    assert (live(artifacts).id, live(artifacts).rows) == (before.id, before.rows - 1)

    run.complete()
    assert read_run(project).fingerprint != fingerprint
    assert leftovers_of(person, artifacts, project / ".dvc") == []
    now = live(artifacts)
    verify_score_set(artifacts, now)
    assert now.base == before.base - 1
    assert leftovers_of(person, data)


def test_nobody_named_is_refused_with_what_to_give(tmp_path):
    told = shortlist(tmp_path, "forget")
    assert told.returncode == 1
    assert "Give ids, or --from FILE" in told.stderr
