"""Bring a retailer's own files under our names, as a mapping file says."""

from difflib import get_close_matches
from pathlib import Path

import ibis
import ibis.expr.types as ir

from features.table import Column
from features.tables import TABLE_BY_NAME
from pipeline.duck import parsed_time
from pipeline.durable import whole_folder
from pipeline.engine import engine
from pipeline.sources.about import About, write_about
from pipeline.sources.definition import (
    BOOKKEEPING,
    SOURCE_FILE,
    SOURCE_ROW,
    Delivery,
    Imported,
)
from pipeline.sources.mapping import ColumnMap, Mapping, MappingError, TableMap
from pipeline.sources.open import open_source
from pipeline.zones import local_date, moment

_MILLISECONDS = 10_000 * 365 * 86_400 * 1000  # ten thousand years, either way
#: How a moment is written once its zone is known; `validate` reads it back exactly.
_ISO = "%Y-%m-%dT%H:%M:%S.%fZ"


def import_tables(location: str, mapping: Mapping, to: Path) -> Imported:
    """Write the mapped tables as Parquet under our names into the folder `to`.

    Values are renamed and translated, never judged: what does not fit a format or a list of
    codes stays as it was delivered, for `validate` to quarantine with its reason. Every row
    keeps the file and the row it came from.

    Parameters
    ----------
    location : str
        A folder of Parquet or CSV files, a DuckDB file, or a PostgreSQL URL.
    mapping : Mapping
        Which file and column is which of ours.
    to : Path
        The folder to write, whole; an existing one is replaced.

    Raises
    ------
    MappingError
        If the mapping names a file or column that is not there.
    SourceError
        If what is there cannot be read.
    """
    source = open_source(location, encoding=mapping.encoding, delimiter=mapping.delimiter)
    deliveries = {delivery.name.lower(): delivery for delivery in source.deliveries}
    used = {name: _find(deliveries, table, name) for name, table in mapping.tables.items()}
    rows: dict[str, int] = {}
    with whole_folder(to) as draft, engine(draft, in_order=True) as connection:
        for name, table in mapping.tables.items():
            delivery = used[name]
            _require_columns(delivery, table, name)
            read = draft / ".read.parquet"
            delivery.write(read)
            delivered = connection.read_parquet(read, file_row_number=True)
            target = draft / f"{name}.parquet"
            connection.to_parquet(mapped(delivered, name, mapping, origin=delivery.origin), target)
            rows[name] = int(connection.execute(connection.read_parquet(target).count()))
            read.unlink()
        if mapping.currency:
            about = About(
                title=mapping.title, time_zone=mapping.time_zone, currency=mapping.currency
            )
            write_about(draft, about)
    unused = [d.origin for d in source.deliveries if d not in used.values()]
    return Imported(rows, (f"not mapped: {', '.join(unused)}",) if unused else ())


def mapped(delivered: ir.Table, name: str, mapping: Mapping, *, origin: str) -> ir.Table:
    """Return the rows of one table under our names.

    Parameters
    ----------
    delivered : ibis Table
        The retailer's rows; has `file_row_number`.
    name : str
        Our name of the table.
    origin : str
        What messages call the retailer's file.
    """
    declared = TABLE_BY_NAME[name]
    columns: dict[str, ir.Value] = {
        SOURCE_FILE: ibis.literal(origin),
        SOURCE_ROW: delivered.file_row_number + 1,
    }
    columns |= {kept: delivered[kept] for kept in BOOKKEEPING if kept in delivered.columns}
    for ours, how in mapping.tables[name].columns.items():
        columns[ours] = _value(delivered, how, declared.column(ours), mapping)
    return delivered.select(**columns)


def _find(deliveries: dict[str, Delivery], table: TableMap, name: str) -> Delivery:
    key = table.source.lower()
    if key in deliveries:
        return deliveries[key]
    by_origin = {delivery.origin.lower(): delivery for delivery in deliveries.values()}
    if key in by_origin:
        return by_origin[key]
    raise MappingError(
        f"tables.{name}.from: there is no {table.source}. "
        f"{_instead(table.source, [d.name for d in deliveries.values()])}"
    )


