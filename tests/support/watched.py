"""A project that has been live for some months, made by hand: snapshots, scores, sales."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import yaml
from scored import MODEL

from models.customer_activity import customer_activity
from pipeline.durable import write_json
from pipeline.release import release
from pipeline.score_set import write_score_set
from pipeline.snapshot_store import snapshot_folder
from pipeline.versions import Version

#: Names of the columns that the model looks at.
FEATURES = ["days_since_last_purchase", "order_count_90d"]
CUSTOMERS = [f"member-{number:03}" for number in range(400)]
FIRST, STEP = date(2025, 1, 1), timedelta(days=30)


def cutoff(month):
    """The cut-off of a month."""
    return FIRST + month * STEP


def snapshot(artifacts, month, **broken):
    """Write a snapshot of all customers; `broken` replaces columns."""
    random = np.random.default_rng(month)
    count = np.random.default_rng(0).poisson(3, len(CUSTOMERS))  # the same in each month
    rows = pd.DataFrame(
        {
            "customer_id": CUSTOMERS,
            "as_of": cutoff(month),
            "days_since_last_purchase": (90 / (1 + count)).round() + random.integers(1, 9, 400),
            "order_count_90d": count,
            "age_years": random.integers(20, 70, 400),
            **broken,
        }
    )
    folder = snapshot_folder(artifacts, "customer", cutoff(month))
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(folder / "part-0.parquet")
    features = dict.fromkeys([*FEATURES, "age_years"], "definition")
    content = {"version": f"{month}-{sorted(broken)}", "codings": {}, "features": features}
    write_json(folder / "manifest.json", {**content, "rows": 400, "newest": {}, "files": {}})
    return rows


def sales(artifacts, who, *, month):
    """Add one sale of some customers in the window after a cut-off."""
    path = artifacts / "tables" / "transactions.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = pd.read_parquet(path) if path.exists() else None
    at = datetime.combine(cutoff(month) + timedelta(days=3), datetime.min.time(), UTC)
    rows = pd.DataFrame(
        {
            "line_id": [f"{month}-{name}" for name in who],
            "order_id": [f"{month}-{name}" for name in who],
            "customer_id": who,
            "product_id": "kettle",
            "event_time": at,
            "available_time": at,
            "quantity": 1.0,
            "amount": 10.0,
            "discount": 0.0,
            "promotion_id": None,
            "channel": "store",
            "kind": "sale",
            "store_id": None,
            "salesperson_id": None,
        }
    )
    rows = rows.astype(dict.fromkeys(("promotion_id", "store_id", "salesperson_id"), "string"))
    pd.concat([known, rows] if known is not None else [rows]).to_parquet(path)


def fitted(artifacts, rows, *, version="1", months=range(5)):
    """Register a version that learned to expect a sale of whoever orders often."""
    folder = artifacts / "versions" / MODEL / version
    chance = rows["order_count_90d"].to_numpy() / 10
    y = (np.random.default_rng(1).random(len(rows)) < chance).astype(int)
    learner = customer_activity.learner(1).fit(rows[FEATURES], y)
    learner.save(folder / "learner")
    days = [cutoff(month).isoformat() for month in months]
    roles = {"train": days[:-3], "tune": days[-3], "calibrate": days[-2], "test": days[-1]}
    score = (cutoff(max(months)) + STEP).isoformat()
    training = {"features": FEATURES, "cutoffs": {**roles, "score": score}, "learner": "x"}
    write_json(folder / "training.json", training)
    known = Version(model=MODEL, number=version, training="t", definition="d", run_id="r")
    write_json(folder / "version.json", known.model_dump())
    return learner


def go_live(artifacts, month, probability, *, version="1"):
    """Score all customers at a cut-off and release that."""
    at = datetime.combine(cutoff(month), datetime.min.time(), UTC)
    scores = pd.DataFrame({"customer_id": CUSTOMERS, "probability": probability})
    stored = write_score_set(
        scores,
        artifacts=artifacts,
        model=MODEL,
        version=version,
        as_of=cutoff(month),
        unit="customer",
        base=len(CUSTOMERS),
        data_fingerprint=f"month {month}",
        created_at=at,
    )
    release(artifacts, MODEL, version=version, score_set=stored.id, at=at)
    return stored


def settled(folder):
    """Write the parameters of the project, and that a run was asked for."""
    params = {
        "time_zone": "UTC",
        "currency": "EUR",
        "models": {MODEL: {"gap_days": 0, "horizon_days": 30}},
        "gate": {"list_size": 100},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    run = {"data": "here", "fingerprint": "f", "requested_at": "2026-01-01T00:00:00Z"}
    (folder / "artifacts").mkdir(exist_ok=True)
    (folder / "artifacts" / "run.yaml").write_text(yaml.safe_dump(run))
