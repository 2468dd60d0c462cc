"""A Parquet file, or a folder of Parquet files, that holds one table."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.sources.definition import SourceError

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
        shutil.copyfile(self.path, to)


def _schema(path: Path) -> "pa.Schema":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        size = path.stat().st_size if path.exists() else 0
        raise SourceError(
            f"{path.name} cannot be read as Parquet: its footer is missing or damaged "
            f"({size:,} bytes). The file is empty or was cut off; export it again."
        ) from error
