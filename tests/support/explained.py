"""A live model whose scores can be explained: learner, snapshot and score set, all real."""

from datetime import date

import numpy as np
import pandas as pd
from scored import MODEL, go_live

from models.customer_activity import customer_activity
from pipeline.durable import write_json
from pipeline.fingerprint import file_digest, folder_digest
from pipeline.snapshot_store import fingerprint_of
from pipeline.versions import Version

AS_OF = date(2026, 3, 1)
COLUMNS = ["days_since_last_purchase", "mean_gap_days", "order_count"]


def explainable(artifacts, count=300, *, named="c{:05}"):
    """Make a model live whose version, snapshot and scores belong together."""
    random = np.random.default_rng(3)
    days = random.integers(1, 400, count)
    snapshot = pd.DataFrame(
        {
            "customer_id": [named.format(number) for number in range(count)],
            "days_since_last_purchase": days,
            "mean_gap_days": np.where(days % 4, random.gamma(3, 20, count), np.nan),
            "order_count": random.poisson(5, count) + 1,
        }
    )
    y = random.random(count) < 1 / (1 + np.exp(days / 100 - 1))
    learner = customer_activity.learner(1).set_params(trees=20)
    learner.fit(snapshot[COLUMNS], y.astype(int))
    version = artifacts / "versions" / MODEL / "1"
    learner.save(version / "learner")
    trained = {"features": COLUMNS, "seed": 1, "learner": folder_digest(version / "learner")}
    write_json(version / "training.json", trained)
    known = Version(model=MODEL, number="1", training="t", definition="d", run_id="r")
    write_json(version / "version.json", known.model_dump())
    folder = artifacts / "snapshots" / "customer" / f"as_of={AS_OF}"
    folder.mkdir(parents=True)
    stored = snapshot.sample(frac=1, random_state=1)  # no order to rely on
    stored.replace({np.nan: None}).to_parquet(folder / "part-0.parquet")
    files = {"part-0.parquet": file_digest(folder / "part-0.parquet")}
    manifest = {"version": "c0ffee", "codings": {}, "rows": count, "data": "d1", "files": files}
    write_json(folder / "manifest.json", manifest)
    scores = learner.predict_proba(snapshot[COLUMNS])[:, 1]
    go_live(
        artifacts,
        dict(zip(snapshot["customer_id"], scores, strict=True)),
        data_fingerprint=fingerprint_of(manifest),
    )
    return snapshot.set_index("customer_id")
