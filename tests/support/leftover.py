"""Where a text lies in a folder, in whichever file and form."""

import io
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def leftovers_of(text, *folders):
    """Return every file that holds a text: in its bytes, its rows, its cells, its members."""
    paths = (path for folder in folders for path in sorted(Path(folder).rglob("*")))
    return [path for path in paths if path.is_file() and _holds(path.read_bytes(), text, path)]


def _holds(content, text, path=None):
    if text.encode() in content:
        return True
    if content[:4] == b"PAR1":
        rows = pq.read_table(io.BytesIO(content))
        return any(_in_column(column, text) for column in rows.columns)
    if content[:16] == b"SQLite format 3\0" and path is not None:
        return _in_database(path, text)
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(_holds(archive.read(name), text) for name in archive.namelist())
    return False


def _in_column(column, text):
    kind = column.type
    if pa.types.is_dictionary(kind):
        # A dictionary holds what no row names any more.
        chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        return any(text in str(value) for one in chunks for value in one.dictionary.to_pylist())
    if pa.types.is_nested(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return any(text in str(value) for value in column.to_pylist())
    return False


def _in_database(path, text):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return any(
            text in str(row)
            for (name,) in names
            for row in connection.execute(f'SELECT * FROM "{name}"')
        )
