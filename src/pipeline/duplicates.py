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
    count: int,
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
    count : int
        Number of rows.
    refused : ibis Table, optional
        Has the `_position` of rows that break another rule; they repeat nothing.

    Returns
    -------
    Table or None
        Columns `_position` and `reason`; None if no key is repeated.
    """
    parts = [rows[name].cast("string").fill_null("") for name in key]
    hashed = ibis.literal(SEPARATOR).join(parts).hash()
    met = _met(connection, rows.select(key=hashed), count)
    if not len(met):
        return None
    alike = rows.filter(hashed.isin(ibis.memtable({"key": met}).key)).select(POSITION)
    alike = connection.create_table(ibis.util.gen_name("alike"), alike, temp=True)
    suspects = rows.filter(rows[POSITION].isin(alike[POSITION]))
    if refused is not None:
        suspects = suspects.filter(~suspects[POSITION].isin(refused[POSITION]))
    suspects = connection.create_table(ibis.util.gen_name("suspects"), suspects, temp=True)
    repeats = _repeats(suspects, key)
    return connection.create_table(ibis.util.gen_name("repeats"), repeats, temp=True)


def _met(connection: ibis.BaseBackend, keys: ir.Table, count: int) -> np.ndarray:
    """Return the hashes that several rows have."""
    hashes = np.empty(count, dtype=np.int64)
    filled = 0
    # Not `to_pyarrow_batches`: Ibis 12 calls a method that DuckDB 2.0 no longer has.
    for batch in connection.con.sql(connection.compile(keys)).to_arrow_reader(_BATCH_ROWS):
        hashes[filled : filled + len(batch)] = batch.column(0).to_numpy()
        filled += len(batch)
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


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
