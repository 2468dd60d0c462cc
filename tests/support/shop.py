"""Three visible rows instead of a fixture file: a tiny shop for tests of features."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import ibis
import ibis.expr.types as ir
import on_spark
import pandas as pd

from features.definition import KEYS, Feature, Unit
from features.tables import TABLE_BY_NAME
from pipeline.events import as_events
from pipeline.grain_store import Grains
from pipeline.snapshot_table import seen, snapshot_table

AS_OF = date(2024, 6, 1)
_numbers = count()


def at(moment: str | datetime | date) -> datetime:
    """Read a UTC moment; a bare day means its noon."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment if " " in moment else f"{moment} 12:00")
    elif not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, 12)  # noqa: DTZ001 - zone follows
    return moment.replace(tzinfo=UTC)


class Row(dict[str, Any]):
    """A row of a table; `shown` is what the author of the test wrote of it."""

    def __init__(self, table: str, values: dict[str, Any], shown: dict[str, Any]) -> None:
        super().__init__(values)
        self.table = table
        self.shown = shown


def sale(customer: str, when: Any, **given: Any) -> Row:
    """Return one receipt line; it is known at once unless `known` says when."""
    return _line("sale", 1.0, customer, when, **given)


def returned(customer: str, when: Any, **given: Any) -> Row:
    """Return one line of kind `return`."""
    return _line("return", -1.0, customer, when, **given)


def _line(kind: str, sign: float, customer: str, when: Any, **given: Any) -> Row:
    shown = {"kind": kind, "customer": customer, "when": when, **given}
    happened = at(when)
    number = next(_numbers)
    values = {
        "line_id": f"line-{number}",
        "order_id": given.pop("order", f"order-{number}"),
        "customer_id": customer,
        "product_id": given.pop("product", "kettle"),
        "event_time": happened,
        "available_time": at(given.pop("known", happened)),
        "quantity": sign,
        "amount": sign * 100.0,
        "kind": kind,
        **given,
    }
    return Row("transactions", values, shown)


def member(customer: str, joined: str = "2023-01-01", **given: Any) -> Row:
    """Return one member."""
    values = {"customer_id": customer, "joined_on": date.fromisoformat(joined)}
    return Row("customers", values | given, {"customer": customer, "joined": joined, **given})


def product(name: str, **given: Any) -> Row:
    """Return one product."""
    return Row("products", {"product_id": name, **given}, {"product": name, **given})


def store(name: str, **given: Any) -> Row:
    """Return one store."""
    return Row("stores", {"store_id": name, **given}, {"store": name, **given})


def fact(table: str, customer: str, when: Any, **given: Any) -> Row:
    """Return a row of any table of facts; it is known at once unless `known` says when."""
    shown = {"customer": customer, "when": when, **given}
    happened = at(when)
    values = {
        "customer_id": customer,
        "event_time": happened,
        "available_time": at(given.pop("known", happened)),
        **given,
    }
    return Row(table, values, shown)


def look(customer: str, when: Any, kind: str, subject: str = "kettles", **given: Any) -> Row:
    """Return one interaction."""
    return fact("interactions", customer, when, kind=kind, subject=subject, **given)


def contact(customer: str, when: Any, channel: str, status: str = "sent", **given: Any) -> Row:
    """Return one contact."""
    return fact("contacts", customer, when, channel=channel, status=status, **given)


def shop(*rows: dict[str, Any], time_zone: str = "UTC", **tables: Any) -> Any:
    """Return the grains of a shop with these receipt lines and tables.

    Tables are lists of rows by name. Whoever has a line is a member since 2023, unless
    `members` lists them; products that `products` does not list have no attributes.
    """
    members = tables.pop("members", None)
    named = {
        row["customer_id"]
        for rows_ in (rows, *tables.values())
        for row in rows_
        if row.get("customer_id")
    }
    delivered = {
        "transactions": rows,
        "customers": members or [member(name) for name in sorted(named)],
        "products": [],
        "stores": [],
        **tables,
    }
    held = {name: table(name, rows_) for name, rows_ in delivered.items()}
    if on_spark.WANTED:
        return on_spark.grains(held, time_zone=time_zone)
    return Grains(ibis.duckdb.connect(), as_events(held, time_zone=time_zone))


def snapshot(
    grains: Any, *features: Feature, as_of: date = AS_OF, unit: Unit = "customer"
) -> pd.DataFrame:
    """Return the features of every unit known at the cut-off, by customer or product."""
    (key,) = KEYS[unit]
    if on_spark.WANTED:
        return on_spark.frame(grains, features, as_of=as_of, unit=unit).set_index(key)
    with seen(grains, [as_of]) as at:
        table = snapshot_table(at, features=features, unit=unit)
        frame = grains.connection.to_pandas(table.order_by(key))
    return frame.set_index(key)


def value_of(feature: Feature, *rows: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Return one feature by customer."""
    as_of = given.pop("as_of", AS_OF)
    column = snapshot(shop(*rows, **given), feature, as_of=as_of)[feature.name]
    return {name: None if pd.isna(value) else value for name, value in column.items()}


def table(name: str, rows: Iterable[dict[str, Any]]) -> ir.Table:
    """Return rows as the declared table of that name."""
    schema = TABLE_BY_NAME[name].schema()
    frame = pd.DataFrame(list(rows), columns=list(schema)).astype(object)
    return ibis.memtable(frame.where(frame.notna(), None), schema=schema)
