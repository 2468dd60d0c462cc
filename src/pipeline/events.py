"""Tables as the authors of grains see them: local days, and nothing they must not use."""

from collections.abc import Mapping
from pathlib import Path

import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend

from features.table import Table
from features.tables import TABLE_BY_NAME, TABLES
from pipeline.duck import wall_clock_of
from pipeline.zones import local_date


def read_events(connection: Backend, tables: Path, *, time_zone: str) -> dict[str, ir.Table]:
    """Return every table that lies in a folder by name, ready for grains; see `as_events`."""
    files = {table.table_name: tables / f"{table.table_name}.parquet" for table in TABLES}
    found = {name: connection.read_parquet(path) for name, path in files.items() if path.exists()}
    return as_events(found, time_zone=time_zone)


def as_events(tables: Mapping[str, ir.Table], *, time_zone: str) -> dict[str, ir.Table]:
    """Turn tables as declared into tables that the authors of grains may read.

    Columns of class `contact` and `health` are left out, and so are the rows of products
    whose purpose is `health`: a purchase would tell of the illness. Tables of facts gain
    `event_on` and `available_on`, the local days; `event_time` becomes local.

    Parameters
    ----------
    tables : mapping of str to Table
        Accepted rows by table name, with the columns that `features.tables` declares.
    time_zone : str
        The business time zone (IANA name), in which days begin and end.
    """
    found = {
        name: table.select(_general_columns(TABLE_BY_NAME[name])) for name, table in tables.items()
    }
    if "products" in found:
        health = found["products"].filter(_.purpose == "health").select("product_id")
        for name in {"products", "transactions"} & set(found):
            found[name] = found[name].anti_join(health, "product_id")
    return {name: _localised(table, time_zone) for name, table in found.items()}


def _general_columns(table: type[Table]) -> list[str]:
    return [column.name for column in table.columns() if column.purpose == "general"]


def _localised(table: ir.Table, time_zone: str) -> ir.Table:
    if not {"event_time", "available_time"} <= set(table.columns):
        return table
    return table.mutate(
        event_time=wall_clock_of(time_zone, _.event_time),
        event_on=local_date(_.event_time, time_zone),
        available_on=local_date(_.available_time, time_zone),
    ).drop("available_time")
