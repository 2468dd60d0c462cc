"""Whether engines computed the same: row by row, column by column."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from columns import NAMES

#: How far two numbers may be apart, of their value: sums of decimals depend on their order.
TOLERANCE = 1e-9


def rows_of(folder: Path, day: str) -> pa.Table:
    """Return a snapshot that an engine wrote, by customer."""
    parts = sorted(folder.rglob(f"*{day}/*.parquet")) or [folder / f"{day}.parquet"]
    whole = pa.concat_tables(
        pq.ParquetFile(one).read(columns=["customer_id", *NAMES]) for one in parts
    )
    return whole.sort_by("customer_id")


def compare(ours: pa.Table, theirs: pa.Table) -> float:
    """Return how far numbers are apart at most, of their value.

    Raises
    ------
    SystemExit
        If rows, texts, whole numbers or nulls differ, or a number by more than the tolerance.
    """
    if not _plain(ours["customer_id"]).equals(_plain(theirs["customer_id"])):
        raise SystemExit("the engines have different customers")
    return max(_apart(name, ours[name], theirs[name]) for name in NAMES)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    kind = column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return column.cast(pa.float64() if is_number else pa.string()).combine_chunks()


def _apart(name: str, one: pa.ChunkedArray, other: pa.ChunkedArray) -> float:
    is_whole = pa.types.is_integer(one.type)
    left, right = _plain(one), _plain(other)
    if not left.is_null().equals(right.is_null()):
        raise SystemExit(f"{name} is null in different rows")
    if left.equals(right):
        return 0.0
    if is_whole or pa.types.is_string(left.type):
        raise SystemExit(f"{name} differs")
    a, b = (column.fill_null(0.0).to_numpy() for column in (left, right))
    apart = np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1.0)
    if apart.max() > TOLERANCE:
        raise SystemExit(f"{name} differs by {apart.max():.1e} of its value")
    return float(apart.max())
