"""Judge a trained model of dates on the untouched cut-off, beside the plain forecasts."""

import json
from datetime import date

from rich.console import Console

from models.definition import TimingModel
from pipeline.alarms import Alarm
from pipeline.durable import whole_folder, write_json
from pipeline.engine import engine
from pipeline.evaluation import Evaluation, evaluation_path
from pipeline.labels import read_label_manifest
from pipeline.project import Project, outcome_window, trained_folder
from pipeline.timing.cutoffs import TimingCutoffs, read_timing_cutoffs
from pipeline.timing.judge import judge_timing
from pipeline.timing.report import as_html
from pipeline.timing.rivals import rivals
from pipeline.timing.watched import MOST_ROWS, read_watched


def evaluate(project: Project, model: TimingModel) -> Evaluation:
    """Write `artifacts/evaluations/MODEL`: the evaluation, the tables, the test rows' dates."""
    name, artifacts, gate = model.name, project.artifacts, project.params.gate
    cutoffs = read_timing_cutoffs(artifacts, name)
    own = project.params.models[name]
    window = outcome_window(model, own)
    trained = trained_folder(artifacts, name)
    learner = type(model.learner(own.seed)).load(trained / "learner")
    with engine(artifacts) as connection:
        test = read_watched(connection, artifacts, name, [cutoffs.test], cutoffs, most=MOST_ROWS)
        earlier = read_watched(
            connection, artifacts, name, [cutoffs.calibrate], cutoffs, most=MOST_ROWS
        )
    with Console(stderr=True).status(f"{name}: evaluating on {len(test.X):,} rows"):
        found = judge_timing(
            learner,
            test,
            rivals(earlier, test, **window._asdict()),
            model,
            window=window,
            gate=gate,
            seed=own.seed,
        )
    evaluation = Evaluation(
        model=name,
        as_of=cutoffs.test,
        rows=len(test.X),
        positives=int(test.bought_within(**window._asdict()).sum()),
        list_size=min(gate.list_size, len(test.X)),
        level=gate.level,
        measures=found.measures,
        baselines=found.baselines,
        differences=found.differences,
        alarms=(late_alarm(project, name, cutoffs),),
    )
    training = json.loads((trained / "training.json").read_text(encoding="utf-8"))
    with whole_folder(evaluation_path(artifacts, name).parent) as folder:
        page = as_html(model, evaluation, found.tables, training, window)
        (folder / "report.html").write_text(page, encoding="utf-8")
        found.said.to_parquet(folder / "predictions.parquet")
        write_json(folder / "figures.json", found.tables)
        write_json(folder / "evaluation.json", evaluation.model_dump(mode="json"))
    return evaluation


def late_alarm(project: Project, name: str, cutoffs: TimingCutoffs) -> Alarm:
    """Ring if the rows of a cut-off know of a purchase that was known on that day or later."""
    days = {}
    for as_of in (*cutoffs.watched_until, cutoffs.score):
        newest = read_label_manifest(project.artifacts, name, as_of)["newest"]
        if newest is not None:
            days[f"purchases at {as_of}"] = float((as_of - date.fromisoformat(newest)).days)
    late = {which: found for which, found in days.items() if found < 1}
    return Alarm(name="late rows", found=min(days.values()), low=1, suspects=late)
