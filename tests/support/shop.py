"""Three visible rows instead of a fixture file: a tiny shop for tests of features."""

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import ibis
import pandas as pd

from features.definition import Feature
from features.tables import Customers, Transactions
from pipeline.events import as_events
from pipeline.snapshot_table import Grains, snapshot_table

AS_OF = date(2024, 6, 1)
_numbers = count()


def at(moment: str | datetime | date) -> datetime:
    """Read a UTC moment; a bare day means its noon."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment if " " in moment else f"{moment} 12:00")
    elif not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, 12)  # noqa: DTZ001 - zone follows
    return moment.replace(tzinfo=UTC)


def sale(customer: str, when: Any, **given: Any) -> dict[str, Any]:
    """Return one receipt line; it is known at once unless `known` says when."""
    happened = at(when)
    number = next(_numbers)
    return {
        "line_id": f"line-{number}",
        "order_id": given.pop("order", f"order-{number}"),
        "customer_id": customer,
        "product_id": "kettle",
        "event_time": happened,
        "available_time": at(given.pop("known", happened)),
        "quantity": 1.0,
        "amount": 100.0,
        "kind": "sale",
        **given,
    }


def returned(customer: str, when: Any, **given: Any) -> dict[str, Any]:
    """Return one line of kind `return`."""
    return sale(customer, when, kind="return", quantity=-1.0, amount=-100.0) | given


def member(customer: str, joined: str = "2023-01-01") -> dict[str, Any]:
    """Return one member."""
    return {"customer_id": customer, "joined_on": date.fromisoformat(joined)}


def grains(
    *rows: dict[str, Any], members: list[dict[str, Any]] | None = None, time_zone: str = "UTC"
) -> Grains:
    """Return the grains of a shop with these receipt lines.

    Whoever has a line is a member since 2023, unless `members` lists them.
    """
    if members is None:
        members = [member(name) for name in sorted({row["customer_id"] for row in rows})]
    tables = {
        "transactions": _table(rows, Transactions.schema()),
        "customers": _table(members, Customers.schema()),
    }
    return Grains(ibis.duckdb.connect(), as_events(tables, time_zone=time_zone))


def snapshot(shop: Grains, *features: Feature, as_of: date = AS_OF) -> pd.DataFrame:
    """Return the features of every member known at the cut-off, by customer."""
    table = snapshot_table(shop, features=features, cutoffs=[as_of])
    connection = shop._connection  # noqa: SLF001 - tests may look inside
    return connection.to_pandas(table.order_by("customer_id")).set_index("customer_id")


def value_of(feature: Feature, *rows: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Return one feature by customer."""
    as_of = given.pop("as_of", AS_OF)
    column = snapshot(grains(*rows, **given), feature, as_of=as_of)[feature.name]
    return {name: None if pd.isna(value) else value for name, value in column.items()}


def _table(rows: Any, schema: dict[str, str]) -> Any:
    frame = pd.DataFrame(list(rows), columns=list(schema)).astype(object)
    return ibis.memtable(frame.where(frame.notna(), None), schema=schema)
