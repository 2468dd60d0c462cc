"""Tables of facts, divided into blocks of customers: each customer's rows whole."""

from collections.abc import Callable
from pathlib import Path

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from pipeline.duck import quoted
from pipeline.engine import scratch_folder

CUSTOMER = "customer_id"


class CustomerBlocks:
    """Blocks of the rows of all customers, or of some, written the first time one is asked for.

    Customers fall into blocks by a hash of their id. Rows of nobody fall into none.

    Parameters
    ----------
    connection : Backend
        Engine that reads them.
    table : callable
        Returns a table by name; one that is not of customers stays whole.
    count : int
        Number of blocks. They lie where the engine spills to, and go when it closes.
    """

    def __init__(
        self, connection: Backend, table: Callable[[str], ir.Table], *, count: int
    ) -> None:
        self.count = count
        self._connection = connection
        self._table = table
        self._divided: dict[tuple[str, str | None], Path] = {}

    @property
    def number(self) -> str:
        """SQL that gives the block of a customer."""
        return f"CAST(hash({CUSTOMER}) % {self.count} AS INTEGER)"

    def part(self, name: str, number: int, *, of: str | None = None) -> ir.Table:
        """Return one block of a table; it keeps its name from block to block.

        Parameters
        ----------
        name : str
            The table.
        number : int
            Which block, from 0.
        of : str, optional
            Name of a table of customers: the rows of all others are left out.
        """
        table = self._table(name)
        if CUSTOMER not in table.columns:
            return table
        rows = f"FROM ({self._connection.compile(table)}) WHERE {_whose(of)}"
        if self.count == 1 and of is not None:
            rows = f'FROM "{self._held(name, rows, of)}"'
        if self.count > 1:
            path = self._folder(name, rows, of) / f"_block={number}"
            files = f"read_parquet({quoted(path / '*.parquet')}, hive_partitioning = true)"
            empty = f"FROM ({self._connection.compile(table.limit(0))})"
            rows = f"SELECT * EXCLUDE (_block) FROM {files}" if path.exists() else empty  # noqa: S608 - our own names
        return view_of(self._connection, f"part_{name}", rows)

    def _held(self, name: str, rows: str, of: str) -> str:
        """Return the name of a table of some customers' rows, read once for all grains."""
        held = f"{name}_of_{of}"
        self._connection.raw_sql(f'CREATE TEMP TABLE IF NOT EXISTS "{held}" AS {rows}')
        return held

    def _folder(self, name: str, rows: str, of: str | None) -> Path:
        """Return where the blocks of a table lie, divided the first time."""
        if (name, of) not in self._divided:
            folder = scratch_folder(self._connection, f"{name}-")
            self._connection.raw_sql(
                f"COPY (SELECT *, {self.number} AS _block {rows}) TO {quoted(folder)} "
                "(FORMAT parquet, PARTITION_BY (_block))"
            )
            self._divided[name, of] = folder
        return self._divided[name, of]


def view_of(connection: Backend, name: str, rows: str) -> ir.Table:
    """Give rows a name, in place of those that had it before."""
    connection.raw_sql(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {rows}')
    return connection.table(name)


def _whose(customers: str | None) -> str:
    chosen = f' AND {CUSTOMER} IN (SELECT {CUSTOMER} FROM "{customers}")' if customers else ""  # noqa: S608 - our own names
    return f"{CUSTOMER} IS NOT NULL{chosen}"
