"""What a cut-off sees of the drawn rows, and quotients that may have no value."""

from collections import defaultdict
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]


def visible(rows: list[Row], as_of: date, zone: ZoneInfo) -> list[Row]:
    seen = []
    for row in rows:
        happened = row["event_time"].astimezone(zone)
        known = row["available_time"].astimezone(zone)
        if known.date() < as_of and row["customer_id"] is not None:
            seen.append(
                {
                    **row,
                    "local": happened,
                    "day": happened.date(),
                    "known": known.date(),
                    "before": (as_of - happened.date()).days,
                }
            )
    return seen


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def change(recent: float, earlier: float) -> float | None:
    return share(recent - earlier, recent + earlier)


def parts_of(sales: list[Row]) -> list[list[Row]]:
    parts = defaultdict(list)
    for row in sales:
        parts[row["order_id"], row["day"], row["known"]].append(row)
    return list(parts.values())


def known(rows: list[Row], column: str) -> list[Any]:
    return [r[column] for r in rows if r.get(column) is not None]
