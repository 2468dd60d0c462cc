"""Functions of DuckDB that Ibis has no word for."""

from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

UTC_TIME = dt.Timestamp("UTC")


def _isfinite(value: Any) -> Any:
    """Tell whether a number is neither NaN nor infinite."""


def _timezone(zone: Any, at: Any) -> Any:
    """Turn a wall-clock time into a moment, or a moment into a wall-clock time."""


def _epoch_us(moment: Any) -> Any:
    """Return the microseconds from 1970 to a moment."""


def _make_timestamp(microseconds: Any) -> Any:
    """Return the time that many microseconds after 1970."""


def _getvariable(name: Any) -> Any:
    """Return a variable of the connection; a constant to whoever plans the query."""


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
epoch_us = ibis.udf.scalar.builtin(_epoch_us, name="epoch_us", signature=((UTC_TIME,), dt.int64))
time_after_1970 = ibis.udf.scalar.builtin(
    _make_timestamp, name="make_timestamp", signature=((dt.int64,), dt.timestamp)
)
date_variable = ibis.udf.scalar.builtin(
    _getvariable, name="getvariable", signature=((dt.string,), dt.date)
)
code_variable = ibis.udf.scalar.builtin(
    _getvariable, name="getvariable", signature=((dt.string,), dt.int32)
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


def held(connection: Backend, name: str, rows: ir.Table) -> ir.Table:
    """Compute rows into a temporary table of this name, in place of the one that had it.

    `Backend.create_table` would write them twice.
    """
    statement = typed_statement(connection, rows)
    connection._run_pre_execute_hooks(rows)  # noqa: SLF001 - or frames in it are not found
    connection.raw_sql(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {statement}')
    return connection.table(name)


def sql_of(connection: Backend, rows: ir.Table) -> str:
    """Return SQL for rows, of which frames may be part."""
    connection._run_pre_execute_hooks(rows)  # noqa: SLF001 - or frames in it are not found
    return str(connection.compile(rows))


def as_it_is_called(connection: Backend, name: str, schema: sch.Schema) -> ir.Table:
    """Return a table or view of which the columns are known, without asking the engine.

    It would describe the type of a coded text by all the texts that there are.
    """
    return ops.DatabaseTable(name, schema, connection).to_expr()


def quoted(path: Path) -> str:
    """Return a path as a text of SQL."""
    return "'" + str(path).replace("'", "''") + "'"
