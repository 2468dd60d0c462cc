"""A shop whose campaigns each have a design of their own, sound or not, as delivered tables."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from pipeline import ingest, snapshot, validate
from pipeline.project import open_project
from pipeline.run import make_project, settle

FIRST = date(2024, 1, 1)
MEMBERS = 900
ARMS = ("control", "coupon")


def members(count=MEMBERS):
    """Members; income bands were recorded long ago."""
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "customer_id": [f"M{n:04}" for n in range(count)],
            "joined_on": "2023-06-01",
            "birth_year": random.integers(1950, 2000, count),
            "income_band": random.choice(["low", "middle", "high"], count),
        }
    )


def purchases(people, *, until, per_day=0.02, seed=2):
    """Sales at random: everybody buys about once in fifty days."""
    random = np.random.default_rng(seed)
    days = (until - FIRST).days
    count = random.poisson(per_day * days, len(people))
    who = np.repeat(people["customer_id"].to_numpy(), count)
    day = random.integers(0, days, len(who))
    return _sales(who, day, prefix="L")


def _sales(who, day, *, prefix):
    at = [datetime(2024, 1, 1, 10, tzinfo=UTC) + timedelta(days=int(d)) for d in day]
    return pd.DataFrame(
        {
            "line_id": [f"{prefix}{n}" for n in range(len(who))],
            "order_id": [f"{prefix}{n}" for n in range(len(who))],
            "customer_id": who,
            "product_id": "kettle",
            "event_time": [t.isoformat() for t in at],
            "available_time": [t.isoformat() for t in at],
            "quantity": 1,
            "amount": 100.0,
            "kind": "sale",
        }
    )


def drawn(campaign, day, people, *, arms=ARMS, shares=None, probability=None, seed=0):
    """Assignments of one campaign: arms drawn with `shares`, on record with `probability`."""
    random = np.random.default_rng([seed, day])
    shares = shares or dict.fromkeys(arms, 1 / len(arms))
    arm = random.choice(list(shares), len(people), p=list(shares.values()))
    on_record = probability or shares
    return pd.DataFrame(
        {
            "campaign_id": campaign,
            "customer_id": people["customer_id"].to_numpy(),
            "arm": arm,
            "probability": [on_record[one] for one in arm],
            "assigned_at": f"{FIRST + timedelta(days=day)}T09:00:00Z",
        }
    )


def helped(assignments, day, *, share=0.3, seed=0):
    """Sales that a coupon brought within a week: to this share of those who drew it."""
    random = np.random.default_rng([9, seed, day])
    who = assignments.query("arm != 'control'")["customer_id"].to_numpy()
    who = who[random.random(len(who)) < share]
    return _sales(who, day + random.integers(0, 7, len(who)), prefix=f"H{day}-")


def campaigns(*assignments):
    """One row per campaign, with the day of its draw."""
    return pd.DataFrame(
        {
            "campaign_id": [one["campaign_id"].iloc[0] for one in assignments],
            "channel": "email",
            "starts_at": [one["assigned_at"].iloc[0] for one in assignments],
            "contact_cost": 1.0,
            "redemption_cost": 5.0,
            "margin_share": 0.5,
        }
    )


def delivered(folder, **tables):
    """Write tables as CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"product_id": ["kettle"], "name": ["Kettle"], "unit_cost": [60.0]}).to_csv(
        folder / "products.csv", index=False
    )
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def validated(folder, data, *, monkeypatch, as_of=None, models=None):
    """Ingest and validate a delivery; return the project."""
    make_project(folder)
    settle(
        folder,
        data=str(data),
        as_of=as_of,
        overrides={"models": models or {"promotion_lift": {"seed": 1}}, "gate.draws": 200},
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    monkeypatch.chdir(folder)
    ingest.main()
    validate.main()
    return open_project(folder)


def built(folder, data, **options):
    """Build the snapshots of a delivery as well; options as for `validated`."""
    project = validated(folder, data, **options)
    snapshot.build(project)
    return project
