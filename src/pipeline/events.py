"""Tables as the authors of grains see them: local days, and nothing they must not use."""

from pathlib import Path

import ibis
import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend

from features.table import Table
from features.tables import TABLES


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp"))  # type: ignore[untyped-decorator]  # Ibis ships no types
def _local(zone: ir.StringValue, moment: ir.TimestampValue) -> ir.TimestampValue:
    """Return the wall-clock time of a UTC moment (DuckDB's own function)."""


def read_events(connection: Backend, tables: Path, *, time_zone: str) -> dict[str, ir.Table]:
    """Return every delivered table by name, ready for grains.

    Columns of class `contact` and `health` are left out, and so are the rows of products
    whose purpose is `health`: a purchase would tell of the illness. Tables of facts gain
    `event_on` and `available_on`, the local days; `event_time` becomes local.
    """
    found = {
        table.table_name: _without_persons(connection, tables, table)
        for table in TABLES
        if (tables / f"{table.table_name}.parquet").exists()
    }
    if "products" in found:
        health = found["products"].filter(_.purpose == "health").select("product_id")
        found["products"] = found["products"].anti_join(health, "product_id")
        if "transactions" in found:
            found["transactions"] = found["transactions"].anti_join(health, "product_id")
    return {name: _localised(table, time_zone) for name, table in found.items()}


def _without_persons(connection: Backend, tables: Path, table: type[Table]) -> ir.Table:
    columns = [column.name for column in table.columns() if column.purpose == "general"]
    return connection.read_parquet(tables / f"{table.table_name}.parquet").select(columns)


def _localised(table: ir.Table, time_zone: str) -> ir.Table:
    if not {"event_time", "available_time"} <= set(table.columns):
        return table
    return table.mutate(
        event_time=_local(time_zone, _.event_time),
        event_on=_local(time_zone, _.event_time).date(),
        available_on=_local(time_zone, _.available_time).date(),
    ).drop("available_time")
