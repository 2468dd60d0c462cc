"""A Parquet file, or a folder of Parquet files, that holds one table."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.sources.definition import SOURCE_FILE, SOURCE_ROW, SourceError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ParquetFile:
    """One Parquet file."""

    path: Path
    name: str

    @property
    def origin(self) -> str:
        """Name of the file."""
        return self.path.name

    def columns(self) -> tuple[str, ...]:
        """Return the names in the file's schema."""
        return tuple(_schema(self.path).names)

    def write(self, to: Path) -> None:
        """Copy the bytes: nothing has to be decoded."""
        _schema(self.path)
        _require_opened(self.path)
        shutil.copyfile(self.path, to)


@dataclass(frozen=True)
class ParquetFolder:
    """A folder of Parquet files that together hold one table, as Spark writes them."""

    path: Path
    name: str

    @property
    def origin(self) -> str:
        """Name of the folder."""
        return f"{self.path.name}/"

    def columns(self) -> tuple[str, ...]:
        """Return the names in any of the files' schemas."""
        names = [name for file in self.files() for name in _schema(file).names]
        return tuple(dict.fromkeys(names))

    def write(self, to: Path) -> None:
        """Write all rows into one file; `_file` and `_row` say where each came from."""
        import duckdb

        from pipeline.engine import engine

        self.columns()
        with engine(to.parent, in_order=True) as connection:
            try:
                rows = connection.read_parquet(
                    [str(file) for file in self.files()],
                    union_by_name=True,
                    filename=True,
                    file_row_number=True,
                )
                where = {
                    SOURCE_FILE: rows.filename.re_replace(r"^.*/", ""),
                    SOURCE_ROW: rows.file_row_number + 1,
                }
                connection.to_parquet(rows.mutate(**where).drop("filename", "file_row_number"), to)
            except duckdb.Error as error:
                raise SourceError(
                    f"{self.origin}: its files do not fit together, or one is damaged. They have "
                    "to share the types of their columns; export them again in one go."
                ) from error

    def files(self) -> list[Path]:
        """Return the files, in the order in which their rows follow one another."""
        return sorted(self.path.rglob("*.parquet"))


def _schema(path: Path) -> "pa.Schema":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged(path) from error
    lower = [name.strip().lower() for name in schema.names]
    twice = sorted({name for name in lower if lower.count(name) > 1})
    if twice:
        raise SourceError(
            f"{path.name}: the column {', '.join(twice)} appears more than once (letter case "
            "does not count). Rename or remove one."
        )
    return schema


def _require_opened(path: Path) -> None:
    """Let DuckDB read the footer too: it is stricter in some places."""
    import duckdb

    with duckdb.connect() as connection:
        try:
            connection.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)])
        except duckdb.Error as error:
            raise _damaged(path) from error


def _damaged(path: Path) -> SourceError:
    size = path.stat().st_size if path.exists() else 0
    return SourceError(
        f"{path.name} cannot be read as Parquet: its footer is missing or damaged "
        f"({size:,} bytes). The file is empty or was cut off; export it again."
    )
