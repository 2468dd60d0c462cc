"""Files that hold a table, told apart by their suffix."""

from pathlib import Path

from pipeline.sources.definition import Delivery, SourceError
from pipeline.sources.parquet_file import ParquetFile


def open_file(path: Path, *, encoding: str = "utf-8") -> Delivery:
    """Return the table that one file holds.

    Raises
    ------
    SourceError
        If the file is missing or is of a kind that we do not read.
    """
    if not path.exists():
        raise SourceError(f"{path}: no such file.")
    if path.suffix != ".parquet":
        raise SourceError(f"{path.name} is not a Parquet file ({encoding}).")
    return ParquetFile(path, path.stem)
