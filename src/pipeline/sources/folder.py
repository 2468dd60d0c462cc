"""A folder with one file per table."""

from pathlib import Path

from pipeline.sources.definition import Source
from pipeline.sources.files import open_file


def open_folder(path: Path) -> Source:
    """Return the tables of a folder: `NAME.parquet`, `NAME.csv` or `NAME/*.parquet`."""
    files = sorted(file for file in path.iterdir() if file.suffix == ".parquet")
    return Source(str(path), tuple(open_file(file) for file in files))
