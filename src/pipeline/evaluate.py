"""Judge a trained model and its baselines on the untouched test snapshot."""

import sys
from pathlib import Path

from rich.console import Console

from pipeline.durable import whole_folder, write_json
from pipeline.engine import engine
from pipeline.evaluation import Evaluation, evaluation_path, judge
from pipeline.examples import read_examples
from pipeline.leaks import check_leaks
from pipeline.lift.evaluate import evaluate as evaluate_lift
from pipeline.project import Project, find_lift, find_model, open_project, read_cutoffs
from pipeline.stage import run_stage
from pipeline.train import trained_folder


def evaluate(project: Project, name: str) -> Evaluation | None:
    """Write `artifacts/evaluations/MODEL`: the evaluation, and the test rows' predictions."""
    if (lift := find_lift(name)) is not None:
        return evaluate_lift(project, lift)
    model = find_model(name)
    cutoffs = read_cutoffs(project.artifacts, name)
    trained = trained_folder(project.artifacts, name)
    seed, gate = project.params.models[name].seed, project.params.gate
    with engine(project.artifacts) as connection:
        test = read_examples(connection, project.artifacts, model, [cutoffs.test])
        with Console(stderr=True).status(f"{name}: looking for leaks"):
            alarms = check_leaks(project, model, connection=connection, test=test)
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
        alarms=alarms,
    )
    with whole_folder(evaluation_path(project.artifacts, name).parent) as folder:
        test.keys.assign(label=test.y, **said).to_parquet(folder / "predictions.parquet")
        write_json(folder / "alarms.json", [one.model_dump(mode="json") for one in alarms])
        write_json(folder / "evaluation.json", evaluation.model_dump(mode="json"))
    return evaluation


if __name__ == "__main__":
    run_stage(lambda: evaluate(open_project(Path()), sys.argv[1]))
