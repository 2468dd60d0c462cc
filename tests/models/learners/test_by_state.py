"""One pooled model, set right in each state."""

import numpy as np
import pandas as pd
import pytest

from models.learners import FrameError, PropensityClassifier, StateCalibrated

RATES = {"NEW": 0.05, "CROSS": 0.1, "REPEAT": 0.4}


def rows(count, *, shift=0.0, seed=1):
    random = np.random.default_rng(seed)
    state = random.choice(list(RATES), count)
    x = random.normal(size=count)
    odds = np.log([RATES[s] / (1 - RATES[s]) for s in state]) + x
    odds = odds + shift * (state == "NEW")
    return pd.DataFrame({"state": state, "x": x}), random.random(count) < 1 / (1 + np.exp(-odds))


def fitted(**later):
    X, y = rows(6000)
    X_cal, y_cal = rows(6000, seed=2, **later)
    pooled = PropensityClassifier(trees=40, blend=False, calibration="beta", seed=1)
    return StateCalibrated(column="state", pooled=pooled).fit(X, y, X_cal=X_cal, y_cal=y_cal)


def test_a_state_whose_level_moved_is_set_right_alone():
    learner = fitted(shift=1.5)
    X, y = rows(20_000, shift=1.5, seed=3)
    said = learner.predict_proba(X)[:, 1]
    for state in RATES:
        own = (X["state"] == state).to_numpy()
        assert y[own].sum() / said[own].sum() == pytest.approx(1, abs=0.12)


def test_what_was_saved_says_the_same(tmp_path):
    learner = fitted()
    X, _ = rows(500, seed=4)
    learner.save(tmp_path)
    again = StateCalibrated.load(tmp_path)
    assert (again.predict_proba(X) == learner.predict_proba(X)).all()
    assert again.settled().get_params()["pooled__trees"] == 40


def test_a_state_with_few_outcomes_keeps_the_level_of_all_rows():
    X, y = rows(3000)
    X_cal, y_cal = rows(3000, seed=2)
    rare = (X_cal["state"] == "NEW").to_numpy()
    y_cal[np.flatnonzero(rare & y_cal)[40:]] = False
    learner = StateCalibrated(column="state").fit(X, y, X_cal=X_cal, y_cal=y_cal)
    assert set(learner.states_) == {"CROSS", "REPEAT"}


def test_rows_without_the_state_are_refused():
    X, y = rows(200)
    with pytest.raises(FrameError, match="no column phase"):
        StateCalibrated(column="phase").fit(X, y, X_cal=X, y_cal=y)