def _require_columns(delivery: Delivery, table: TableMap, name: str) -> None:
    found = delivery.columns()
    problems = [
        f"tables.{name}.columns.{ours}: {delivery.origin} has no column {theirs}. "
        f"{_instead(theirs, list(found))}"
        for ours, how in table.columns.items()
        for theirs in (*how.source, *([how.sign_of] if how.sign_of else []))
        if theirs not in found
    ]
    if problems:
        raise MappingError("\n".join(problems))


def _instead(name: str, found: list[str]) -> str:
    close = get_close_matches(name, found, n=1)
    hint = f"Did you mean {close[0]}? " if close else ""
    return f"{hint}There are: {', '.join(found)}."


def _value(delivered: ir.Table, how: ColumnMap, column: Column, mapping: Mapping) -> ir.Value:
    if how.constant is not None:
        return ibis.literal(how.constant)
    if how.sign_of is not None:
        quantity = delivered[how.sign_of]
        if mapping.decimal == ",":
            quantity = _with_a_point(quantity)
        below = quantity.try_cast("float64") < 0
        return below.fill_null(False).ifelse("return", "sale")  # noqa: FBT003
    parts = [delivered[name] for name in how.source]
    value = parts[0]
    if len(parts) > 1:
        value = ibis.literal("-").join([part.cast("string") for part in parts])
    if mapping.missing:
        text = value.cast("string")
        value = text.isin(mapping.missing).ifelse(ibis.null(value.type()), value)
    if how.values:
        text = value.cast("string")
        value = ibis.cases(*((text == code, ours) for code, ours in how.values.items()), else_=text)
    if column.kind in ("number", "money", "integer") and mapping.decimal == ",":
        value = _with_a_point(value)
    if column.kind in ("date", "time"):
        return _dated(value, how, column, how.time_zone or mapping.time_zone)
    return value


def _with_a_point(value: ir.Value) -> ir.Value:
    if not value.type().is_string():
        return value
    return value.replace(".", "").replace(",", ".")


def _dated(value: ir.Value, how: ColumnMap, column: Column, zone: str) -> ir.Value:
    if how.format in ("epoch_s", "epoch_ms"):
        return _from_epoch(value, column, zone, per_second=1 if how.format == "epoch_s" else 1000)
    if how.format is not None:
        return _iso(parsed_time(value.cast("string"), how.format), column, zone, value)
    if column.kind == "time" and value.type().is_string():
        carries_a_zone = value.re_search(r"\d:\d\d.*([zZ]|[+-]\d\d)")
        return carries_a_zone.ifelse(value, _iso(value.try_cast("timestamp"), column, zone, value))
    if column.kind == "time" and value.type().is_timestamp() and not value.type().timezone:
        return moment(value, zone)
    return value


def _from_epoch(value: ir.Value, column: Column, zone: str, *, per_second: int) -> ir.StringValue:
    milliseconds = value.try_cast("float64") * (1000 // per_second)
    sane = milliseconds.between(-_MILLISECONDS, _MILLISECONDS)
    at = sane.ifelse(milliseconds, ibis.null("float64")).cast("int64").as_timestamp("ms")
    if column.kind == "time":
        return _iso(at, column, "UTC", value)
    day = local_date(moment(at, "UTC"), zone)
    return ibis.coalesce(day.cast("string"), value.cast("string"))


def _iso(at: ir.TimestampValue, column: Column, zone: str, delivered: ir.Value) -> ir.StringValue:
    """Write a wall-clock time as ISO 8601; what could not be read stays as delivered."""
    if column.kind == "date":
        return ibis.coalesce(at.strftime("%Y-%m-%d"), delivered.cast("string"))
    utc = moment(at, zone).cast("timestamp")
    return ibis.coalesce(utc.strftime(_ISO), delivered.cast("string"))
