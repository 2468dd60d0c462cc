"""What can be wrong with a row of a declared table, as Ibis expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import and_

import ibis
import ibis.expr.types as ir

from features.table import STORED_AS, Column, Table
from pipeline.casts import is_missing, read_as, reads_every_value
from pipeline.sources.definition import BOOKKEEPING, SOURCE_PROBLEM, SOURCE_ROW

#: Nothing a retailer sells or records happened before this day.
EARLIEST = date(1900, 1, 1)
#: Clocks and time zones disagree by less than this; later is the future.
SLACK = timedelta(days=2)

#: Sums of numbers up to here stay exact to the cent and far from infinity.
LARGEST = 1e13

#: Position of a row in the ingested file, from 0; unique within a table.
POSITION = "_position"
#: True where a delivered value is stored as null: an empty text, NaN, an unreadable value.
EMPTIED = "_emptied"
UNREADABLE = "_unreadable_"

#: What a value of each kind looks like, for whoever has to correct one.
LOOKS_LIKE = {
    "text": "a text",
    "integer": "a whole number such as 12",
    "number": "a finite number such as 12.5",
    "money": "a finite number such as 12.50, without currency sign or thousands separator",
    "flag": "true or false",
    "date": "a date such as 2024-05-01",
    "time": "a time such as 2024-05-01T10:30:00Z",
}


@dataclass(frozen=True)
class Check:
    """One thing that can be wrong with a row.

    Attributes
    ----------
    column : str
        Where; several names are separated by commas.
    reason : str
        What is wrong, in the words of the report.
    fix : str
        The smallest change that puts it right.
    violated : ibis BooleanValue
        True for a row that has it wrong, never null.
    """

    column: str
    reason: str
    fix: str
    violated: ir.BooleanValue


def read_table(delivered: ir.Table, table: type[Table], *, time_zone: str) -> ir.Table:
    """Return the declared columns under their declared types, beside the bookkeeping.

    A column `_unreadable_NAME` is true where a value was delivered that cannot be read. A
    nullable column that was not delivered is null throughout.

    Parameters
    ----------
    delivered : ibis Table
        The ingested rows; has `file_row_number`.
    """
    columns: dict[str, ir.Value] = {POSITION: delivered.file_row_number}
    columns[SOURCE_ROW] = (
        delivered[SOURCE_ROW] if SOURCE_ROW in delivered.columns else delivered.file_row_number + 1
    )
    for name in BOOKKEEPING:
        if name in delivered.columns:
            columns[name] = delivered[name]
    emptied: ir.BooleanValue = ibis.literal(False)  # noqa: FBT003
    for column in table.columns():
        if column.name not in delivered.columns:
            columns[column.name] = ibis.null(table.schema()[column.name])
            continue
        value = delivered[column.name]
        read = read_as(value, column.kind, time_zone=time_zone)
        columns[column.name] = read
        emptied |= read.isnull() & value.notnull()
        if not reads_every_value(value.type(), column.kind):
            unreadable = read.isnull() & ~is_missing(value, column.kind)
            columns[UNREADABLE + column.name] = unreadable.fill_null(False)  # noqa: FBT003
    return delivered.select(**columns, **{EMPTIED: emptied})


def checks_of(
    rows: ir.Table, table: type[Table], *, known: Mapping[str, ir.Column], now: datetime
) -> Iterator[Check]:
    """Yield everything that can be wrong with the rows that `read_table` returned.

    Parameters
    ----------
    known : mapping
        For each `"table.column"` that was delivered, its accepted values.
    now : datetime
        The moment of the check; facts cannot lie later.
    """
    split = SOURCE_PROBLEM not in rows.columns
    readable = ibis.literal(True) if split else rows[SOURCE_PROBLEM].isnull()  # noqa: FBT003
    if not split:
        yield Check(
            "all columns",
            "the line cannot be split into cells",
            "quote texts that hold the delimiter, a quote or a line break",
            ~readable,
        )
    for column in table.columns():
        yield from _checks_of_column(rows, column, readable=readable, known=known, now=now)
    for rule in table.rules:
        # A value that is none of the choices is one fault, not one for each rule about it.
        chosen = [table.column(name) for name in rule.columns if table.column(name).choices]
        broken = reduce(and_, (rows[c.name].isin(c.choices) for c in chosen), ~rule.holds(rows))
        yield Check(
            ", ".join(rule.columns),
            f"breaks the rule that {rule.description}",
            f"correct {' or '.join(rule.columns)}",
            _sure(broken),
        )


def _checks_of_column(
    rows: ir.Table,
    column: Column,
    *,
    readable: ir.BooleanValue,
    known: Mapping[str, ir.Column],
    now: datetime,
) -> Iterator[Check]:
    value = rows[column.name]
    unreadable = UNREADABLE + column.name
    if unreadable in rows.columns:
        looks = LOOKS_LIKE[column.kind]
        yield Check(column.name, f"not {looks}", f"write {looks}", rows[unreadable])
    if not column.nullable:
        missing = value.isnull() & readable
        if unreadable in rows.columns:
            missing &= ~rows[unreadable]
        yield Check(column.name, "missing", "fill in a value", missing)
    for outside, limit in _limits(value, column):
        yield Check(column.name, limit, "correct the value", _sure(outside))
    if column.choices:
        yield Check(
            column.name,
            f"none of {', '.join(column.choices)}",
            "translate the retailer's codes in the mapping file",
            _sure(~value.isin(column.choices)),
        )
    if column.kind in ("date", "time"):
        yield from _checks_of_date(value, column, now=now)
    if column.references and column.references in known:
        other = column.references.partition(".")[0]
        yield Check(
            column.name,
            f"not in {other}",
            f"deliver the missing rows of {other}, or correct {column.name}",
            _sure(value.notnull() & ~value.isin(known[column.references])),
        )


def _limits(value: ir.Value, column: Column) -> Iterator[tuple[ir.BooleanValue, str]]:
    if column.kind in ("integer", "number", "money"):
        yield value.abs() > LARGEST, f"beyond {LARGEST:g}, on either side of 0"
    if column.minimum is not None:
        yield value < column.minimum, f"below {column.minimum:g}"
    if column.maximum is not None:
        yield value > column.maximum, f"above {column.maximum:g}"


def _checks_of_date(value: ir.Value, column: Column, *, now: datetime) -> Iterator[Check]:
    last = date.max if column.planned else (now + SLACK).date()
    yield Check(
        column.name,
        f"before {EARLIEST}",
        "correct the year, or leave the value out",
        _sure(value < _start_of(EARLIEST, column)),
    )
    yield Check(
        column.name,
        "after the year 9999" if column.planned else f"in the future (after {last})",
        "correct the year, or leave the row out until it has happened",
        _sure(value > _end_of(last, column)),
    )


def _start_of(day: date, column: Column) -> ir.Value:
    # A moment is compared with a moment: turning each into a date costs nine times as much.
    at = day if column.kind == "date" else datetime.combine(day, time.min, UTC)
    return ibis.literal(at, type=STORED_AS[column.kind])


def _end_of(day: date, column: Column) -> ir.Value:
    at = day if column.kind == "date" else datetime.combine(day, time.max, UTC)
    return ibis.literal(at, type=STORED_AS[column.kind])


def _sure(violated: ir.BooleanValue) -> ir.BooleanValue:
    """Return the condition with false where it is unknown: null values break no rule."""
    return violated.fill_null(False)  # noqa: FBT003
