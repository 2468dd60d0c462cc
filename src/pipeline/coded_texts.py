"""Texts as numbers inside the engine: rows that several statements group are hashed faster."""

from collections.abc import Collection, Mapping
from itertools import count

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from pipeline.customer_blocks import CUSTOMER
from pipeline.customer_codes import CustomerCodes
from pipeline.duck import as_it_is_called, sql_of
from pipeline.engine import joins_in_order

_numbers = count()


class CodedTexts:
    """Copies of tables in which some texts are numbers, and read as the texts they stand for.

    One dictionary a column name: the texts of all tables that are coded together, sorted, so
    that numbers compare as their texts do. DuckDB calls such a type an enumeration; Ibis takes
    it for the text that it is.

    Parameters
    ----------
    connection : Backend
        Engine that holds the copies.
    tables : mapping of str to Table
        What is going to be copied, by name, in the columns wanted.
    texts : collection of str
        Names of the columns to code. Those of which nearly every row differs gain nothing.
    customers : CustomerCodes
        Numbers that take the place of the customers' ids.
    in_order : bool
        Whether rows of customers are held in the order of these.
    """

    def __init__(
        self,
        connection: Backend,
        tables: Mapping[str, ir.Table],
        texts: Collection[str],
        customers: CustomerCodes,
        *,
        in_order: bool = False,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._texts = texts
        self._customers = customers
        self._in_order = in_order
        self._prefix = f"coded_{next(_numbers)}"
        self._types: list[str] = []
        self._held: list[str] = []

    def __contains__(self, name: object) -> bool:
        """Tell whether a table is copied."""
        return name in self._tables

    def held(self, name: str) -> ir.Table:
        """Return the coded copy of a table, made at the first call."""
        rows, own = self._customers.coded(self._tables[name]), f"{self._prefix}_{name}"
        if own not in self._held:
            texts = [column for column in rows.columns if column in self._texts]
            for column in texts:
                self._make_dictionary(column)
            with joins_in_order(self._connection):
                self._connection.raw_sql(self._statement(own, rows, texts))
            self._held.append(own)
        return as_it_is_called(self._connection, own, rows.schema())

    def drop(self) -> None:
        """Free the memory of all copies and dictionaries."""
        for name in self._held:
            self._connection.raw_sql(f'DROP TABLE IF EXISTS "{name}"')
        for column in self._types:
            self._connection.raw_sql(f'DROP TABLE IF EXISTS "{self._dictionary(column)}"')
            self._connection.raw_sql(f'DROP TYPE IF EXISTS "{self._type(column)}"')
        self._held.clear()
        self._types.clear()

    def _make_dictionary(self, column: str) -> None:
        if column in self._types:
            return
        texts = " UNION ".join(
            f'SELECT DISTINCT "{column}" AS text FROM ({sql_of(self._connection, one[[column]])})'  # noqa: S608 - our own names
            for one in self._tables.values()
            if column in one.columns
        )
        own, kind = self._dictionary(column), self._type(column)
        self._connection.raw_sql(
            f'CREATE TEMP TABLE "{own}" AS FROM ({texts}) WHERE text IS NOT NULL'
        )
        self._connection.raw_sql(
            f'CREATE TEMP TYPE "{kind}" AS ENUM (SELECT text FROM "{own}" ORDER BY text)'  # noqa: S608 - our own names
        )
        self._connection.raw_sql(
            f'CREATE OR REPLACE TEMP TABLE "{own}" AS '  # noqa: S608 - our own names
            f'SELECT text, CAST(text AS "{kind}") AS code FROM "{own}"'
        )
        self._types.append(column)

    def _statement(self, own: str, rows: ir.Table, texts: Collection[str]) -> str:
        """Return what makes a copy; looking texts up by a join is five times faster than a cast."""
        columns = ", ".join(
            f'"of_{name}".code AS "{name}"' if name in texts else f'rows."{name}"'
            for name in rows.columns
        )
        joins = " ".join(
            f'LEFT JOIN "{self._dictionary(name)}" AS "of_{name}" '
            f'ON rows."{name}" = "of_{name}".text'
            for name in texts
        )
        order = f"ORDER BY {CUSTOMER}" if self._in_order and CUSTOMER in rows.columns else ""
        return (
            f'CREATE TEMP TABLE "{own}" AS SELECT {columns} '  # noqa: S608 - our own names
            f"FROM ({sql_of(self._connection, rows)}) AS rows {joins} {order}"
        )

    def _dictionary(self, column: str) -> str:
        return f"{self._prefix}_texts_of_{column}"

    def _type(self, column: str) -> str:
        return f"{self._prefix}_{column}"
