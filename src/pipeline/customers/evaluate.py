"""Judge a trained model of customers and its baselines on the untouched test snapshot."""

import json

from rich.console import Console

from models.definition import Model
from pipeline.customers.leaks import check_leaks
from pipeline.durable import whole_folder, write_json
from pipeline.engine import engine
from pipeline.evaluation import Evaluation, evaluation_path, judge, judge_auxiliary
from pipeline.examples import read_auxiliary, read_examples
from pipeline.project import Project, read_cutoffs, trained_folder
from pipeline.report import write_report
from pipeline.report.drift import read_populations
from pipeline.report.segments import read_segments
from pipeline.tuning import configured


def evaluate(project: Project, model: Model) -> Evaluation:
    """Write `artifacts/evaluations/MODEL`: the evaluation, and the test rows' predictions."""
    name = model.name
    model = configured(model, project)
    cutoffs = read_cutoffs(project.artifacts, name)
    trained = trained_folder(project.artifacts, name)
    seed, gate = project.params.models[name].seed, project.params.gate
    with engine(project.artifacts) as connection:
        test = read_examples(connection, project.artifacts, model, [cutoffs.test])
        outcomes = read_auxiliary(connection, project.artifacts, model, cutoffs.test)
        with Console(stderr=True).status(f"{name}: looking for leaks"):
            alarms = check_leaks(project, model, connection=connection, test=test)
        segments = read_segments(
            connection, project.artifacts, cutoffs.test, test.keys["customer_id"]
        )
        populations = read_populations(connection, project, model)
    learner = type(model.learner(seed)).load(trained / "learner")
    said = {"probability": learner.predict_proba(test.X)[:, 1]}
    for baseline in model.baselines:
        fitted = type(baseline.learner(seed)).load(trained / "baselines" / baseline.name)
        columns = [one.name for one in baseline.features if one.name in test.X]
        said[baseline.name] = fitted.predict_proba(test.X[columns])[:, 1]
    with Console(stderr=True).status(f"{name}: evaluating on {len(test.y):,} rows"):
        measures, baselines, differences = judge(
            test.y,
            said["probability"],
            customers=test.keys["customer_id"],
            measures=model.measures,
            baselines={b.name: said[b.name] for b in model.baselines},
            list_size=gate.list_size,
            level=gate.level,
            draws=gate.draws,
            seed=seed,
        )
        auxiliary = judge_auxiliary(
            outcomes,
            said["probability"],
            customers=test.keys["customer_id"],
            level=gate.level,
            draws=gate.draws,
            seed=seed,
        )
    evaluation = Evaluation(
        model=name,
        as_of=cutoffs.test,
        rows=len(test.y),
        positives=int(test.y.sum()),
        list_size=min(gate.list_size, len(test.y)),
        level=gate.level,
        measures=measures,
        baselines=baselines,
        differences=differences,
        auxiliary=auxiliary,
        alarms=alarms,
    )
    with whole_folder(evaluation_path(project.artifacts, name).parent) as folder:
        predictions = test.keys.assign(label=test.y, **said)
        predictions.join(segments.add_prefix("by_")).to_parquet(folder / "predictions.parquet")
        write_json(folder / "alarms.json", [one.model_dump(mode="json") for one in alarms])
        write_json(folder / "evaluation.json", evaluation.model_dump(mode="json"))
        with Console(stderr=True).status(f"{name}: writing the report"):
            write_report(
                folder,
                project=project,
                model=model,
                evaluation=evaluation,
                learner=learner,
                training=json.loads((trained / "training.json").read_text(encoding="utf-8")),
                test=test,
                said=said,
                segments=segments,
                populations=populations,
            )
    return evaluation
