"""Rows of persons in Parquet files: counted, removed, or blanked where their number must stay."""

from collections.abc import Callable, Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

#: The column that names a person.
CUSTOMER = "customer_id"

_MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Tell whether a file is Parquet, whatever its name: DVC's cache gives it none."""
    with path.open("rb") as file:
        return file.read(4) == _MAGIC


def count_rows(path: Path, people: Collection[str]) -> int:
    """Return how many rows of a Parquet file are of some persons."""
    with pq.ParquetFile(path) as file:
        if CUSTOMER not in file.schema_arrow.names:
            return 0
        groups = range(file.num_row_groups)
        return sum(
            int(pc.sum(_theirs(file.read_row_group(n, columns=[CUSTOMER]), people)).as_py() or 0)
            for n in groups
        )


def remove_rows(path: Path, to: Path, people: Collection[str]) -> None:
    """Write a Parquet file again without the rows of some persons."""
    _rewrite(path, to, lambda rows: rows.filter(pc.invert(_theirs(rows, people))))


def blank_rows(path: Path, to: Path, people: Collection[str], *, keep: Collection[str]) -> None:
    """Write a Parquet file again with nulls in the rows of some persons, but for some columns.

    The rows stay, so that their number and the places of all others do.
    """

    def blanked(rows: pa.Table) -> pa.Table:
        theirs = _theirs(rows, people)
        for number, name in enumerate(rows.column_names):
            if name not in keep:
                column = rows[name]
                # `if_else` does not know every nested type; taking by null indices does.
                places = pc.if_else(theirs, None, pa.array(range(len(rows)), pa.int64()))
                rows = rows.set_column(number, rows.field(number), column.take(places))
        return rows

    _rewrite(path, to, blanked)


def _rewrite(path: Path, to: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        with pq.ParquetWriter(to, _loose(schema), compression="zstd") as writer:
            for group in range(file.num_row_groups):
                rows = change(file.read_row_group(group)).cast(_loose(schema))
                if len(rows):
                    writer.write_table(rows, row_group_size=len(rows))


def _loose(schema: pa.Schema) -> pa.Schema:
    """Return the schema with ids as texts: a dictionary would go on naming who has no row."""
    place = schema.get_field_index(CUSTOMER)
    field = schema.field(place)
    if not pa.types.is_dictionary(field.type):
        return schema
    return schema.set(place, field.with_type(field.type.value_type))


def _theirs(rows: pa.Table, people: Collection[str]) -> pa.ChunkedArray:
    ids = rows[CUSTOMER]
    if pa.types.is_floating(ids.type):
        # Ids that passed through a spreadsheet: 13085.0 is 13085.
        whole = pc.if_else(pc.equal(ids, pc.floor(ids)), ids, None)
        ids = whole.cast(pa.int64())
    found = pc.is_in(ids.cast(pa.string()), value_set=pa.array(sorted(people), pa.string()))
    return pc.fill_null(found, False)  # noqa: FBT003 - a value
