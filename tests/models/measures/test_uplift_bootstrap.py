"""Intervals of the curves: as wide as a bootstrap of rows, and they cover."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from models.measures import bootstrap_uplift, effect_scores, qini


def experiment(seed, n):
    """A fair coin, an effect of 0.2 for half of the customers, and a fair guess at it."""
    random = np.random.default_rng(seed)
    effect = np.where(random.random(n) < 0.5, 0.2, 0.0)
    guess = effect + random.normal(0, 0.2, n)
    treated = random.integers(0, 2, n)
    y = random.normal(0, 0.5, n) + treated * effect
    return y, treated, guess, effect


def test_the_standard_error_is_that_of_resampled_rows():
    y, treated, guess, _ = experiment(0, 4_000)
    gain = effect_scores(y, treated, probability=0.5)
    row = bootstrap_uplift(gain, {"m": guess}).measures().set_index("measure").loc["qini"]
    random = np.random.default_rng(1)
    draws = [random.integers(0, len(gain), len(gain)) for _ in range(500)]
    slow = np.std([qini(gain[i], guess[i]) for i in draws])
    # Each standard error is itself known to 2-3 % only.
    assert_allclose((row["high"] - row["low"]) / (2 * 1.96), slow, rtol=0.15)
    assert_allclose(row["value"], qini(gain, guess))


def test_rows_of_one_customer_are_drawn_together():
    y, treated, guess, _ = experiment(2, 2_000)
    gain = effect_scores(y, treated, probability=0.5)
    four_times = {"m": np.repeat(guess, 4)}
    customer = np.repeat(np.arange(2_000), 4)
    once = width(bootstrap_uplift(gain, {"m": guess}))
    together = width(bootstrap_uplift(np.repeat(gain, 4), four_times, cluster=customer))
    apart = width(bootstrap_uplift(np.repeat(gain, 4), four_times))
    assert_allclose(together, once, rtol=0.1)
    assert apart < 0.7 * once


def width(draws):
    row = draws.measures().set_index("measure").loc["qini"]
    return row["high"] - row["low"]


def test_a_paired_difference_is_narrower_than_two_intervals():
    y, treated, guess, _ = experiment(3, 4_000)
    gain = effect_scores(y, treated, probability=0.5)
    nearly = guess + np.random.default_rng(4).normal(0, 0.02, 4_000)
    draws = bootstrap_uplift(gain, {"a": guess, "b": nearly})
    gap = draws.differences("a", "b").set_index("measure").loc["qini"]
    assert gap["high"] - gap["low"] < 0.5 * width(bootstrap_uplift(gain, {"m": guess}))
    assert gap["value"] == pytest.approx(qini(gain, guess) - qini(gain, nearly))


def test_a_ranking_with_two_values_only_keeps_its_exact_area():
    y, treated, _, effect = experiment(5, 1_000)
    gain = effect_scores(y, treated, probability=0.5)
    draws = bootstrap_uplift(gain, {"m": effect}, draws=100)
    assert draws.edges["m"].shape == (100, 3)
    assert draws.measures()["value"][0] == pytest.approx(qini(gain, effect))


def test_the_same_seed_gives_the_same_interval():
    y, treated, guess, _ = experiment(6, 500)
    gain = effect_scores(y, treated, probability=0.5)
    first, second = (bootstrap_uplift(gain, {"m": guess}, draws=50, seed=9) for _ in range(2))
    assert first.measures().equals(second.measures())


def test_the_best_depth_covers_the_share_that_gains():
    random = np.random.default_rng(7)
    guess = random.random(20_000)
    gain = np.where(guess > 0.7, 1.0, -1.0) + random.normal(0, 1, 20_000)
    depth, height = bootstrap_uplift(gain, {"m": guess}).best_depth("m")
    assert depth.low <= 0.3 <= depth.high
    assert depth.high - depth.low < 0.1
    assert height.low < 0.3 < height.high


def test_a_curve_starts_at_nothing_and_ends_at_the_average_effect():
    y, treated, guess, _ = experiment(8, 1_000)
    gain = effect_scores(y, treated, probability=0.5)
    curve = bootstrap_uplift(gain, {"m": guess}, draws=100).curve("m", points=10)
    assert curve["gain"].iloc[0] == 0
    assert curve["gain"].iloc[-1] == pytest.approx(gain.mean())
    assert (curve["low"] <= curve["gain"]).all()


@pytest.mark.nightly
def test_95_percent_intervals_of_qini_cover_in_93_to_97_percent_of_1000_experiments():
    y, treated, guess, effect = experiment(99, 400_000)
    truth = qini(effect, guess)
    covered = 0
    for seed in range(1_000):
        y, treated, guess, _ = experiment(seed, 2_000)
        gain = effect_scores(y, treated, probability=0.5)
        row = bootstrap_uplift(gain, {"m": guess}, seed=seed).measures().iloc[0]
        covered += row["low"] <= truth <= row["high"]
    assert 930 <= covered <= 970
