"""What a feature looks like on the newest snapshot: how often it is known, and its values."""

from datetime import date
from pathlib import Path
from typing import NamedTuple

import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend

from features.definition import Coded, Feature, Unit
from pipeline.snapshot_store import SnapshotError, read_snapshot

QUANTILES = {"p01": 0.01, "p25": 0.25, "median": 0.5, "p75": 0.75, "p99": 0.99}
#: So many of the most frequent texts are shown.
TOP = 8


class Profile(NamedTuple):
    """Coverage and distribution of one column.

    Attributes
    ----------
    as_of : date
        The cut-off of the snapshot.
    rows : int
        Rows of the snapshot.
    known_share : float
        Share of rows that are not null, in [0, 1].
    distinct : int
        Distinct values.
    numbers : dict
        `min`, quantiles, `max`, `mean` and `zero_share` (of known values); empty for text.
    texts : dict
        Share of known rows by value, the most frequent first; empty for numbers.
    """

    as_of: date
    rows: int
    known_share: float
    distinct: int
    numbers: dict[str, float]
    texts: dict[str, float]


def newest_snapshot(artifacts: Path, unit: Unit = "customer") -> date:
    """Return the newest cut-off with a snapshot of a unit.

    Raises
    ------
    SnapshotError
        If there is none.
    """
    folders = (artifacts / "snapshots" / unit).glob("as_of=*/manifest.json")
    days = [date.fromisoformat(path.parent.name.removeprefix("as_of=")) for path in folders]
    if not days:
        raise SnapshotError("no snapshot was built yet. Start with `shortlist run --data DIR`.")
    return max(days)


def profile(connection: Backend, artifacts: Path, feature: Feature | Coded) -> Profile | None:
    """Return what a feature looks like; None where the snapshot does not have it.

    Raises
    ------
    SnapshotError
        If no snapshot was built yet.
    """
    is_product = isinstance(feature, Feature) and feature.grain.unit == "product"
    unit: Unit = "product" if is_product else "customer"
    as_of = newest_snapshot(artifacts, unit)
    snapshot = read_snapshot(connection, artifacts, unit, as_of)
    if feature.name not in snapshot.columns:
        return None
    column = snapshot.select(value=_[feature.name])
    whole = column.aggregate(
        rows=_.count(), known=_.value.count(), distinct=_.value.nunique()
    ).to_pandas()
    rows, known = int(whole["rows"].iloc[0]), int(whole["known"].iloc[0])
    is_text = column.value.type().is_string()
    return Profile(
        as_of=as_of,
        rows=rows,
        known_share=known / rows if rows else 0.0,
        distinct=int(whole["distinct"].iloc[0]),
        numbers={} if is_text or not known else _numbers(column),
        texts=_texts(column, known) if is_text else {},
    )


def _numbers(column: ir.Table) -> dict[str, float]:
    value = column.value.cast("float64")
    found = column.aggregate(
        min=value.min(),
        **{name: value.quantile(share) for name, share in QUANTILES.items()},
        max=value.max(),
        mean=value.mean(),
        zero_share=(value == 0).cast("float64").mean(),
    ).to_pandas()
    return {name: float(found[name].iloc[0]) for name in found.columns}


def _texts(column: ir.Table, known: int) -> dict[str, float]:
    counts = (
        column.filter(_.value.notnull())
        .group_by("value")
        .aggregate(rows=_.count())
        .order_by(_.rows.desc(), _.value)
        .limit(TOP)
        .to_pandas()
    )
    return {str(v): int(n) / known for v, n in zip(counts["value"], counts["rows"], strict=True)}
