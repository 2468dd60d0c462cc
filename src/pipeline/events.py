"""Tables as the authors of grains see them: local days, and nothing they must not use."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend

from features.table import Table
from features.tables import TABLE_BY_NAME, TABLES
from pipeline.zones import wall_clock as wall_clock_on_duckdb

WallClock = Callable[[str, Any], Any]


def read_events(
    connection: Backend,
    tables: Path,
    *,
    time_zone: str,
    instead: Mapping[str, Path] = MappingProxyType({}),
) -> dict[str, ir.Table]:
    """Return every table that lies in a folder by name, ready for grains; see `as_events`.

    `instead` names copies of tables that are read in their place.
    """
    files = {table.table_name: tables / f"{table.table_name}.parquet" for table in TABLES}
    files |= instead
    found = {name: connection.read_parquet(path) for name, path in files.items() if path.exists()}
    return as_events(found, time_zone=time_zone)


def as_events(
    tables: Mapping[str, ir.Table],
    *,
    time_zone: str,
    wall_clock: WallClock = wall_clock_on_duckdb,
) -> dict[str, ir.Table]:
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
    wall_clock : callable
        What the engine calls the function from a zone and a moment to a wall-clock time.
    """
    found = {
        name: table.select(_general_columns(TABLE_BY_NAME[name])) for name, table in tables.items()
    }
    if "products" in found:
        found |= without_health(found)
    return {name: _localised(table, time_zone, wall_clock) for name, table in found.items()}


def without_health(found: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """Hide the products of an illness, and every row that names one.

    A category that holds only such products tells as much as they do: interactions with it
    are hidden too.
    """
    products = found["products"]
    ill = (products.purpose == "health").fill_null(False)  # noqa: FBT003 - a value, not a switch
    health = products.filter(ill).select("product_id")
    hidden: dict[str, ir.Table] = {
        name: found[name].anti_join(health, "product_id")
        for name in ("products", "transactions")
        if name in found
    }
    if "interactions" in found:
        named = health.select(subject="product_id")
        for level in ("category", "category_2", "category_3"):
            only_ill = products.group_by(subject=products[level]).having(ill.all()).aggregate()
            named = named.union(only_ill.filter(_.subject.notnull()))
        hidden["interactions"] = found["interactions"].anti_join(named.distinct(), "subject")
    if "campaigns" in found:
        hidden["campaigns"] = found["campaigns"].anti_join(health, "product_id")
        told = found["campaigns"].semi_join(health, "product_id").select("campaign_id")
        for name in ("contacts", "outcomes", "assignments"):
            if name in found:
                hidden[name] = found[name].anti_join(told, "campaign_id")
    return hidden


def _general_columns(table: type[Table]) -> list[str]:
    return [column.name for column in table.columns() if column.purpose == "general"]


def _localised(table: ir.Table, time_zone: str, wall_clock: WallClock) -> ir.Table:
    if not {"event_time", "available_time"} <= set(table.columns):
        return table
    return table.mutate(
        event_time=wall_clock(time_zone, _.event_time),
        event_on=wall_clock(time_zone, _.event_time).date(),
        available_on=wall_clock(time_zone, _.available_time).date(),
    ).drop("available_time")
