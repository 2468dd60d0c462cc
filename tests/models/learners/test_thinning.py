"""A learner that saw a tenth of the negatives promises what one that saw all would."""

import numpy as np
import pandas as pd
import pytest

from models.learners import FrameError, PropensityClassifier


def visits(rows=60_000):
    random = np.random.default_rng(0)
    X = pd.DataFrame({"visits": random.poisson(3, rows), "age": random.normal(40, 10, rows)})
    p = 1 / (1 + np.exp(4 - 0.4 * X["visits"]))
    return X, (random.random(rows) < p).astype(int), random


def learner():
    return PropensityClassifier(trees=60, leaves=7, threads=1)


def test_one_keep_rate_for_all_restores_the_level():
    X, y, random = visits()
    kept = (y == 1) | (random.random(y.size) < 0.1)
    thinned = learner().fit(X[kept], y[kept], keep_rate=0.1).predict_proba(X)[:, 1]
    standard_error = np.sqrt(1 / y.sum() + 1 / (kept & (y == 0)).sum())
    assert thinned.mean() / y.mean() == pytest.approx(1, abs=3 * standard_error)


def test_keep_rates_by_stratum_do_not_look_like_an_effect():
    X, y, random = visits()
    share = np.where(X["age"] > 40, 0.5, 0.05)  # thinned by a column that means nothing
    kept = (y == 1) | (random.random(y.size) < share)
    thinned = learner().fit(X[kept], y[kept], keep_rate=share[kept]).predict_proba(X)[:, 1]
    old, young = thinned[X["age"] > 40].mean(), thinned[X["age"] <= 40].mean()
    assert old / young == pytest.approx(1, abs=0.1)


def test_calibration_rows_need_not_be_thinned():
    X, y, random = visits()
    kept = (y[:40_000] == 1) | (random.random(40_000) < 0.1)
    fitted = learner().fit(
        X[:40_000][kept],
        y[:40_000][kept],
        keep_rate=0.1,
        X_cal=X[40_000:],
        y_cal=y[40_000:],
    )
    assert fitted.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), rel=0.03)


@pytest.mark.parametrize("rate", [0, 1.5, [0.5, 0.5]])
def test_share_that_is_no_share_is_refused(rate):
    X, y, _ = visits(rows=100)
    with pytest.raises(FrameError, match="keep_rate"):
        learner().fit(X, y, keep_rate=rate)
