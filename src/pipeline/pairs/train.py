"""Train a model of pairs: sampled pairs of past cut-offs, calibrated on a later one."""

from collections.abc import Sequence
from datetime import date

from ibis.backends.duckdb import Backend
from pandas.api.types import is_numeric_dtype
from rich.console import Console

from models.candidates import likeness
from models.candidates import together as together_of
from models.definition import PairModel
from models.learning import Learner
from pipeline.durable import whole_folder, write_json
from pipeline.engine import engine
from pipeline.fingerprint import definition_digest, digest, folder_digest, function_code
from pipeline.pairs.levels import write_levels
from pipeline.pairs.moment import moments
from pipeline.pairs.plan import read_bought
from pipeline.pairs.rows import PairRows, sampled_rows, together
from pipeline.project import Project, read_cutoffs, trained_folder
from pipeline.tuning import given_parameters


def train(project: Project, model: PairModel) -> None:
    """Write `artifacts/trained/MODEL`: the learner, and how it came about."""
    name = model.name
    cutoffs = read_cutoffs(project.artifacts, name)
    seed = project.params.models[name].seed
    roles = {"train": cutoffs.train, "tune": (cutoffs.tune,), "calibrate": (cutoffs.calibrate,)}
    console = Console(stderr=True)
    # One thread, as where snapshots are built: a mean of doubles keeps its last bit.
    with engine(project.artifacts, threads=1) as connection:
        rows = {}
        for role, days in roles.items():
            with console.status(f"{name}: drawing pairs to {role}"):
                rows[role] = drawn(connection, project, model, days, launches=role != "calibrate")
    with console.status(f"{name}: training on {len(rows['train'].y):,} pairs"):
        learner = fit(project, model, **rows)
    X = rows["train"].X
    with whole_folder(trained_folder(project.artifacts, name)) as folder:
        learner.save(folder / "learner")
        with (
            console.status(f"{name}: levels of demand"),
            engine(project.artifacts, threads=1) as connection,
        ):
            write_levels(connection, project, model, learner, folder)
        write_json(
            folder / "training.json",
            {
                "model": name,
                "seed": seed,
                "cutoffs": cutoffs._asdict(),
                "rows": {role: len(part.y) for role, part in rows.items()},
                "positives": {role: int(part.y.sum()) for role, part in rows.items()},
                "parameters": given_parameters(project, name),
                "features": list(X.columns),
                "texts": [n for n, kind in X.dtypes.items() if not is_numeric_dtype(kind)],
                "left_out": [one.name for one in model.features if one.name not in X],
                "definitions": {
                    **{one.name: definition_digest(one) for one in model.features},
                    "neighbours": digest(function_code(together_of), function_code(likeness)),
                },
                "data": project.run.fingerprint,
                "learner": folder_digest(folder / "learner"),
            },
        )


def fit(
    project: Project, model: PairModel, *, train: PairRows, tune: PairRows, calibrate: PairRows
) -> Learner:
    """Fit the model's learner: how far on `tune`, the level of each state on `calibrate`.

    Where the number of trees is declared, nothing is left to find out on `tune`, and it is
    learned from at once.
    """
    learner = model.learner(project.params.models[model.name].seed)
    if parameters := given_parameters(project, model.name):
        learner = learner.set_params(**parameters)
    if learner.get_params().get("pooled__trees") is None:
        learner = learner.fit(
            train.X,
            train.y,
            keep_rate=train.keep_rate,
            X_cal=tune.X,
            y_cal=tune.y,
            keep_rate_cal=tune.keep_rate,
        ).settled()
    earlier = together(train, tune)
    return learner.fit(
        earlier.X,
        earlier.y,
        keep_rate=earlier.keep_rate,
        X_cal=calibrate.X,
        y_cal=calibrate.y,
        keep_rate_cal=calibrate.keep_rate,
    )


def drawn(
    connection: Backend,
    project: Project,
    model: PairModel,
    days: Sequence[date],
    *,
    launches: bool,
) -> PairRows:
    """Draw the pairs of some cut-offs; see `sampled_rows`."""
    seed = project.params.models[model.name].seed
    most = model.sampling.most_rows // model.most_cutoffs
    return together(
        *(
            sampled_rows(
                connection,
                moment,
                model,
                read_bought(project, model, moment),
                most_rows=most,
                seed=seed,
                launches=launches,
            )
            for moment in moments(connection, project, model, days)
        )
    )
