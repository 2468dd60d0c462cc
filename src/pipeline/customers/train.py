"""Train a model of customers and the baselines that it has to beat, on the same rows."""

from rich.console import Console

from models.definition import Baseline, Model
from models.learning import Classifier
from pipeline.durable import whole_folder, write_json
from pipeline.engine import engine
from pipeline.examples import Examples, read_examples, together
from pipeline.fingerprint import definition_digest, folder_digest
from pipeline.project import Project, read_cutoffs, trained_folder
from pipeline.tuning import configured, given_parameters


def fit(
    model: Model, *, train: Examples, tune: Examples, calibrate: Examples, seed: int
) -> Classifier:
    """Fit the model's learner: how far to learn is decided on `tune`, the level on `calibrate`.

    What was decided is then fitted again on both earlier periods, so that the newest labels
    but one are learned from as well.
    """
    stopped = model.learner(seed).fit(
        train.X, train.y, keep_rate=train.keep_rate, X_cal=tune.X, y_cal=tune.y
    )
    earlier = together(train, tune)
    return stopped.settled().fit(
        earlier.X,
        earlier.y,
        keep_rate=earlier.keep_rate,
        X_cal=calibrate.X,
        y_cal=calibrate.y,
    )


def fit_baseline(baseline: Baseline, *, rows: Examples, seed: int) -> Classifier:
    """Fit a baseline on the columns that it declares; it has nothing to tune or calibrate."""
    columns = [one.name for one in baseline.features if one.name in rows.X]
    return baseline.learner(seed).fit(rows.X[columns], rows.y, sample_weight=rows.weight)


def train(project: Project, model: Model) -> None:
    """Write `artifacts/trained/MODEL`: the learner, its baselines and how they came about."""
    name = model.name
    model = configured(model, project)
    cutoffs = read_cutoffs(project.artifacts, name)
    seed = project.params.models[name].seed
    with engine(project.artifacts) as connection:
        roles = [
            read_examples(connection, project.artifacts, model, days, thinned=days == cutoffs.train)
            for days in (cutoffs.train, (cutoffs.tune,), (cutoffs.calibrate,))
        ]
    learning, tuning, calibrating = roles
    console = Console(stderr=True)
    with console.status(f"{name}: training on {len(learning.y):,} rows"):
        learner = fit(model, train=learning, tune=tuning, calibrate=calibrating, seed=seed)
    with whole_folder(trained_folder(project.artifacts, name)) as folder:
        learner.save(folder / "learner")
        for baseline in model.baselines:
            with console.status(f"{name}: training the baseline {baseline.name}"):
                fitted = fit_baseline(baseline, rows=together(*roles), seed=seed)
            fitted.save(folder / "baselines" / baseline.name)
        write_json(
            folder / "training.json",
            {
                "model": name,
                "seed": seed,
                "cutoffs": cutoffs._asdict(),
                "rows": {r: len(e.y) for r, e in zip(_ROLES, roles, strict=True)},
                "positives": {r: int(e.y.sum()) for r, e in zip(_ROLES, roles, strict=True)},
                "keep_rate": float(learning.keep_rate[0]),
                "parameters": given_parameters(project, name),
                "features": list(learning.X.columns),
                "left_out": [f.name for f in model.features if f.name not in learning.X],
                "definitions": {one.name: definition_digest(one) for one in model.features},
                "data": project.run.fingerprint,
                "learner": folder_digest(folder / "learner"),
            },
        )


_ROLES = ("train", "tune", "calibrate")
