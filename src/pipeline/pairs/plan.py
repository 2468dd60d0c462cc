"""Lay out the cut-offs of a model of pairs, and keep what happened after each of them."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
from ibis import _

from models.definition import PairModel
from pipeline.cutoffs import Cutoffs, TooLittleHistoryError, plan_cutoffs
from pipeline.durable import whole_folder, write_json
from pipeline.fingerprint import file_digest
from pipeline.grain_store import Grains
from pipeline.labels import label_folder, outcome_rows, outcome_span
from pipeline.pairs.moment import Moment
from pipeline.pairs.rows import Bought
from pipeline.planned import Span
from pipeline.project import Project, outcome_window
from pipeline.state_store import build_state

_KEYS = ["customer_id", "product_id"]


def plan(
    project: Project, model: PairModel, grains: Grains, span: Span, as_of: date
) -> Cutoffs | str:
    """Return the cut-offs of a model, or why the data cannot teach it."""
    if "products" not in grains.delivered:
        return "products not delivered."
    grid, own = project.params.snapshots, project.params.models[model.name]
    try:
        return plan_cutoffs(
            as_of,
            first_day=span.first,
            step_days=grid.step_days,
            max_training=min(grid.max_training, model.most_cutoffs),
            **outcome_window(model, own)._asdict(),
        )
    except TooLittleHistoryError as error:
        return str(error)


def build(
    project: Project, model: PairModel, grains: Grains, cutoffs: Cutoffs, *, labelled: bool = True
) -> None:
    """Write the state of every cut-off, and the pairs that were bought in its outcome window.

    Without `labelled`, only the state of the scoring cut-off.

    Pairs without a purchase are not written: there are as many as customers times products.
    """
    artifacts, connection = project.artifacts, grains.connection
    watched = cutoffs.labelled if labelled else ()
    build_state(
        connection,
        grains,
        cutoffs=[*watched, cutoffs.score],
        artifacts=artifacts,
        data=project.run.fingerprint,
    )
    window = outcome_window(model, project.params.models[model.name])
    for as_of in watched:
        opens = as_of + timedelta(days=window.gap_days)
        closes = opens + timedelta(days=window.horizon_days)
        happened = outcome_rows(
            grains, model.label, opens=opens, closes=closes, known_before=cutoffs.score
        )
        pairs = happened.group_by(_KEYS).aggregate(
            label=model.label.outcome(happened), first_on=_.event_on.min()
        )
        pairs = pairs.filter(_.label == 1).drop("label").order_by(_KEYS)
        span = outcome_span(happened)
        with whole_folder(label_folder(artifacts, model.name, as_of)) as folder:
            part = folder / "part-0.parquet"
            connection.to_parquet(pairs, part, compression="zstd")
            count = int(connection.read_parquet(part).count().execute())
            write_json(
                folder / "manifest.json",
                {
                    "model": model.name,
                    "as_of": as_of,
                    "label": model.label.name,
                    **window._asdict(),
                    "known_before": cutoffs.score,
                    "first_outcome": span.first,
                    "last_outcome": span.last,
                    "rows": count,
                    "positives": count,
                    "files": {part.name: file_digest(part)},
                },
            )


def read_bought(project: Project, model: PairModel, moment: Moment) -> Bought:
    """Return what was bought in the outcome window of a moment by customers known then."""
    folder = label_folder(project.artifacts, model.name, moment.as_of)
    pairs = pd.read_parquet(folder / "part-0.parquet")
    who = moment.customers.get_indexer(pd.Index(pairs["customer_id"]))
    what = moment.products.get_indexer(pd.Index(pairs["product_id"]))
    days = (pd.to_datetime(pairs["first_on"]) - pd.Timestamp(moment.as_of)).dt.days
    known = (who >= 0) & (what >= 0)
    return Bought(who[known], what[known].astype(np.int32), days.to_numpy()[known])
