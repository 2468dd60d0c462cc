"""Functions of DuckDB that Ibis has no word for."""

from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

UTC_TIME = dt.Timestamp("UTC")


def _isfinite(value: Any) -> Any:
    """Tell whether a number is neither NaN nor infinite."""


def _timezone(zone: Any, at: Any) -> Any:
    """Turn a wall-clock time into a moment, or a moment into a wall-clock time."""


def _try_strptime(text: Any, pattern: Any) -> Any:
    """Read a text as a time in a given format; null where it does not fit."""


is_finite = ibis.udf.scalar.builtin(
    _isfinite, name="isfinite", signature=((dt.float64,), dt.boolean)
)
moment_of = ibis.udf.scalar.builtin(
    _timezone, name="timezone", signature=((dt.string, dt.timestamp), UTC_TIME)
)
wall_clock_of = ibis.udf.scalar.builtin(
    _timezone, name="timezone", signature=((dt.string, UTC_TIME), dt.timestamp)
)
parsed_time = ibis.udf.scalar.builtin(
    _try_strptime, name="try_strptime", signature=((dt.string, dt.string), dt.timestamp)
)


def typed_statement(connection: Backend, rows: ir.Table) -> str:
    """Return SQL for rows in which each column has the type that Ibis says it has.

    DuckDB sums integers into 128 bits, which Parquet holds as doubles; Ibis casts them only
    where it creates a table itself.
    """
    of = connection.compiler.type_mapper
    columns = ", ".join(
        f'CAST("{name}" AS {of.to_string(kind)}) AS "{name}"'
        for name, kind in rows.schema().items()
    )
    return f"SELECT {columns} FROM ({connection.compile(rows)})"  # noqa: S608 - our own names


def quoted(path: Path) -> str:
    """Return a path as a text of SQL."""
    return "'" + str(path).replace("'", "''") + "'"
