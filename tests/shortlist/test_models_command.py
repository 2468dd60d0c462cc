"""`shortlist models` lists models of every kind, whatever they are judged by."""

import json
from datetime import date

from typer.testing import CliRunner

from pipeline.durable import write_json
from pipeline.evaluation import Evaluation, Figure
from pipeline.versions import Version
from shortlist.cli import app


def test_a_model_that_has_no_roc_auc_is_listed_without_one(tmp_path):
    folder = tmp_path / "artifacts" / "versions" / "purchase_propensity" / "1"
    one = Figure(value=0.25, low=0.2, high=0.3)
    evaluation = Evaluation(
        model="purchase_propensity",
        as_of=date(2026, 3, 1),
        rows=10,
        positives=1,
        list_size=5,
        level=0.95,
        measures={"map_at_12": one, "log_loss": one},
        baselines={},
        differences={},
    )
    version = Version(
        model="purchase_propensity", number="1", training="t", definition="d", run_id="r"
    )
    write_json(folder / "evaluation.json", evaluation.model_dump(mode="json"))
    write_json(folder / "version.json", version.model_dump())
    said = CliRunner().invoke(app, ["--project", str(tmp_path), "--json", "models"])
    assert said.exit_code == 0, said.output
    (row,) = json.loads(said.stdout)
    assert row["roc_auc"] is None
    assert row["log_loss"] == 0.25
