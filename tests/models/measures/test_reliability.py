"""The reliability diagram rises, and its bands hold where probabilities are right."""

import numpy as np
import pytest

from models.measures import MeasureError, decomposition
from models.measures.reliability import POINTS, reliability


def right(count, seed):
    random = np.random.default_rng(seed)
    score = random.beta(1, 4, count)
    return (random.random(count) < score).astype(int), score


def test_the_curve_never_falls_and_every_row_is_in_it():
    y, score = right(5000, 1)
    curve = reliability(y, score, seed=1)
    assert (np.diff(curve.observed) >= 0).all()
    assert (np.diff(curve.promised) > 0).all()
    assert curve.rows.sum() == 5000
    assert len(curve.rows) <= POINTS
    assert curve.observed @ curve.rows == pytest.approx(y.sum())


def test_right_probabilities_lie_within_the_bands_as_often_as_they_say():
    inside = []
    for seed in range(20):
        curve = reliability(*right(2000, seed), seed=seed)
        inside.append(np.mean((curve.low <= curve.observed) & (curve.observed <= curve.high)))
    assert 0.92 < np.mean(inside) < 0.98


def test_probabilities_that_are_twice_too_high_leave_the_bands():
    y, score = right(20_000, 3)
    curve = reliability(y, np.minimum(2 * score, 1), seed=3)
    assert np.mean(curve.observed < curve.low) > 0.8


def test_few_distinct_scores_give_the_decomposition_its_recalibrated_score():
    y, score = right(400, 4)
    curve = reliability(y, score.round(2))
    best = np.repeat(curve.observed, curve.rows.astype(int))
    outcome = y[np.lexsort((y, score.round(2)))]
    parts = decomposition(y, score.round(2), of="brier")
    assert np.mean((outcome - best) ** 2) == pytest.approx(parts.score - parts.miscalibration)


def test_bands_need_a_draw():
    with pytest.raises(MeasureError, match="draws is 0"):
        reliability([0, 1], [0.2, 0.8], draws=0)
