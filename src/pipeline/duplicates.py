"""Find the rows that repeat a key, exactly and in little memory."""

from functools import reduce

import ibis
import ibis.expr.types as ir
import numpy as np

from pipeline.checks import POSITION

#: Separates the parts of a key; no text contains it in practice, and nothing rests on that.
SEPARATOR = "\x1f"

COPY = "an exact copy of an earlier row"
CONFLICT = "the same key as an earlier row, with other values"
FIXES = {
    COPY: "nothing to do: the first copy is kept; deliver every row once",
    CONFLICT: "the first row is kept; give every row a key of its own",
}


def repeated_rows(
    connection: ibis.BaseBackend, rows: ir.Table, *, key: tuple[str, ...], count: int
) -> ir.Table | None:
    """Return the position of every row whose key an earlier row has, with the reason.

    Only 64-bit hashes of the keys are held and sorted: 8 bytes a row, where a group-by of the
    keys themselves needs 60 and more. Rows whose hashes meet are then compared in full, so
    that the answer is exact. A null is a value like any other: two rows without a value in
    the same part of the key have the same key.

    Parameters
    ----------
    rows : ibis Table
        Rows that break no other rule; has `_position`.
    key : tuple of str
        Columns that identify a row.
    count : int
        Number of rows.

    Returns
    -------
    Table or None
        Columns `_position` and `reason`; None if no key is repeated.
    """
    parts = [rows[name].cast("string").fill_null("") for name in key]
    hashed = ibis.literal(SEPARATOR).join(parts).hash()
    hashes = np.empty(count, dtype=np.int64)
    filled = 0
    # Not `to_pyarrow_batches`: Ibis 12 calls a method that DuckDB 2.0 no longer has.
    relation = connection.con.sql(connection.compile(rows.select(key=hashed)))
    for batch in relation.to_arrow_reader(1 << 20):
        hashes[filled : filled + len(batch)] = batch.column(0).to_numpy()
        filled += len(batch)
    hashes.sort()
    met = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    del hashes
    if not len(met):
        return None
    suspects = connection.create_table(
        ibis.util.gen_name("suspects"),
        rows.filter(hashed.isin(ibis.memtable({"key": met}).key)),
        temp=True,
    )
    return _repeats(connection, suspects, key)


def _repeats(connection: ibis.BaseBackend, rows: ir.Table, key: tuple[str, ...]) -> ir.Table:
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
    repeats = placed.filter(placed.place > 0).select(POSITION, "reason")
    return connection.create_table(ibis.util.gen_name("repeats"), repeats, temp=True)
