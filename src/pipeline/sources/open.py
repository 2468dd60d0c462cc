"""Choose the source that a location asks for."""

from pathlib import Path

from pipeline.sources.definition import NoSourceError, Source
from pipeline.sources.duckdb_file import open_duckdb_file
from pipeline.sources.folder import open_folder
from pipeline.sources.postgres import open_postgres

POSTGRES = ("postgresql://", "postgres://")
DUCKDB = (".duckdb", ".db", ".ddb")


def open_source(location: str, *, encoding: str = "utf-8", delimiter: str | None = None) -> Source:
    """Return what lies in a folder, in a DuckDB file or behind a PostgreSQL URL.

    Parameters
    ----------
    location : str
        A path, or a URL that starts with `postgresql://`.
    encoding, delimiter : str, optional
        Of CSV files in the folder.

    Raises
    ------
    NoSourceError
        If nothing is there, or if it is none of these.
    SourceError
        If it cannot be read.
    """
    if location.startswith(POSTGRES):
        return open_postgres(location)
    path = Path(location)
    if path.is_dir():
        return open_folder(path, encoding=encoding, delimiter=delimiter)
    if path.is_file() and path.suffix.lower() in DUCKDB:
        return open_duckdb_file(path)
    if path.exists():
        raise NoSourceError(
            f"{location} is a single file. Give the folder that holds one file per table, a "
            "DuckDB file (.duckdb) or a postgresql:// URL."
        )
    raise NoSourceError(
        f"{location}: no such folder or file. Give a folder of Parquet or CSV files, a DuckDB "
        "file (.duckdb) or a postgresql:// URL."
    )
