"""Whether the level holds in every kind of customer: observed over expected by segment."""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from features.card import card_state
from features.definition import Feature
from features.habit import favourite_store_format, favourite_store_region, online_order_share
from features.person import age_years, gender, home_region, life_stage, preferred_language
from features.recency import tenure_days
from pipeline.evaluation import Figure
from pipeline.report.curves import figure, ratio_by_part
from pipeline.snapshot_store import SnapshotError, read_snapshot

#: A segmentation shows at most so many segments; the smaller ones are put together.
MOST = 8
OTHERS = "(others)"
MISSING = "(missing)"  # as `by_segment` calls what is not known
_LAST = 1_000_000


class Segment(BaseModel):
    """One kind of customer; `ratio` is observed over expected, none where it has no value."""

    model_config = ConfigDict(frozen=True)

    name: str
    rows: int
    positives: int
    promised: float
    ratio: Figure | None


class Segmentation(BaseModel):
    """Customers by one of their properties."""

    model_config = ConfigDict(frozen=True)

    column: str
    label: dict[str, str]
    segments: list[Segment]


def _cut(*limits: float) -> Callable[[pd.Series], pd.Series]:
    """Return a function that names the band of a number: `< 25`, `25-34`, `65+`."""
    ends = [int(limit) for limit in limits]
    names = [
        f"< {ends[0]}",
        *(f"{low}-{high - 1}" for low, high in pairwise(ends)),
        f"{ends[-1]}+",
    ]

    def named(values: pd.Series) -> pd.Series:
        edges = [-np.inf, *limits, np.inf]
        return pd.cut(values.astype("float64"), edges, right=False, labels=names).astype(object)

    return named


def _channels(online: pd.Series) -> pd.Series:
    share = online.astype("float64")
    kinds = np.select([share == 0, share == 1, share.notna()], ["store", "online", "both"], "")
    return pd.Series(kinds, index=online.index, dtype=object).replace("", None)


def _as_text(values: pd.Series) -> pd.Series:
    return values.astype(object)


#: By what customers are told apart: columns of every customer's snapshot, and how to name a
#: value. None of them identifies a person or tells of an illness.
BY: Mapping[Feature, Callable[[pd.Series], pd.Series]] = {
    home_region: _as_text,
    favourite_store_region: _as_text,
    favourite_store_format: _as_text,
    online_order_share: _channels,
    age_years: _cut(25, 35, 45, 55, 65),
    gender: _as_text,
    life_stage: _as_text,
    preferred_language: _as_text,
    tenure_days: _cut(90, 365, 730, 1460),
    card_state: lambda state: _as_text(state).where(state.notna(), "never"),
}


def read_segments(
    connection: Backend, artifacts: Path, as_of: date, customers: pd.Series
) -> pd.DataFrame:
    """Return the segment of each customer by every property that was delivered.

    Parameters
    ----------
    connection : Backend
        An engine.
    artifacts : Path
        The folder that holds everything produced.
    as_of : date
        Cut-off of the snapshot.
    customers : Series of shape (n_rows,)
        The customer of each row.

    Returns
    -------
    DataFrame of shape (n_rows, n_properties)
        Texts, by the name of the feature; None where unknown. No column where the data hold
        no snapshot of customers.
    """
    try:
        snapshot = read_snapshot(connection, artifacts, "customer", as_of)
    except SnapshotError:
        return pd.DataFrame(index=customers.index)
    by = [one for one in BY if one.name in snapshot.columns]
    known = snapshot.select("customer_id", *(one.name for one in by)).to_pandas()
    rows = known.set_index("customer_id").reindex(customers)
    return pd.DataFrame(
        {one.name: BY[one](rows[one.name]).to_numpy() for one in by}, index=customers.index
    )


def segments_of(
    y: NDArray[Any],
    score: NDArray[Any],
    segments: pd.DataFrame,
    *,
    groups: ArrayLike | None,
    **options: Any,
) -> list[Segmentation]:
    """Return observed over expected with its interval in every segment.

    A property that is the same for all, or of which nothing is known, is left out.
    """
    found = []
    labels = {one.name: dict(one.label) for one in BY}
    for column in segments:
        name = str(column)
        text = segments[column].where(segments[column].notna(), None)
        largest = text.value_counts(dropna=False).index[:MOST]
        if len(text.value_counts()) == 0 or len(largest) < 2:  # noqa: PLR2004 - nothing to compare
            continue
        pooled = np.where(text.isin(largest) | text.isna(), text, OTHERS)
        parts = ratio_by_part(y, score, pooled, groups=groups, **options)
        shown = np.where(pd.isna(pooled), MISSING, pooled.astype(str))
        found.append(
            Segmentation(
                column=name,
                label=labels[name],
                segments=[
                    Segment(
                        name=segment,
                        rows=part.rows,
                        positives=part.positives,
                        promised=float(score[shown == segment].mean()),
                        ratio=figure(part.estimate) if part.estimate else None,
                    )
                    for segment, part in sorted(parts.items(), key=lambda one: _place(one[0]))
                ],
            )
        )
    return found


def _place(segment: str) -> int:
    """Return where a segment is shown: bands by their numbers, others by size, unknown last."""
    if segment.startswith("<"):
        return -1
    first = segment.split("-", maxsplit=1)[0].removesuffix("+")
    return int(first) if first.isdecimal() else _LAST * (segment == MISSING)
