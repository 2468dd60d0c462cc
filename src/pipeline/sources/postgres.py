"""A PostgreSQL database: each table of the connection's first schema is a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipeline.sources.cells import Heading, write_cells
from pipeline.sources.definition import NoSourceError, Source, SourceError

if TYPE_CHECKING:
    import psycopg

#: PostgreSQL hands on a row at a time; what reads it wants more, or each is a block of its own.
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class PostgresTable:
    """One table or view of a PostgreSQL database."""

    url: str
    name: str

    @property
    def origin(self) -> str:
        """Name of the table."""
        return f"{without_password(self.url)}: {self.name}"

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        from psycopg import sql

        with _connected(self.url) as connection:
            query = sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(self.name))
            described = connection.execute(query).description or ()
            return tuple(column.name for column in described)

    def write(self, to: Path) -> None:
        """Stream the rows as CSV, which is the fastest that PostgreSQL gives; cells are texts."""
        heading = Heading(self.columns(), ",")
        write_cells(
            lambda: BufferedReader(_Copied(self.url, self.name), _READ_BYTES),
            to,
            heading=heading,
            origin=self.origin,
        )


def open_postgres(url: str) -> Source:
    """Return the tables and views of a PostgreSQL database.

    Raises
    ------
    SourceError
        If the database cannot be reached, or holds no table.
    """
    with _connected(url) as connection:
        rows = connection.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = current_schema() ORDER BY table_name"
        ).fetchall()
    if not rows:
        raise SourceError(
            f"{without_password(url)} holds no table in its first schema. Name another one with "
            "`?options=-csearch_path%3DNAME` at the end of the URL."
        )
    return Source(without_password(url), tuple(PostgresTable(url, name) for (name,) in rows))


def without_password(url: str) -> str:
    """Return the URL as it may be shown.

    Examples
    --------
    >>> without_password("postgresql://ann:secret@db.example:5432/shop")
    'postgresql://ann@db.example:5432/shop'
    """
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=user.partition(":")[0] + at + host, query="").geturl()


@contextmanager
def _connected(url: str) -> "Iterator[psycopg.Connection[Any]]":
    import psycopg

    try:
        with psycopg.connect(url) as connection:
            connection.execute("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'")
            yield connection
    except psycopg.Error as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NoSourceError(f"{without_password(url)} cannot be read: {said}") from error


class _Copied(RawIOBase):
    """The rows of a table as a stream of CSV."""

    def __init__(self, url: str, name: str) -> None:
        from psycopg import sql

        super().__init__()
        self._rest = b""
        self._connection = _connected(url)
        query = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT csv, HEADER, ENCODING 'UTF8')")
        cursor = self._connection.__enter__().cursor()
        self._copy = cursor.copy(query.format(sql.Identifier(name)))
        self._chunks = iter(self._copy.__enter__())

    def readable(self) -> bool:
        """Return true: bytes can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next; 0 at the end."""
        rest = self._rest or bytes(next(self._chunks, b""))
        length = min(len(rest), len(buffer))
        buffer[:length] = rest[:length]
        self._rest = rest[length:]
        return length

    def close(self) -> None:
        """End the copy and the connection."""
        if not self.closed:
            self._copy.__exit__(None, None, None)
            self._connection.__exit__(None, None, None)
        super().close()
