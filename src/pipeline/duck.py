"""Functions of DuckDB that Ibis has no word for."""

from typing import Any

import ibis
import ibis.expr.datatypes as dt

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
