"""Rows as they were stored, with how long each was watched."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend

from pipeline.labels import label_folder, read_label_manifest
from pipeline.timing.cutoffs import TimingCutoffs
from pipeline.timing.rows import KEY

#: Rows that are learned from: beyond it, one in so many customers is.
MOST_ROWS = 400_000
#: Nothing is learned from what happened longer after a cut-off: the row is stale by then.
LONGEST_WATCHED = 182


class Watched(NamedTuple):
    """Rows of one or more cut-offs.

    Attributes
    ----------
    keys : DataFrame of shape (n_rows, 2)
        Customer and category.
    X : DataFrame of shape (n_rows, n_columns)
        What was known at the cut-off, the category among it.
    next_days : array of shape (n_rows,)
        Day of the next purchase, 1 is the cut-off's own; NaN where none was seen.
    watched_days : array of shape (n_rows,)
        How many days were watched.
    """

    keys: pd.DataFrame
    X: pd.DataFrame
    next_days: np.ndarray
    watched_days: np.ndarray

    def bought_within(self, *, gap_days: int, horizon_days: int) -> np.ndarray:
        """Return 1 where the next purchase lies in the window, else 0."""
        inside = (self.next_days > gap_days) & (self.next_days <= gap_days + horizon_days)
        return inside.astype(np.int8)


def read_watched(
    connection: Backend,
    artifacts: Path,
    model: str,
    days: Sequence[date],
    cutoffs: TimingCutoffs,
    *,
    most: int | None = None,
) -> Watched:
    """Read the rows of some cut-offs, ordered by cut-off and key.

    With `most`, customers are left out, whole and always the same, where there are more rows.
    """
    stored = sum(read_label_manifest(artifacts, model, day)["rows"] for day in days)
    one_in = 1 if most is None else max(1, -(-stored // most))
    frames = []
    for as_of in days:
        rows = _stored(connection, artifacts, model, as_of)
        if one_in > 1:
            rows = rows.filter(rows.customer_id.hash().abs() % one_in == 0)
        until = cutoffs.watched_until[as_of]
        watched = min((until - as_of).days, LONGEST_WATCHED)
        frames.append(rows.order_by(KEY).to_pandas().assign(watched_days=watched))
    rows = pd.concat(frames, ignore_index=True)
    following = rows.pop("next_days").to_numpy(np.float64)
    watched = rows.pop("watched_days").to_numpy(np.float64)
    return Watched(rows[KEY], rows.drop(columns="customer_id"), following, watched)


def read_scored(connection: Backend, artifacts: Path, model: str, as_of: date) -> pd.DataFrame:
    """Read the rows of the scoring cut-off."""
    frame: pd.DataFrame = _stored(connection, artifacts, model, as_of).order_by(KEY).to_pandas()
    return frame


def _stored(connection: Backend, artifacts: Path, model: str, as_of: date) -> ir.Table:
    """Return the rows of a cut-off, without its date, which DuckDB would read off the folder.

    A learner that saw it would learn the calendar.
    """
    files = label_folder(artifacts, model, as_of) / "*.parquet"
    return connection.read_parquet(files, hive_partitioning=False)
