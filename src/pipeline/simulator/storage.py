"""Parquet files that grow by blocks, in exactly the declared schema."""

from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from features.table import Kind, Table

_ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "money": pa.float64(),
    "flag": pa.bool_(),
    "date": pa.date32(),
    "time": pa.timestamp("us", tz="UTC"),
}


def declared_schema(table: type[Table]) -> pa.Schema:
    """Return the Arrow schema of a declared table.

    Examples
    --------
    >>> from features.tables import Salespeople
    >>> declared_schema(Salespeople).names
    ['salesperson_id', 'store_id']
    """
    return pa.schema(
        [
            pa.field(column.name, _ARROW[column.kind], nullable=column.nullable)
            for column in table.columns()
        ]
    )


class TableWriter:
    """Appends blocks to one Parquet file per table; the first block fixes its schema.

    Dictionaries and statistics are left to Parquet; the file depends on its rows alone, so
    that the same seed gives the same bytes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()

    def add(self, name: str, rows: pa.Table, table: type[Table] | None = None) -> None:
        """Append rows, cast to the declared schema where there is one."""
        schema = declared_schema(table) if table else rows.schema
        if name not in self._files:
            path = self._folder / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[name] = pq.ParquetWriter(
                path, schema, compression="zstd", compression_level=1
            )
            self.rows[name] = 0
        self._files[name].write_table(
            rows.select(schema.names).cast(schema), row_group_size=250_000
        )
        self.rows[name] += rows.num_rows
