"""How many rows are scored at once changes no bit, though large batches are summed otherwise."""

import numpy as np
import pandas as pd
import pytest

from models.learners import PropensityClassifier, StateCalibrated
from models.learners.boosting import WORTH_COMPILING

STATES = ["REPEAT", "UPGRADE", "CROSS", "NEW"]


def rows(n, seed):
    random = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "state": random.choice(STATES, n),
            "days": random.exponential(30, n).round(),
            "share": random.random(n),
            "brand": random.choice([f"b{one}" for one in range(90)], n),
        }
    )
    X.loc[random.random(n) < 0.2, "days"] = np.nan
    X.loc[random.random(n) < 0.1, "brand"] = None
    chance = 0.1 + 0.3 * (X["state"] == "REPEAT") + 0.3 * X["share"] * X["brand"].isin(["b1", "b2"])
    return X, (random.random(n) < chance).astype(int)


@pytest.fixture(scope="module")
def learner():
    X, y = rows(4000, 1)
    later, outcome = rows(4000, 2)
    pooled = PropensityClassifier(trees=60, blend=False, calibration="beta", seed=1)
    return StateCalibrated(column="state", pooled=pooled).fit(X, y, X_cal=later, y_cal=outcome)


def test_a_large_batch_is_predicted_as_small_ones_to_the_bit(learner):
    X, _ = rows(WORTH_COMPILING + 1, 3)
    small = np.concatenate(
        [learner.predict_proba(X[start : start + 7000]) for start in range(0, len(X), 7000)]
    )
    for batch in (X[:WORTH_COMPILING], X):
        assert np.array_equal(learner.predict_proba(batch), small[: len(batch)])
    assert len(np.unique(small[:, 1])) > 1000


def test_only_a_large_batch_is_summed_otherwise(learner):
    X, _ = rows(WORTH_COMPILING, 4)
    trees = learner.pooled_.trees_
    vars(trees).pop("_scorers", None)
    learner.predict_proba(X[: WORTH_COMPILING - 1])
    assert "_scorers" not in vars(trees)
    learner.predict_proba(X)
    assert [one.fallback for one in vars(trees)["_scorers"]] == [None] * len(trees.boosters)
