"""Order-independent hashes of rows: whether anything changed, and whose rows did."""

from collections.abc import Sequence
from typing import Any

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

#: Sums of hashes are taken modulo this, so that they fit whatever the number of rows.
MODULUS = 2**64


def hashed_rows(
    connection: Backend, rows: ir.Table, columns: Sequence[str], *by: str
) -> list[tuple[Any, ...]]:
    """Return the number of rows and the sum of their hashes by some columns."""
    statement = f"{_sums(connection, rows, columns, by)} HAVING count(*) > 0"
    return list(connection.raw_sql(statement).fetchall())


def whole_hash(connection: Backend, rows: ir.Table) -> list[int]:
    """Return the number of all rows and the sum of their hashes; nothing without a row."""
    return [
        part
        for number, hashes in hashed_rows(connection, rows, rows.columns)
        for part in (number, int(hashes) % MODULUS)
    ]


def hashes_by_customer(connection: Backend, rows: ir.Table) -> str:
    """Return a query for `customer_id`, the number of the customer's rows, and their hash.

    Rows of nobody have no part in it.
    """
    named = rows.filter(rows.customer_id.notnull())
    sums = _sums(connection, named, rows.columns, ("customer_id",), names=("rows", "total"))
    return (
        f"SELECT customer_id, rows, CAST(CAST(total AS HUGEINT) % {MODULUS} AS UBIGINT) AS hash "  # noqa: S608 - our own names
        f"FROM ({sums})"
    )


def _sums(
    connection: Backend,
    rows: ir.Table,
    columns: Sequence[str],
    by: Sequence[str],
    *,
    names: tuple[str, str] = ("number", "total"),
) -> str:
    hashed = ", ".join(f'"{name}"' for name in sorted(columns))
    keys = "".join(f"{one}, " for one in by)
    number, total = names
    return (
        f"SELECT {keys} count(*) AS {number}, CAST(sum(hash({hashed})) AS VARCHAR) AS {total} "  # noqa: S608 - our own names
        f"FROM ({connection.compile(rows)}) GROUP BY ALL"
    )
