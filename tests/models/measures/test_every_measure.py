"""What holds for every measure of a score, whatever it measures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import measures
from models.measures import MeasureError

MEASURES = {
    "log_loss": {},
    "log_loss_skill": {},
    "brier": {},
    "brier_skill": {},
    "roc_auc": {},
    "pr_auc": {},
    "lift_at": {"share": 0.3},
    "capture_at": {"share": 0.3},
    "observed_over_expected": {"share": 0.5},
    "calibration_slope": {},
    "calibration_intercept": {},
    "expected_calibration_error": {"bins": 5},
    "profit_at": {"share": 0.3, "margin": 10, "contact_cost": 1, "redemption_cost": 2},
    "best_depth": {"margin": 10, "contact_cost": 5},
    "miscalibration": {"of": "brier"},
    "discrimination": {"of": "log_loss"},
}
each = pytest.mark.parametrize("name", MEASURES)


def rows(seed, count=80):
    random = np.random.default_rng(seed)
    score = random.integers(1, 20, count) / 20
    y = (random.random(count) < score).astype(int)
    y[:2] = 0, 1
    return y, score


@each
@given(seed=st.integers(0, 1000))
def test_order_of_the_rows_does_not_matter(name, seed):
    measure, options = getattr(measures, name), MEASURES[name]
    y, score = rows(seed)
    shuffled = np.random.default_rng(seed).permutation(y.size)
    expected = measure(y, score, **options)
    assert measure(y[shuffled], score[shuffled], **options) == pytest.approx(expected)


@each
@given(seed=st.integers(0, 1000))
def test_weight_two_is_the_row_twice(name, seed):
    measure, options = getattr(measures, name), MEASURES[name]
    y, score = rows(seed)
    times = np.random.default_rng(seed + 1).integers(1, 3, y.size)
    repeated = measure(np.repeat(y, times), np.repeat(score, times), **options)
    assert measure(y, score, weight=times, **options) == pytest.approx(repeated)


@each
def test_several_sets_of_weights_are_measured_as_one_by_one(name):
    measure, options = getattr(measures, name), MEASURES[name]
    y, score = rows(seed=3)
    weights = np.random.default_rng(4).poisson(1, (7, y.size)).astype(float)
    if name == "expected_calibration_error":
        weights[:] = weights[0]  # its bins are those of the mean weight
    one_by_one = [measure(y, score, weight=weight, **options) for weight in weights]
    assert measure(y, score, weight=weights, **options) == pytest.approx(one_by_one)


@each
@pytest.mark.parametrize(
    ("y", "score", "message"),
    [
        ([0, 1], [0.5], "one value per row"),
        ([], [], "no row to measure"),
        ([0, 2, 1], [0.1, 0.2, 0.3], "1 of 3 values that are neither 0 nor 1"),
        ([0, np.nan, 1], [0.1, 0.2, 0.3], "1 of 3 values that are neither 0 nor 1"),
        ([0, 1], [np.nan, 0.3], "1 of 2 values that are not finite"),
    ],
)
def test_rows_that_cannot_be_measured_are_refused(name, y, score, message):
    with pytest.raises(MeasureError, match=message):
        getattr(measures, name)(y, score, **MEASURES[name])


@pytest.mark.parametrize("name", ["roc_auc", "calibration_slope", "log_loss_skill", "brier_skill"])
@pytest.mark.parametrize("outcome", [0, 1])
def test_one_outcome_only_is_refused_where_two_are_compared(name, outcome):
    with pytest.raises(MeasureError, match=f"every outcome is {outcome}"):
        getattr(measures, name)([outcome] * 3, [0.1, 0.2, 0.3])


@pytest.mark.parametrize("name", ["pr_auc", "lift_at", "capture_at"])
def test_nobody_responding_is_refused_by_what_is_relative_to_responders(name):
    with pytest.raises(MeasureError, match="nobody responded"):
        getattr(measures, name)([0, 0], [0.1, 0.2], **MEASURES[name])


@pytest.mark.parametrize("share", [0, -0.1, 1.1, float("nan")])
def test_share_outside_zero_to_one_is_refused(share):
    with pytest.raises(MeasureError, match="share"):
        measures.lift_at([0, 1], [0.1, 0.2], share=share)


def test_scores_that_are_no_probabilities_are_refused_by_proper_scores():
    with pytest.raises(MeasureError, match=r"run from 0\.1 to 1\.2"):
        measures.log_loss([0, 1], [0.1, 1.2])
