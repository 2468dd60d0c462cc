"""Count rows into bins: hundreds of columns in one pass over Parquet.

DuckDB reads and casts; numbers are counted here. To compare a column with nineteen edges, one
after the other, costs 3 ns a value, to look each value up among them (its `histogram`) 10 to 30.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ibis.expr.types as ir
import numpy as np
from ibis.backends.duckdb import Backend
from pydantic import BaseModel, ConfigDict

#: Numbers fall into so many bins of equal mass of the first reference, texts into so many
#: values of their own.
BINS, VALUES = 20, 50
#: From so many rows on bins are laid by a part of the customers: quantiles need no more.
ENOUGH_ROWS = 200_000
#: Columns that are looked at in one query; histograms of all at once would cost memory.
AT_ONCE = 100
#: Rows of a batch: a column of one stays in the processor's cache while it is compared.
ROWS_AT_ONCE = 65_536


class Bins(BaseModel):
    """Where the rows of one column are counted.

    Attributes
    ----------
    edges : tuple of float, optional
        Upper ends of all bins of numbers but the last, ascending; a value equal to an edge
        lies below it.
    values : tuple of str, optional
        The texts that have a bin of their own.
    """

    model_config = ConfigDict(frozen=True)

    edges: tuple[float, ...] | None = None
    values: tuple[str, ...] | None = None

    def counts(self, found: Mapping[Any, int] | None, *, rows: int) -> list[int]:
        """Return rows by value of a text: known ones, then all others, then missing ones.

        Parameters
        ----------
        found : mapping of str to int, optional
            Rows of each text; none where every value is missing.
        rows : int
            All rows, missing values included.
        """
        found = found or {}
        known = [int(found.get(value, 0)) for value in self.values or ()]
        return [*known, sum(found.values()) - sum(known), rows - sum(found.values())]


class Counted(NamedTuple):
    """Rows at one cut-off, by column and bin.

    Attributes
    ----------
    rows : int
        Number of rows.
    columns : dict of str to list of int
        Rows by bin; the last bin holds the missing values, the one before all other values.
    """

    rows: int
    columns: dict[str, list[int]]

    def array(self, column: str) -> np.ndarray:
        """Return the counts of a column, of shape (n_bins,)."""
        return np.asarray(self.columns[column], dtype=np.float64)


def lay_bins(connection: Backend, rows: ir.Table, columns: Sequence[str]) -> dict[str, Bins]:
    """Return bins for some columns: quantiles of numbers, the most frequent texts.

    Parameters
    ----------
    connection : Backend
        Engine that holds the rows.
    rows : Table
        The first reference, with `customer_id`; a part of it is looked at where it is long.
    columns : sequence of str
        Which of its columns.
    """
    types = rows.schema()
    count = int(rows.count().execute())
    one_in = max(1, count // ENOUGH_ROWS)
    if one_in > 1:
        rows = rows.filter(rows.customer_id.hash().abs() % one_in == 0)
    found: dict[str, Bins] = {}
    shares = [number / BINS for number in range(1, BINS)]
    for some in _portions(columns):
        asked = [
            f"histogram({_name(one)})"
            if types[one].is_string()
            else f"quantile_disc({_name(one)}::DOUBLE, {shares})"
            for one in some
        ]
        answer = _one_row(connection, rows, some, asked)
        for one, said in zip(some, answer, strict=True):
            if types[one].is_string():
                named = {name: count for name, count in (said or {}).items() if name}
                most = sorted(named.items(), key=lambda item: (-item[1], item[0]))
                found[one] = Bins(values=tuple(name for name, _ in most[:VALUES]))
            else:
                found[one] = Bins(edges=tuple(sorted(set(said or ()))))
    return found


def count_rows(connection: Backend, rows: ir.Table, bins: Mapping[str, Bins]) -> Counted:
    """Count rows into bins, column by column.

    Parameters
    ----------
    connection : Backend
        Engine that holds the rows.
    rows : Table
        Has a column for each of the bins.
    bins : mapping of str to Bins
        By column.
    """
    total = 0
    columns: dict[str, list[int]] = {}
    edges = {name: one.edges for name, one in bins.items() if one.edges is not None}
    for some in _portions(list(edges)):
        total, counted = _count_numbers(connection, rows, {name: edges[name] for name in some})
        columns |= counted
    for some in _portions([name for name in bins if name not in edges]):
        answer = _one_row(connection, rows, some, ["count(*)", *(_asked(c, bins[c]) for c in some)])
        total = int(answer[0])
        for column, said in zip(some, answer[1:], strict=True):
            columns[column] = bins[column].counts(said, rows=total)
    return Counted(total, {name: columns[name] for name in bins})


def _count_numbers(
    connection: Backend, rows: ir.Table, edges: Mapping[str, Sequence[float]]
) -> tuple[int, dict[str, list[int]]]:
    """Return the number of rows, and the rows of each column by bin, the missing ones last."""
    numbers = ", ".join(f"{_name(one)}::DOUBLE" for one in edges)
    query = f"SELECT {numbers} FROM ({connection.compile(rows.select(*edges))})"  # noqa: S608 - names of our columns
    # Up to each edge, and up to infinity: all that are not missing.
    ends = [(*own, np.inf) for own in edges.values()]
    up_to = [np.zeros(len(own), dtype=np.int64) for own in ends]
    is_below, total = np.empty(ROWS_AT_ONCE, dtype=np.bool_), 0
    for batch in connection.con.sql(query).to_arrow_reader(ROWS_AT_ONCE):
        total += len(batch)
        below = is_below[: len(batch)]
        for column, own, counts in zip(batch.columns, ends, up_to, strict=True):
            values = column.to_numpy(zero_copy_only=False)
            for place, edge in enumerate(own):
                np.less_equal(values, edge, out=below)
                counts[place] += np.count_nonzero(below)
    return total, {
        name: [*(int(count) for count in np.diff(counts, prepend=0)), total - int(counts[-1])]
        for name, counts in zip(edges, up_to, strict=True)
    }


def count_values(values: np.ndarray, edges: Sequence[float]) -> list[int]:
    """Count numbers in memory as `count_rows` counts them in the engine; NaN is missing.

    Examples
    --------
    >>> count_values(np.array([1.0, 2.0, 2.5, np.nan]), [1.0, 2.0])
    [1, 1, 1, 1]
    """
    known = values[~np.isnan(values)]
    places = np.searchsorted(np.asarray(edges), known)
    counts = np.bincount(places, minlength=len(edges) + 1)
    return [*(int(count) for count in counts), int(values.size - known.size)]


def _asked(column: str, bins: Bins) -> str:
    name = _name(column)
    if not bins.values:
        return f"map([''], [count({name})])"
    if len(bins.values) < VALUES:
        # All that there were have a bin: few others have come, and this is five times as fast.
        return f"histogram({name})"
    values = ", ".join("'" + value.replace("'", "''") + "'" for value in bins.values)
    # All that has no bin of its own is counted under the empty text.
    return f"histogram_exact({name}, [{values}])"


def _one_row(
    connection: Backend, rows: ir.Table, columns: Sequence[str], asked: Sequence[str]
) -> list[Any]:
    statement = connection.compile(rows.select(*columns))
    query = f"SELECT {', '.join(asked)} FROM ({statement})"  # noqa: S608 - names of our columns
    (answer,) = connection.raw_sql(query).fetchall()
    return list(answer)


def _portions(columns: Sequence[str]) -> list[list[str]]:
    return [list(columns[at : at + AT_ONCE]) for at in range(0, len(columns), AT_ONCE)]


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
