"""Read a delivered value as the kind that the contract declares, or as null."""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from features.table import STORED_AS, Kind
from pipeline.duck import is_finite
from pipeline.zones import local_date, moment

#: Texts that mean "no value" where a number, a flag, a date or a time is declared.
MISSING = ("", "na", "n/a", "#n/a", "nan", "nat", "null", "none", r"\n")
YES = ("true", "t", "yes", "y", "1")
NO = ("false", "f", "no", "n", "0")

#: A day, or a day and a time with or without an offset; `/` may stand for `-`.
ISO_8601 = (
    r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}"
    r"([T ]\d{1,2}:\d{2}(:\d{2}([.]\d+)?)?( ?([zZ]|UTC|[+-](0\d|1[0-5])(:?\d\d)?))?)?$"
)

#: Whole numbers up to here are exact in float64.
EXACT = 2.0**53


def read_as(value: ir.Value, kind: Kind, *, time_zone: str) -> ir.Value:
    """Return the value in the type that `kind` is stored in; null where it cannot be read.

    Parameters
    ----------
    value : ibis Value
        A column as delivered, of any type.
    kind : str
        What the contract declares.
    time_zone : str
        Business time zone: a moment falls on the date that its calendars show, and a date
        without a time is midnight there. A time without a zone is UTC, as the tables say.
    """
    if kind == "text":
        return _text(value)
    if kind == "integer":
        number = _number(value)
        whole = (number % 1 == 0) & (number.abs() <= EXACT)
        return whole.ifelse(number, ibis.null("float64")).cast("int64")
    if kind in ("number", "money"):
        return _number(value)
    if kind == "flag":
        return _flag(value)
    if kind == "date":
        return _date(value, time_zone)
    return _time(value, time_zone)


def is_missing(value: ir.Value, kind: Kind) -> ir.BooleanValue:
    """Tell whether a delivered value says "no value", rather than something unreadable."""
    if value.type().is_string():
        if kind == "text":
            return value.isnull() | (value == "")
        return value.isnull() | value.strip().lower().isin(MISSING)
    if value.type().is_floating():
        # `isnan` is wrong on Parquet columns that hold NaN (DuckDB 2.0), `isfinite` is right;
        # the text tells NaN from infinity, and is only made of the few values that are neither.
        number = value.cast("float64")
        odd = ~is_finite(number)
        return value.isnull() | odd.ifelse(value.cast("string") == "nan", False)  # noqa: FBT003
    return value.isnull()


def reads_every_value(delivered: dt.DataType, kind: Kind) -> bool:
    """Tell whether no value of this type can be unreadable."""
    if kind in ("number", "money"):
        return bool(delivered.is_integer())
    return kind == "text" or bool(delivered == ibis.dtype(STORED_AS[kind]))


def _nothing(kind: Kind) -> ir.Value:
    return ibis.null(STORED_AS[kind])


def _text(value: ir.Value) -> ir.StringValue:
    delivered = value.type()
    if delivered.is_string():
        return value.nullif("")
    if delivered.is_floating() or delivered.is_decimal():
        # Ids that passed through a spreadsheet or through pandas: 13085.0 is 13085.
        number = value.cast("float64")
        whole = is_finite(number) & (number % 1 == 0) & (number.abs() <= EXACT)
        text = whole.ifelse(number.try_cast("int64").cast("string"), value.cast("string"))
        return text.nullif("nan")
    return value.cast("string").nullif("")


def _number(value: ir.Value) -> ir.FloatingValue:
    delivered = value.type()
    if not (delivered.is_numeric() or delivered.is_string()):
        return _nothing("number")
    number = (value.strip() if delivered.is_string() else value).try_cast("float64")
    return is_finite(number).ifelse(number, ibis.null("float64"))


def _flag(value: ir.Value) -> ir.BooleanValue:
    delivered = value.type()
    if delivered.is_boolean():
        return value
    if delivered.is_string() or delivered.is_integer():
        text = value.cast("string").strip().lower()
        return ibis.cases((text.isin(YES), True), (text.isin(NO), False))
    return _nothing("flag")


def _date(value: ir.Value, time_zone: str) -> ir.DateValue:
    delivered = value.type()
    if delivered.is_date():
        return value
    if delivered.is_timestamp():
        if delivered.timezone:
            return local_date(value.try_cast("timestamp('UTC')"), time_zone)
        return value.try_cast("timestamp").date()
    if delivered.is_string():
        text = _dated(value)
        return _has_a_zone(text).ifelse(
            local_date(text.try_cast("timestamp('UTC')"), time_zone),
            ibis.coalesce(text.try_cast("date"), text.try_cast("timestamp").date()),
        )
    return _nothing("date")


def _time(value: ir.Value, time_zone: str) -> ir.TimestampValue:
    delivered = value.type()
    if delivered.is_timestamp():
        return value.try_cast("timestamp('UTC', 6)")
    if delivered.is_date():
        return moment(value.try_cast("timestamp"), time_zone)
    if delivered.is_string():
        text = _dated(value)
        midnight = moment(text.try_cast("timestamp"), time_zone)
        return (text.length() <= len("2024-05-01")).ifelse(
            midnight, text.try_cast("timestamp('UTC', 6)")
        )
    return _nothing("time")


def _dated(value: ir.Value) -> ir.StringValue:
    """Return a text that is written as ISO 8601 writes a day or a moment, or null.

    DuckDB would also read `epoch`, `infinity`, years before Christ and offsets of 99 hours.
    """
    text = value.strip()
    return text.re_search(ISO_8601).ifelse(text, ibis.null("string"))


def _has_a_zone(text: ir.StringValue) -> ir.BooleanValue:
    return text.re_search(r"\d:\d\d.*([zZ]|[+-]\d\d)")
