"""Calibrators undo a known distortion, keep the order, and pay only where they may."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.learners.calibrators import (
    Isotonic,
    calibrate,
    expit,
    from_json,
    log_expit,
    logit,
)
from models.learners.frame import FrameError


def distorted(rows=60_000, seed=0):
    """True log-odds, the score that stretches and shifts them, and outcomes."""
    random = np.random.default_rng(seed)
    true = random.normal(-2, 1, rows)
    y = (random.random(rows) < expit(true)).astype(float)
    return true, 2 * true + 1, y


@pytest.mark.parametrize("method", ["platt", "beta", "isotonic", "auto"])
def test_stretched_score_comes_back_to_the_true_probability(method):
    true, raw, y = distorted()
    calibrated = expit(calibrate(raw, y, method=method)(raw))
    assert np.abs(calibrated - expit(true)).mean() < 0.01


@given(
    seed=st.integers(0, 500),
    method=st.sampled_from(["platt", "beta", "isotonic"]),
    slope=st.floats(-2, 2),
)
def test_calibration_never_turns_the_order(seed, method, slope):
    random = np.random.default_rng(seed)
    raw = random.normal(0, 1, 100)
    y = (random.random(100) < expit(slope * raw)).astype(float)
    y[:2] = 0, 1
    grid = np.linspace(-8, 8, 200)
    assert (np.diff(calibrate(raw, y, method=method)(grid)) >= -1e-9).all()


@pytest.mark.parametrize("method", ["platt", "beta", "isotonic"])
def test_promised_total_equals_the_observed_total(method):
    _, raw, y = distorted(rows=3000)
    assert expit(calibrate(raw, y, method=method)(raw)).sum() == pytest.approx(y.sum(), rel=1e-3)


def test_steps_are_not_considered_below_two_thousand_positives():
    random = np.random.default_rng(1)
    raw = random.normal(-2, 1, 8000)
    stairs = np.where(raw < -2, 0.05, np.where(raw < -1, 0.1, 0.6))  # what isotonic fits best
    y = (random.random(8000) < stairs).astype(float)
    assert y.sum() < 2000
    assert not isinstance(calibrate(raw, y), Isotonic)
    fourfold = np.tile(raw, 4), np.tile(y, 4)
    assert isinstance(calibrate(*fourfold), Isotonic)


@pytest.mark.parametrize("method", ["platt", "beta", "isotonic"])
def test_thinned_negatives_are_corrected_exactly(method):
    _, raw, y = distorted(rows=200_000)
    random = np.random.default_rng(3)
    kept = (y == 1) | (random.random(y.size) < 0.1)
    offset = np.full(kept.sum(), -np.log(0.1))
    promised = expit(calibrate(raw[kept], y[kept], method=method, offset=offset)(raw)).sum()
    standard_error = np.sqrt(1 / y.sum() + 1 / (kept & (y == 0)).sum())
    assert promised / y.sum() == pytest.approx(1, abs=3 * standard_error)


@pytest.mark.parametrize("method", ["platt", "beta", "isotonic", "none"])
def test_restored_calibrator_gives_the_same_probability(method):
    _, raw, y = distorted(rows=2000)
    calibrator = calibrate(raw, y, method=method)
    assert (from_json(calibrator.to_json())(raw) == calibrator(raw)).all()


@pytest.mark.parametrize("method", ["platt", "beta"])
def test_score_that_ranks_backwards_promises_little_but_keeps_its_order(method):
    _, raw, y = distorted(rows=5000)
    calibrated = expit(calibrate(-raw, y, method=method)(-raw))
    assert calibrated.mean() == pytest.approx(y.mean(), rel=1e-3)
    assert calibrated.std() < 0.1 * y.std()
    assert (np.diff(calibrated[np.argsort(-raw)]) > 0).all()


def test_unknown_method_is_refused_by_name():
    with pytest.raises(FrameError, match="calibration is 'temperature'"):
        calibrate(np.zeros(2), np.array([0.0, 1.0]), method="temperature")


def test_log_odds_and_probability_are_inverse_at_the_extremes():
    extreme = np.array([-20.0, 0.0, 20.0])
    assert logit(expit(extreme)) == pytest.approx(extreme, rel=1e-3)
    assert log_expit(np.array([-1000.0]))[0] == -1000
