"""Judge a trained model of offers on the untouched campaign, beside the plain alternatives."""

import json

from rich.console import Console

from models.definition import LiftModel
from models.effects.shipped import Learned
from pipeline.alarms import Alarm, late_alarm
from pipeline.durable import whole_folder, write_json
from pipeline.evaluation import Evaluation, evaluation_path
from pipeline.lift.curves import curves_of
from pipeline.lift.cutoffs import read_lift_cutoffs
from pipeline.lift.judge import judge
from pipeline.lift.report.page import Told, as_html
from pipeline.lift.train import read_split
from pipeline.lift.training import read_training
from pipeline.project import Project, trained_folder


def evaluate(project: Project, model: LiftModel) -> Evaluation:
    """Write `artifacts/evaluations/MODEL`: the evaluation, the curves, the test rows' scores."""
    artifacts, gate = project.artifacts, project.params.gate
    seed = project.params.models[model.name].seed
    trained = trained_folder(artifacts, model.name)
    training = read_training(trained)
    learned = Learned.load(trained, model)
    rows = read_split(project, model, training["campaigns"], seed).test
    with Console(stderr=True).status(f"{model.name}: evaluating on {len(rows.facts):,} rows"):
        found = judge(learned, rows, model, level=gate.level, draws=gate.draws, seed=seed)
        curves = curves_of(found, learned, rows, model, level=gate.level, seed=seed)
    evaluation = Evaluation(
        model=model.name,
        as_of=training["cutoffs"]["test"],
        rows=len(rows.facts),
        positives=int(rows.y.sum()),
        list_size=round(found.policy.share * len(rows.facts)),
        level=gate.level,
        measures=found.measures,
        baselines=found.baselines,
        differences=found.differences,
        alarms=_alarms(project, model),
    )
    said = rows.facts.assign(
        probability_to_respond=found.probability,
        offer=found.policy.chosen,
        **{f"effect_{arm}": found.effects[arm].to_numpy() for arm in learned.arms},
        **{f"score_{arm}": found.scores[arm].to_numpy() for arm in learned.arms},
    )
    page = as_html(
        Told(
            model=model,
            evaluation=evaluation,
            curves=curves,
            training=training,
            designs=json.loads((trained / "designs.json").read_text(encoding="utf-8")),
            randomised=learned.randomised and rows.randomised,
            currency=project.params.currency,
        )
    )
    with whole_folder(evaluation_path(artifacts, model.name).parent) as folder:
        (folder / "report.html").write_text(page, encoding="utf-8")
        said.to_parquet(folder / "predictions.parquet")
        write_json(folder / "curves.json", curves)
        write_json(folder / "evaluation.json", evaluation.model_dump(mode="json"))
    return evaluation


def _alarms(project: Project, model: LiftModel) -> tuple[Alarm, ...]:
    return (
        late_alarm(project.artifacts, model.unit, read_lift_cutoffs(project.artifacts, model.name)),
    )
