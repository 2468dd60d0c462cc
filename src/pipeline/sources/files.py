"""Files that hold a table, told apart by their suffix."""

from pathlib import Path

from pipeline.sources.csv_file import CsvFile
from pipeline.sources.definition import Delivery, NoSourceError, SourceError
from pipeline.sources.excel_file import ExcelFile
from pipeline.sources.parquet_file import ParquetFile, ParquetFolder

CSV = (".csv", ".tsv", ".txt")
EXCEL = (".xlsx", ".xlsm")
PARQUET = (".parquet", ".pq")


def open_file(path: Path, *, encoding: str = "utf-8", delimiter: str | None = None) -> Delivery:
    """Return the table that a file, or a folder of Parquet files, holds.

    Parameters
    ----------
    path : Path
        `NAME.parquet`, `NAME.csv` or `NAME.xlsx`, or a folder `NAME` of Parquet files.
    encoding, delimiter : str, optional
        Of a CSV file; the delimiter is found from the heading where it is left out.

    Raises
    ------
    NoSourceError
        If the file is missing.
    SourceError
        If it is of a kind that we do not read.
    """
    name = path.stem if path.suffix.lower() in (*CSV, *EXCEL, *PARQUET) else path.name
    if not path.exists():
        raise NoSourceError(f"{path}: no such file. Check the path.")
    if path.is_dir() and any(path.rglob("*.parquet")):
        return ParquetFolder(path, name)
    if path.is_file():
        if path.suffix.lower() in PARQUET:
            return ParquetFile(path, name)
        if path.suffix.lower() in CSV:
            return CsvFile(path, name, encoding, delimiter)
        if path.suffix.lower() in EXCEL:
            return ExcelFile(path, name)
    raise SourceError(f"{path} is neither Parquet, CSV nor Excel (xlsx). Export it as one of them.")
