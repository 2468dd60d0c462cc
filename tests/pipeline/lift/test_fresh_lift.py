"""What offers change for one customer, from the tables, is what a batch says."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from copies import with_version

from models.effects.shipped import Learned
from models.promotion_lift import promotion_lift
from pipeline.engine import engine
from pipeline.fresh import fresh_scores
from pipeline.lift.cutoffs import read_lift_cutoffs
from pipeline.lift.score import score, score_table
from pipeline.project import OutcomeWindow
from pipeline.score_set import parts
from pipeline.snapshot_store import read_snapshot
from pipeline.trace.again import scored_again
from pipeline.versions import version_folder


@pytest.fixture
def versioned(trained, tmp_path):
    """A copy of the trained project, with a version 1 of its model."""
    return with_version(trained, promotion_lift, tmp_path / "project")


def test_fresh_effects_are_those_of_a_batch(versioned):
    as_of = read_lift_cutoffs(versioned.artifacts, promotion_lift.name).score
    folder = version_folder(versioned.artifacts, promotion_lift.name, "1")
    learned = Learned.load(folder, promotion_lift)
    with engine(versioned.artifacts) as connection:
        snapshot = read_snapshot(connection, versioned.artifacts, "customer", as_of)
        eligible = snapshot.filter(promotion_lift.eligible(snapshot)).order_by("customer_id")
        rows = eligible.select("customer_id", *learned.columns).to_pandas()
    batch = score_table(learned, rows)
    for customer in rows["customer_id"].iloc[[0, len(rows) // 2]]:
        fresh = fresh_scores(versioned, promotion_lift, "1", customer, as_of=as_of)
        own = batch[batch["customer_id"] == customer].reset_index(drop=True)
        pd.testing.assert_frame_equal(fresh.reset_index(drop=True), own)


def test_effects_of_a_customer_alone_are_those_of_the_score_set(versioned):
    stored = score(versioned, promotion_lift, "1", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    (path,) = parts(versioned.artifacts, stored)
    rows = pd.read_parquet(path)
    window = OutcomeWindow(promotion_lift.gap_days, promotion_lift.horizon_days)
    for customer in rows["customer_id"].drop_duplicates().iloc[[0, 100, 500]]:
        again = scored_again(versioned.artifacts, stored, customer, window=window)
        own = rows[rows["customer_id"] == customer].sort_values("arm", ignore_index=True)
        pd.testing.assert_frame_equal(again.sort_values("arm", ignore_index=True), own[[*again]])
