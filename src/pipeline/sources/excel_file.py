"""An Excel workbook whose sheets together hold one table."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.sources.definition import SOURCE_FILE, SOURCE_ROW, SourceError

_BATCH_ROWS = 100_000


@dataclass(frozen=True)
class ExcelFile:
    """One workbook; every sheet has the same heading."""

    path: Path
    name: str

    @property
    def origin(self) -> str:
        """Name of the file."""
        return self.path.name

    def columns(self) -> tuple[str, ...]:
        """Return the heading of the first sheet."""
        with self._opened() as book:
            first = book.worksheets[0]
            return self._heading(first.title, first.iter_rows(values_only=True))

    def write(self, to: Path) -> None:
        """Write the cells of all sheets as texts; `_file` names the sheet, `_row` the row."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = self.columns()
        schema = pa.schema(
            [(name, pa.string()) for name in names]
            + [(SOURCE_FILE, pa.string()), (SOURCE_ROW, pa.int64())]
        )
        with self._opened() as book, pq.ParquetWriter(to, schema) as writer:
            for sheet in book.worksheets:
                rows = sheet.iter_rows(values_only=True)
                if self._heading(sheet.title, rows) != names:
                    raise SourceError(
                        f"{self.origin}: sheet {sheet.title} has another heading than the first "
                        "sheet. Give all sheets the same columns, or remove it."
                    )
                numbered = enumerate(rows, start=2)
                while batch := list(islice(numbered, _BATCH_ROWS)):
                    filled = [
                        dict(zip(names, map(_as_text, cells), strict=False))
                        | {SOURCE_FILE: f"{self.origin}, sheet {sheet.title}", SOURCE_ROW: number}
                        for number, cells in batch
                        if any(cell is not None for cell in cells)
                    ]
                    writer.write_batch(pa.RecordBatch.from_pylist(filled, schema=schema))

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        from zipfile import BadZipFile

        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException

        try:
            book = openpyxl.load_workbook(self.path, read_only=True, data_only=True)
        except (BadZipFile, InvalidFileException, KeyError, OSError) as error:
            raise SourceError(
                f"{self.origin} cannot be read as an Excel workbook. Save it as .xlsx again."
            ) from error
        try:
            yield book
        finally:
            book.close()

    def _heading(self, sheet: str, rows: Iterator[tuple[Any, ...]]) -> tuple[str, ...]:
        names = tuple(str(cell).strip() for cell in next(rows, ()) if cell is not None)
        if not names or len(set(names)) < len(names):
            raise SourceError(
                f"{self.origin}: the first row of sheet {sheet} is no heading. It has to hold the "
                "names of the columns, each once."
            )
        return names


def _as_text(cell: Any) -> str | None:
    if cell is None:
        return None
    return cell.isoformat(sep=" ") if isinstance(cell, datetime) else str(cell).strip()
