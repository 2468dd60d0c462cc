"""Count rows into bins: hundreds of columns in one pass of DuckDB over Parquet."""

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
        """Return rows by bin: known values, then all others, then missing ones.

        Parameters
        ----------
        found : mapping, optional
            What DuckDB's histogram says; it leaves out missing values, and bins without a row
            where there is none at all.
        rows : int
            All rows, missing values included.
        """
        found = found or {}
        if self.edges is not None:
            known = [int(found.get(edge, 0)) for edge in self.edges]
            others = int(found.get(float("inf"), 0))
        else:
            known = [int(found.get(value, 0)) for value in self.values or ()]
            others = int(found.get("", 0))
        return [*known, others, rows - sum(known) - others]


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
    total, columns = 0, {}
    for some in _portions(list(bins)):
        answer = _one_row(connection, rows, some, ["count(*)", *(_asked(c, bins[c]) for c in some)])
        total = int(answer[0])
        for column, said in zip(some, answer[1:], strict=True):
            columns[column] = bins[column].counts(said, rows=total)
    return Counted(total, columns)


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
    if bins.edges is not None:
        if not bins.edges:
            return f"map(['inf'::DOUBLE], [count({name})])"
        return f"histogram({name}::DOUBLE, {list(bins.edges)}::DOUBLE[])"
    if not bins.values:
        return f"map([''], [count({name})])"
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
