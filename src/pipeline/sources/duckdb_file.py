"""A DuckDB database file: each of its tables and views is a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.sources.definition import Source, SourceError

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend


@dataclass(frozen=True)
class DuckdbTable:
    """One table or view of a DuckDB file."""

    path: Path
    name: str

    @property
    def origin(self) -> str:
        """Name of the file and of the table in it."""
        return f"{self.path.name}: {self.name}"

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        with _opened(self.path) as connection:
            return tuple(connection.table(self.name).columns)

    def write(self, to: Path) -> None:
        """Copy the rows in the order in which they are stored."""
        with _opened(self.path) as connection:
            connection.to_parquet(connection.table(self.name), to)


def open_duckdb_file(path: Path) -> Source:
    """Return the tables and views of a DuckDB file.

    Raises
    ------
    SourceError
        If it cannot be opened, or holds no table.
    """
    with _opened(path) as connection:
        # Not `list_tables`: Ibis 12 calls a method that DuckDB 2.0 no longer has.
        found = connection.raw_sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' "
            "AND table_catalog = current_database() ORDER BY table_name"
        )
        names = [name for (name,) in found.fetchall()]
    if not names:
        raise SourceError(f"{path} holds no table in the schema `main`.")
    return Source(str(path), tuple(DuckdbTable(path, name) for name in names))


@contextmanager
def _opened(path: Path) -> "Iterator[Backend]":
    import duckdb
    import ibis

    try:
        connection = ibis.duckdb.connect(path, read_only=True)
    except duckdb.Error as error:
        raise SourceError(
            f"{path} cannot be opened as a DuckDB file. Is it one, and does no other program "
            "hold it open?"
        ) from error
    try:
        yield connection
    except duckdb.Error as error:
        raise SourceError(f"{path} cannot be read: {type(error).__name__}.") from error
    finally:
        connection.disconnect()
