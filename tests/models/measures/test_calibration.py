"""Calibration measures see the distortion that was put in, and nothing where there is none."""

import numpy as np
import pytest
from scipy.special import expit, logit

from models.measures import (
    calibration_intercept,
    calibration_slope,
    expected_calibration_error,
    observed_over_expected,
)


def population(rows=200_000):
    random = np.random.default_rng(5)
    probability = expit(random.normal(-3, 1, rows))
    return (random.random(rows) < probability).astype(int), probability


def test_score_stretched_by_two_has_a_slope_of_a_half():
    y, p = population()
    assert calibration_slope(y, expit(2 * logit(p))) == pytest.approx(0.5, abs=0.01)


def test_score_shifted_by_one_has_an_intercept_of_minus_one():
    y, p = population()
    assert calibration_intercept(y, expit(logit(p) + 1)) == pytest.approx(-1, abs=0.03)


def test_true_probability_has_slope_one_intercept_zero_and_no_gap():
    y, p = population()
    assert calibration_slope(y, p) == pytest.approx(1, abs=0.03)
    assert calibration_intercept(y, p) == pytest.approx(0, abs=0.03)
    assert expected_calibration_error(y, p) < 0.001


def test_slope_of_perfectly_separated_rows_is_large_and_finite():
    assert 10 < calibration_slope([0, 0, 1, 1], [0.4, 0.45, 0.55, 0.6]) < np.inf


def test_gap_of_a_score_that_promises_a_tenth_too_much_is_a_tenth():
    y = np.repeat([0, 1], [600, 400])
    assert expected_calibration_error(y, np.full(1000, 0.5)) == pytest.approx(0.1, abs=1e-3)


def test_debiasing_takes_off_what_noise_alone_would_show():
    random = np.random.default_rng(0)
    p = random.uniform(0.01, 0.2, 2000)
    draws = [(random.random(p.size) < p).astype(int) for _ in range(50)]
    plain = np.mean([expected_calibration_error(y, p, debiased=False) for y in draws])
    debiased = np.mean([expected_calibration_error(y, p) for y in draws])
    assert debiased < 0.65 * plain


def test_top_that_is_promised_too_much_shows_in_the_top_only():
    y = np.array([1, 0, 0, 0, 0, 0, 1, 0, 0, 1])
    score = np.array([0.9, 0.9, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15])
    assert observed_over_expected(y, score, share=0.2) == pytest.approx(1 / 1.8)
    assert observed_over_expected(y, score) == pytest.approx(1)
