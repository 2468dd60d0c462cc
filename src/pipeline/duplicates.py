"""Find the rows that repeat a key, exactly and in little memory."""

from functools import reduce

import ibis
import ibis.expr.types as ir
import numpy as np

from pipeline.checks import POSITION

#: Separates the parts of a key; no text contains it in practice, and nothing rests on that.
SEPARATOR = "\x1f"

_BATCH_ROWS = 1 << 20

COPY = "an exact copy of an earlier row"
CONFLICT = "the same key as an earlier row, with other values"
FIXES = {
    COPY: "nothing to do: the first copy is kept; deliver every row once",
    CONFLICT: "the first row is kept; give every row a key of its own",
}


def repeated_rows(
    connection: ibis.BaseBackend,
    rows: ir.Table,
    *,
    key: tuple[str, ...],
    hashes: np.ndarray,
    refused: ir.Table | None = None,
) -> ir.Table | None:
    """Return the position of every row whose key an earlier row has, with the reason.

    Only 64-bit hashes of the keys are held and sorted: 8 bytes a row, where a group-by of the
    keys themselves needs 60 and more. Rows whose hashes meet are then compared in full, so
    that the answer is exact. A null is a value like any other: two rows without a value in
    the same part of the key have the same key.

    Parameters
    ----------
    rows : ibis Table
        All rows; has `_position`.
    key : tuple of str
        Columns that identify a row.
    hashes : array of shape (n_rows,)
        Of the keys, as `key_hashes` returns them.
    refused : ibis Table, optional
        Has the `_position` of rows that break another rule; they repeat nothing.

    Returns
    -------
    Table or None
        Columns `_position` and `reason`; None if no key is repeated.
    """
    met = met_twice(hashes)
    if not len(met):
        return None
    suspects = rows_that_met(connection, rows, met, key=key, refused=refused)
    repeats = _repeats(suspects, key)
    return connection.create_table(ibis.util.gen_name("repeats"), repeats, temp=True)


def rows_that_met(
    connection: ibis.BaseBackend,
    rows: ir.Table,
    met: np.ndarray,
    *,
    key: tuple[str, ...],
    refused: ir.Table | None = None,
) -> ir.Table:
    """Return the rows whose keys have some hashes, but for those that break another rule."""
    found = _hashed(rows, key).isin(ibis.memtable({"key": met}).key)
    alike = rows.filter(found).select(POSITION)
    alike = connection.create_table(ibis.util.gen_name("alike"), alike, temp=True)
    suspects = rows.filter(rows[POSITION].isin(alike[POSITION]))
    if refused is not None:
        suspects = suspects.filter(~suspects[POSITION].isin(refused[POSITION]))
    return connection.create_table(ibis.util.gen_name("suspects"), suspects, temp=True)


def met_twice(hashes: np.ndarray) -> np.ndarray:
    """Return the hashes that occur more than once among sorted ones."""
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def common(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the values that two sorted arrays share; the shorter one is looked up.

    Examples
    --------
    >>> common(np.array([1, 4, 9]), np.array([2, 4, 4, 9, 11])).tolist()
    [4, 9]
    """
    short, long = sorted((some, others), key=len)
    if not len(short):
        return short
    places = np.minimum(np.searchsorted(long, short), len(long) - 1)
    return np.unique(short[long[places] == short])


def key_hashes(
    connection: ibis.BaseBackend, rows: ir.Table, *, key: tuple[str, ...], count: int
) -> np.ndarray:
    """Return the hashes of the keys of all rows, sorted."""
    keys = rows.select(key=_hashed(rows, key))
    hashes = np.empty(count, dtype=np.int64)
    filled = 0
    # Not `to_pyarrow_batches`: Ibis 12 calls a method that DuckDB 2.0 no longer has.
    for batch in connection.con.sql(connection.compile(keys)).to_arrow_reader(_BATCH_ROWS):
        hashes[filled : filled + len(batch)] = batch.column(0).to_numpy()
        filled += len(batch)
    hashes.sort()
    return hashes


def _hashed(rows: ir.Table, key: tuple[str, ...]) -> ir.IntegerValue:
    parts = [rows[name].cast("string").fill_null("") for name in key]
    return ibis.literal(SEPARATOR).join(parts).hash()


def repeats_of_earlier(
    connection: ibis.BaseBackend,
    rows: ir.Table,
    earlier: ir.Table,
    *,
    key: tuple[str, ...],
    within: ir.Table | None,
) -> ir.Table:
    """Return the position of every row that repeats one of an earlier file, or of its own.

    Parameters
    ----------
    rows : ibis Table
        Rows that may repeat others; has `_position`.
    earlier : ibis Table
        Accepted rows of earlier files: each key once.
    key : tuple of str
        Columns that identify a row.
    within : ibis Table, optional
        What repeats a row of its own file, as `repeated_rows` says.

    Returns
    -------
    Table
        Columns `_position` and `reason`.
    """
    facts = [name for name in earlier.columns if name in rows.columns]
    first = earlier.select(**{f"first_{name}": earlier[name] for name in facts})
    joined = rows.join(first, [rows[name].identical_to(first[f"first_{name}"]) for name in key])
    same = [joined[name].identical_to(joined[f"first_{name}"]) for name in facts]
    repeats = joined.select(
        POSITION, reason=reduce(lambda a, b: a & b, same).ifelse(COPY, CONFLICT)
    )
    if within is not None:
        repeats = repeats.union(within.filter(~within[POSITION].isin(repeats[POSITION])))
    return connection.create_table(ibis.util.gen_name("repeats"), repeats, temp=True)


def _repeats(rows: ir.Table, key: tuple[str, ...]) -> ir.Table:
    """Compare rows in full: the first of each key stays."""
    in_order = ibis.window(group_by=key, order_by=POSITION)
    facts = [name for name in rows.columns if not name.startswith("_")]
    same = [
        rows[name].identical_to(rows[name].first(include_null=True).over(in_order))
        for name in facts
    ]
    placed = rows.select(
        POSITION,
        place=ibis.row_number().over(in_order),
        reason=reduce(lambda a, b: a & b, same).ifelse(COPY, CONFLICT),
    )
    return placed.filter(placed.place > 0).select(POSITION, "reason")
