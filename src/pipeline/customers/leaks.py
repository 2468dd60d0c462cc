"""Read what the leak alarms look at, and let each of them look."""

from datetime import date

from ibis.backends.duckdb import Backend

from features.definition import KEYS
from models.definition import Model
from pipeline.alarms import (
    MOST_ROWS,
    Alarm,
    columns_alarm,
    dominance_alarm,
    gap_alarm,
    late_alarm,
    periods_alarm,
    permuted_alarm,
    sampled,
)
from pipeline.customers.train import fit
from pipeline.examples import Examples, read_examples, together
from pipeline.labels import eligible_rows, read_label_manifest
from pipeline.project import Project, outcome_window, read_cutoffs
from pipeline.snapshot_store import read_snapshot


def check_leaks(
    project: Project, model: Model, *, connection: Backend, test: Examples
) -> tuple[Alarm, ...]:
    """Return every leak check of the newest training; those that ring say so.

    Parameters
    ----------
    project : Project
        Whose snapshots, labels and limits to use.
    model : Model
        What is trained.
    connection : Backend
        An engine.
    test : Examples
        The untouched test rows.
    """
    artifacts, limits = project.artifacts, project.params.leaks
    cutoffs, own = read_cutoffs(artifacts, model.name), project.params.models[model.name]

    def some_of(*days: date) -> Examples:
        stored = sum(read_label_manifest(artifacts, model.name, day)["rows"] for day in days)
        one_in = max(1, stored // (2 * MOST_ROWS))
        rows = read_examples(connection, artifacts, model, days, one_in=one_in)
        return sampled(rows, seed=own.seed)

    learning = {
        "train": some_of(*cutoffs.train),
        "tune": some_of(cutoffs.tune),
        "calibrate": some_of(cutoffs.calibrate),
    }
    learned = sampled(together(*learning.values()), seed=own.seed)
    judged = sampled(test, seed=own.seed)
    keys = list(KEYS[model.unit])
    snapshot = read_snapshot(connection, artifacts, model.unit, cutoffs.score)
    rows = eligible_rows(snapshot, model).order_by(keys).to_pandas()
    rows = rows.sample(min(len(rows), MOST_ROWS), random_state=own.seed)
    return (
        columns_alarm(
            learned, sampled(test, seed=own.seed), limit=limits.column_auc, seed=own.seed
        ),
        dominance_alarm(
            lambda **given: fit(model, **given),
            learning=learning,
            test=judged,
            limit=limits.dominance,
            seed=own.seed,
        ),
        periods_alarm(
            judged,
            scored=rows[list(test.X.columns)],
            customers=rows["customer_id"],
            limit=limits.periods_auc,
            seed=own.seed,
        ),
        permuted_alarm(
            lambda **given: fit(model, **given),
            learning=learning,
            test=judged,
            level=limits.permuted_level,
            seed=own.seed,
        ),
        late_alarm(artifacts, model.unit, cutoffs),
        gap_alarm(artifacts, model, cutoffs, outcome_window(model, own)),
    )
