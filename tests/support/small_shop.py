"""A project with tables, a snapshot, and a live model of customers that was scored on it."""

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
from scored import MODEL, NOON
from shop import member, product, sale, table

from features.frequency import order_count
from features.money import mean_order_amount, spend_amount_within
from features.recency import days_since_last_purchase
from features.rhythm import gap_variation_ratio
from models.customer_activity import customer_activity
from pipeline.durable import write_json
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.labels import eligible_rows
from pipeline.project import open_project
from pipeline.release import release
from pipeline.score_set import write_score_set
from pipeline.snapshot_store import build_snapshots, read_snapshot
from pipeline.versions import Version

AS_OF = date(2024, 6, 1)
NAMES = [f"c{number:03}" for number in range(120)]
#: Known, and never bought anything: no model of purchases has a score of them.
NEVER = "c999"
FEATURES = (
    days_since_last_purchase,
    gap_variation_ratio,
    mean_order_amount,
    order_count,
    spend_amount_within[90],
)


def lines():
    """Purchases up to the cut-off, one of which becomes known after it, and some later."""
    random = np.random.default_rng(5)
    found = []
    for number, name in enumerate(NAMES):
        for order in range(1 + number % 9):
            day = AS_OF - timedelta(days=int(random.integers(1, 300)))
            for _line in range(1 + order % 2):
                amount = 0.1 + float(random.gamma(2, 20))
                found.append(sale(name, day, order=f"o{number}-{order}", amount=amount))
    late = sale("c000", AS_OF - timedelta(days=3), amount=1e6, known=AS_OF + timedelta(days=2))
    later = [sale(name, AS_OF + timedelta(days=4), amount=777.0) for name in NAMES[::3]]
    return [*found, late, *later]


def tables(artifacts):
    """Write the tables of the shop."""
    rows = {
        "transactions": lines(),
        "customers": [member(name) for name in (*NAMES, NEVER)],
        "products": [product("kettle", category="kitchen")],
    }
    (artifacts / "tables").mkdir(parents=True)
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    for name, given in rows.items():
        connection.to_parquet(table(name, given), artifacts / "tables" / f"{name}.parquet")
    connection.disconnect()


def snapshot_of(project, as_of):
    """Build the snapshot of a cut-off as the snapshot stage does; return who is eligible."""
    with engine(project.artifacts, threads=1) as connection:
        events = read_events(connection, project.artifacts / "tables", time_zone="UTC")
        grains = Grains(connection, events, keep=project.artifacts / "grains")
        build_snapshots(
            connection,
            grains,
            features=FEATURES,
            cutoffs=[as_of],
            artifacts=project.artifacts,
            data="one",
        )
        rows = eligible_rows(
            read_snapshot(connection, project.artifacts, "customer", as_of), customer_activity
        )
        return connection.to_pandas(rows.order_by("customer_id"))


def small_shop(folder):
    """Return a project whose model is live, its learner, and its columns."""
    artifacts = folder / "artifacts"
    tables(artifacts)
    (folder / "params.yaml").write_text("time_zone: UTC\ncurrency: EUR\nmodels: {}\n")
    (artifacts / "run.yaml").write_text(
        "data: data\nfingerprint: c0ffee\nrequested_at: '2024-06-01T00:00:00Z'\n"
    )
    project = open_project(folder)
    rows = snapshot_of(project, AS_OF)
    columns = sorted(one.name for one in FEATURES)
    bought = np.random.default_rng(7).random(len(rows)) < 1 / (1 + rows["order_count"] ** -1.0)
    learner = customer_activity.learner(1).set_params(trees=20)
    learner.fit(rows[columns], bought.astype(int))
    version = artifacts / "versions" / MODEL / "1"
    learner.save(version / "learner")
    write_json(version / "training.json", {"features": columns})
    known = Version(model=MODEL, number="1", training="t", definition="d", run_id="r")
    write_json(version / "version.json", known.model_dump())
    scores = pd.DataFrame(
        {
            "customer_id": rows["customer_id"],
            "probability": learner.predict_proba(rows[columns])[:, 1],
        }
    )
    stored = write_score_set(
        scores,
        artifacts=artifacts,
        model=MODEL,
        version="1",
        as_of=AS_OF,
        unit="customer",
        base=len(NAMES) + 1,
        data_fingerprint="c0ffee",
        created_at=NOON,
    )
    release(artifacts, MODEL, version="1", score_set=stored.id, at=NOON)
    return project, learner, columns
