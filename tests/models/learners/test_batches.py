"""How many rows are scored at once changes no bit, though large batches are summed otherwise."""

import lightgbm
import numpy as np
import pandas as pd
import pytest

from models.learners import LiftLearner, PropensityClassifier, StateCalibrated
from models.learners.quickscorer import WORTH_COMPILING, summed

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


def test_effects_of_a_large_batch_are_those_of_small_ones_to_the_bit():
    X, y = rows(3000, 5)
    arm = np.random.default_rng(5).choice(["mail", "none"], len(X))
    learner = LiftLearner(control="none", trees=20, seed=1).fit(X, y, arm)
    batch, _ = rows(WORTH_COMPILING, 6)
    small = pd.concat(learner.predict_effect(part) for part in (batch[:7000], batch[7000:]))
    pd.testing.assert_frame_equal(learner.predict_effect(batch), small, check_exact=True)
    assert small["mail"].nunique() > 100


@pytest.mark.parametrize("trees", [0, 3])
def test_the_sum_of_no_or_few_trees_is_that_of_lightgbm(trees):
    X = np.random.default_rng(7).normal(size=(WORTH_COMPILING, 2))
    booster = lightgbm.Booster(
        {"objective": "binary", "verbosity": -1}, lightgbm.Dataset(X, label=X[:, 0] > 0)
    )
    for _ in range(trees):
        booster.update()
    sums = [summed(booster, part, threads=0) for part in (X, X[:9000])]
    assert np.array_equal(sums[0], booster.predict(X, raw_score=True))
    assert np.array_equal(sums[0][:9000], sums[1])
