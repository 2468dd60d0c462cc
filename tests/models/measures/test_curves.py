"""Curves pass through the figures that they draw; ties are mailed in part."""

import numpy as np
import pytest

from models.measures import (
    MeasureError,
    best_depth,
    bootstrap,
    by_segment,
    capture_at,
    gains,
    lift_at,
    observed_over_expected,
    profit_at,
    profit_curve,
    psi,
    score_stability,
)

Y = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0])
SCORE = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
MONEY = {"margin": 10, "contact_cost": 2, "redemption_cost": 3}


def test_top_half_holds_all_three_responders_and_twice_the_rate():
    assert capture_at(Y, SCORE, share=0.5) == 1
    assert lift_at(Y, SCORE, share=0.5) == 2


def test_list_shorter_than_one_customer_mails_one():
    assert capture_at(Y, SCORE, share=0.01) == pytest.approx(1 / 3)


def test_ties_at_the_cut_count_in_part():
    assert capture_at([1, 0, 0, 0], [0.5] * 4, share=0.25) == 0.25


def test_gains_curve_passes_through_capture():
    curve = gains(Y, SCORE, points=10)
    captured = [capture_at(Y, SCORE, share=share) for share in curve.share[1:]]
    assert list(curve.captured[1:]) == pytest.approx(captured)


def test_profit_curve_passes_through_profit():
    curve = profit_curve(Y, SCORE, **MONEY, points=10)
    profit = [profit_at(Y, SCORE, share=share, **MONEY) for share in curve.share[1:]]
    assert list(curve.profit[1:]) == pytest.approx(profit)
    assert curve.profit[0] == 0


def test_best_depth_stops_after_the_last_responder_worth_reaching():
    assert best_depth(Y, SCORE, **MONEY) == 0.4


def test_nobody_is_mailed_where_every_depth_loses_money():
    assert best_depth(Y, SCORE, margin=1, contact_cost=5) == 0


def test_best_depth_has_an_interval_within_the_base():
    estimate = bootstrap(best_depth, np.tile(Y, 50), np.tile(SCORE, 50), **MONEY)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_segment_without_a_responder_is_listed_without_an_estimate():
    segments = by_segment(lift_at, [1, 0, 0, 0, 0], SCORE[:5], ["a", "a", "b", "b", None], share=1)
    assert list(segments) == ["a", "b", "(missing)"]
    assert segments["a"].estimate.value == 1
    assert segments["b"] == (2, 0, None)


def test_segments_are_measured_on_their_own_rows():
    segments = by_segment(
        observed_over_expected, [1, 1, 0, 0], [0.5] * 4, ["a", "a", "b", "b"], draws=20
    )
    assert [part.estimate.value for part in segments.values()] == [2, 0]


def test_missing_values_that_appear_are_a_move():
    assert psi([1.0, 2.0] * 50, [1.0, np.nan] * 50) > 1
    assert psi(["a", "b"] * 50, ["a", None] * 50) > 1


def test_psi_of_the_same_population_stays_near_its_noise():
    random = np.random.default_rng(0)
    assert psi(random.normal(size=5000), random.normal(size=5000)) < 0.01


def test_score_stability_is_psi_of_the_two_halves():
    random = np.random.default_rng(0)
    then, now = random.normal(size=800), random.normal(0.5, 1, size=700)
    period = np.repeat([0, 1], [800, 700])
    stability = score_stability(period, np.concatenate([then, now]))
    assert stability == pytest.approx(psi(then, now))


def test_psi_against_nothing_is_refused():
    with pytest.raises(MeasureError, match="2 expected with 0 actual"):
        psi([1, 2], [])
