"""Every customer and time feature of every member."""

from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd

from reference.buying import buying
from reference.dealings import dealings, visiting
from reference.holding import holding, placed
from reference.moment import moment
from reference.person import person, profile_at
from reference.rows import Row, visible

FACTS = (
    "transactions", "consents", "card_events", "contacts", "interactions", "surveys",
    "service_cases",
)  # fmt: skip


def customer_reference(
    tables: dict[str, list[Row]], *, as_of: date, time_zone: str
) -> pd.DataFrame:
    """Return every customer feature of every member known at the cut-off, by customer."""
    zone = ZoneInfo(time_zone)
    facts = {name: visible(tables.get(name, []), as_of, zone) for name in FACTS}
    ill = {p["product_id"] for p in tables["products"] if p.get("purpose") == "health"}
    products = {
        p["product_id"]: p
        for p in placed([p for p in tables["products"] if p["product_id"] not in ill])
    }
    facts["transactions"] = [r for r in facts["transactions"] if r["product_id"] not in ill]
    stores = {s["store_id"]: s for s in tables["stores"]}
    joined: dict[str, date] = {}
    for row in tables["customers"]:
        name = row["customer_id"]
        joined[name] = min(joined.get(name, row["joined_on"]), row["joined_on"])
    rows = {}
    for name, day in joined.items():
        if day < as_of:
            own = {
                key: [r for r in found if r["customer_id"] == name] for key, found in facts.items()
            }
            recorded = [r for r in tables["customers"] if r["customer_id"] == name]
            rows[name] = {
                "tenure_days": (as_of - day).days,
                **person(profile_at(recorded, as_of), as_of),
                **buying(own["transactions"]),
                **holding(own["transactions"], products, as_of),
                **visiting(own["transactions"], stores),
                **dealings(own),
            }
    frame = pd.DataFrame.from_dict(rows, orient="index").sort_index()
    for column, value in moment(as_of).items():
        frame[column] = value
    return frame
