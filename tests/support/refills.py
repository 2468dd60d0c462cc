"""A shop whose members refill one thing every four weeks or so, as delivered tables."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

FIRST = datetime(2024, 1, 1, 10, tzinfo=UTC)


def members(count):
    """Members since long ago."""
    names = [f"M{n:04}" for n in range(count)]
    return pd.DataFrame({"customer_id": names, "joined_on": "2023-06-01"})


def products(**given):
    """Capsules of 28 days, and a kettle that is bought once."""
    return pd.DataFrame(
        {
            "product_id": ["capsules", "kettle"],
            "category": ["kitchen", "kitchen"],
            "category_2": ["coffee", "boiling"],
            "category_3": ["capsules", "kettles"],
            "list_price": [300.0, 900.0],
            "days_of_supply": [28.0, None],
            **given,
        }
    )


def refills(people, *, days=500, pace=28.0, seed=3, product="capsules"):
    """Sales: everybody begins some day and refills after `pace` days or
    so, at an own pace; one in ten stops each time."""
    random = np.random.default_rng(seed)
    rows = []
    for name in people["customer_id"]:
        own = pace * np.exp(random.normal(0, 0.5))
        day = random.uniform(0, days)
        while day < days:
            rows.append((name, day))
            if random.random() < 0.1:
                break
            day += own * random.gamma(12) / 12
    at = [FIRST + timedelta(days=int(day)) for _, day in rows]
    numbers = [f"{product}-{n}" for n in range(len(rows))]
    return pd.DataFrame(
        {
            "line_id": numbers,
            "order_id": numbers,
            "customer_id": [name for name, _ in rows],
            "product_id": product,
            "event_time": [one.isoformat() for one in at],
            "available_time": [one.isoformat() for one in at],
            "quantity": 1,
            "amount": 300.0,
            "kind": "sale",
        }
    )


def delivered(folder, **tables):
    """Write tables as CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder
