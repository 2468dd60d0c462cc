"""Train when purchases are due, and set the level on a later period."""

from rich.console import Console

from features.supplies import category_days
from models.definition import TimingModel
from pipeline.durable import whole_folder, write_json
from pipeline.engine import engine
from pipeline.fingerprint import digest, folder_digest, function_code, rows_digest
from pipeline.project import Project, trained_folder
from pipeline.timing.cutoffs import read_timing_cutoffs
from pipeline.timing.rows import timing_rows
from pipeline.timing.watched import MOST_ROWS, Watched, read_watched


class NothingRepeatedError(ValueError):
    """Nothing was bought again in the rows to learn from."""


def train(project: Project, model: TimingModel) -> None:
    """Write `artifacts/trained/MODEL`: the learner, and how it came about.

    Raises
    ------
    NothingRepeatedError
        If nothing was bought again in the rows to learn from.
    """
    name, artifacts = model.name, project.artifacts
    cutoffs = read_timing_cutoffs(artifacts, name)
    own = project.params.models[name]
    with engine(artifacts) as connection:
        learning = read_watched(connection, artifacts, name, cutoffs.train, cutoffs, most=MOST_ROWS)
        later = read_watched(
            connection, artifacts, name, [cutoffs.calibrate], cutoffs, most=MOST_ROWS
        )
    if not _bought(learning):
        raise NothingRepeatedError(
            f"{name}: nothing was bought again between {cutoffs.train[0]} and "
            f"{cutoffs.calibrate} in {len(learning.X):,} rows. Deliver more history."
        )
    with Console(stderr=True).status(f"{name}: training on {len(learning.X):,} rows"):
        learner = model.learner(own.seed).fit(
            learning.X, learning.next_days, learning.watched_days, learning.keys["customer_id"]
        )
        learner.calibrate(later.X, later.next_days, later.watched_days)
    roles = {"train": learning, "calibrate": later}
    with whole_folder(trained_folder(artifacts, name)) as folder:
        learner.save(folder / "learner")
        write_json(
            folder / "training.json",
            {
                "model": name,
                "seed": own.seed,
                "cutoffs": cutoffs._asdict(),
                "rows": {role: len(rows.X) for role, rows in roles.items()},
                "positives": {role: _bought(rows) for role, rows in roles.items()},
                "parameters": {},
                "features": list(learning.X.columns),
                "texts": [n for n in learning.X if n in ("category", "marital_status")],
                "left_out": [],
                "definitions": {
                    "rows": digest(function_code(timing_rows), rows_digest(category_days))
                },
                "data": project.run.fingerprint,
                "learner": folder_digest(folder / "learner"),
            },
        )


def _bought(rows: Watched) -> int:
    return int((rows.next_days <= rows.watched_days).sum())
