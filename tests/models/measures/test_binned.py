"""Counts of the same bins are compared without their rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models.measures import psi
from models.measures.binned import benjamini_hochberg, binned_psi, same_shares_p_value

COUNTS = st.lists(st.integers(0, 500), min_size=2, max_size=8)


def test_counts_give_the_psi_of_their_rows():
    then, now = np.repeat([0, 1, 2], [50, 30, 20]), np.repeat([0, 1, 2], [20, 30, 70])
    rows = psi(then.astype(str), now.astype(str))
    assert binned_psi(np.bincount(then), np.bincount(now)) == pytest.approx(rows)


@given(COUNTS)
def test_nothing_lies_away_from_itself(counts):
    if sum(counts):
        assert binned_psi(counts, counts) == 0
        assert same_shares_p_value(counts, counts) == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=8))
def test_both_sides_see_the_same_distance(bins):
    then, now = zip(*bins, strict=True)
    if sum(then) and sum(now):
        assert binned_psi(then, now) == pytest.approx(binned_psi(now, then))
        assert binned_psi(then, now) >= 0
        assert 0 <= same_shares_p_value(then, now) <= 1


def test_an_empty_side_has_no_distance():
    assert np.isnan(binned_psi([0, 0], [1, 2]))


def test_the_test_is_the_chi_square_of_scipy_where_all_bins_are_large():
    then, now = [400, 300, 300], [350, 320, 330]
    expected = stats.chi2_contingency([then, now], correction=False).pvalue
    assert same_shares_p_value(then, now) == pytest.approx(expected)


def test_of_equal_samples_one_in_twenty_is_called_different_at_one_in_twenty():
    random = np.random.default_rng(1)
    shares = [0.5, 0.3, 0.19, 0.006, 0.004]
    called = [
        same_shares_p_value(random.multinomial(800, shares), random.multinomial(1500, shares))
        < 0.05
        for _ in range(2000)
    ]
    assert 0.035 < np.mean(called) < 0.065


def test_adjusted_values_are_those_of_scipy():
    p = np.random.default_rng(2).random(50) ** 2
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))
