"""Customers as whole numbers inside the engine: rows are grouped, joined and sorted by them."""

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from pipeline.customer_blocks import CUSTOMER
from pipeline.duck import sql_of

_TABLE = "customer_codes"


class CustomerCodes:
    """A number for each customer of a table, from 0 on, in an order that has no meaning.

    Neighbours by number have nothing in common, so that ranges of numbers are samples: as many
    of them as customers, with about as many rows.

    Parameters
    ----------
    connection : Backend
        Engine that holds them.
    customers : Table
        Rows of all customers that anybody will ask for.
    """

    def __init__(self, connection: Backend, customers: ir.Table) -> None:
        self._connection = connection
        ids = sql_of(connection, customers.select(CUSTOMER).distinct())
        order = f"hash({CUSTOMER}), {CUSTOMER}"
        connection.raw_sql(
            f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS SELECT {CUSTOMER}, "  # noqa: S608 - our own words
            f"CAST(row_number() OVER (ORDER BY {order}) - 1 AS INTEGER) AS code FROM ({ids})"
        )
        self._table = connection.table(_TABLE)
        self.count = int(self._table.count().execute())

    def coded(self, rows: ir.Table) -> ir.Table:
        """Return rows with the number of each customer as id, without those of nobody known."""
        if CUSTOMER not in rows.columns:
            return rows
        own = self._table.rename(id_of_code=CUSTOMER)
        found = rows.join(own, rows[CUSTOMER] == own.id_of_code)
        return found.select(
            **{name: found.code if name == CUSTOMER else found[name] for name in rows.columns}
        )

    def named(self, rows: ir.Table) -> ir.Table:
        """Return rows with the customers' own ids in place of the numbers."""
        own = self._table.rename(id_of_code=CUSTOMER)
        found = rows.join(own, rows[CUSTOMER] == own.code)
        return found.select(
            **{name: found.id_of_code if name == CUSTOMER else found[name] for name in rows.columns}
        )

    def drop(self) -> None:
        """Forget them."""
        self._connection.raw_sql(f"DROP TABLE IF EXISTS {_TABLE}")
