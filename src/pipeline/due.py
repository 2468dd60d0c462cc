"""Purchases that are due within some days, read from a score set of dates."""

from datetime import date, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

import duckdb
import pyarrow as pa

from pipeline.score_set import parts, read_score_set, stored_schema

By = Literal["due", "window"]


class NothingDueError(ValueError):
    """A category is asked for that has no scores."""


class Due(NamedTuple):
    """Rows of a score set, most likely first, and the cut-off that they were made at."""

    as_of: date
    rows: pa.Table


def read_due(
    artifacts: Path,
    score_set: str,
    *,
    within_days: int,
    by: By = "due",
    model: str = "repurchase_timing",
    category: str | None = None,
    at_least: float = 0.0,
) -> Due:
    """Return the rows whose due date, or contact window, comes before `as_of + within_days`.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    score_set : str
        Which scores.
    within_days : int
        Days from the cut-off on, at least 1: with 7, those who run out in the coming week.
    by : str
        `"due"`: the due date comes in these days. `"window"`: the contact window is open on one
        of them, which it is far earlier, and for many more.
    model : str
        Whose scores.
    category : str, optional
        Only this one.
    at_least : float
        Lowest probability.

    Raises
    ------
    NothingDueError
        If nobody has a score in the category.
    UnknownScoreSetError, DamagedScoreSetError
        If the scores cannot be read.
    """
    stored = read_score_set(artifacts, model, score_set)
    until = stored.as_of + timedelta(days=within_days)
    with duckdb.connect() as connection:
        scores = connection.read_parquet([str(path) for path in parts(artifacts, stored)])
        if category is not None:
            scores = scores.filter(
                duckdb.ColumnExpression("category") == duckdb.ConstantExpression(category)
            )
            if not scores.limit(1).fetchall():
                names = connection.read_parquet(
                    [str(path) for path in parts(artifacts, stored)]
                ).unique("category")
                known = ", ".join(sorted(str(name) for (name,) in names.fetchall()))
                raise NothingDueError(f"nobody has a score for {category}. There are: {known}.")
        day = duckdb.ColumnExpression("due_on" if by == "due" else "opens_on")
        likely = duckdb.ColumnExpression("probability")
        kept = scores.filter(
            (day < duckdb.ConstantExpression(until))
            & (likely >= duckdb.ConstantExpression(at_least))
        )
        rows = kept.order("probability DESC, customer_id, category").to_arrow_table()
    return Due(stored.as_of, rows.cast(stored_schema(artifacts, stored)))
