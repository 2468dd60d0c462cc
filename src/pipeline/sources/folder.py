"""A folder with one file per table."""

from pathlib import Path

from pipeline.sources.definition import Source, SourceError
from pipeline.sources.files import CSV, EXCEL, PARQUET, open_file

#: Names of files that lie beside tables without being one.
_HIDDEN = (".", "_")


def open_folder(path: Path, *, encoding: str = "utf-8", delimiter: str | None = None) -> Source:
    """Return the tables of a folder: `NAME.parquet`, `NAME.csv`, `NAME/*.parquet`.

    Other files, and those whose names start with `.` or `_`, are left alone.

    Raises
    ------
    SourceError
        If the folder holds no table.
    """
    found = [
        open_file(file, encoding=encoding, delimiter=delimiter)
        for file in sorted(path.iterdir())
        if not file.name.startswith(_HIDDEN) and _holds_a_table(file)
    ]
    if not found:
        raise SourceError(
            f"{path} holds no table. Put one file per table there, such as customers.parquet or "
            "customers.csv."
        )
    return Source(str(path), tuple(found))


def _holds_a_table(file: Path) -> bool:
    if file.is_dir():
        return any(file.glob("*.parquet")) or file.suffix.lower() in PARQUET
    return file.suffix.lower() in (*CSV, *EXCEL, *PARQUET)
