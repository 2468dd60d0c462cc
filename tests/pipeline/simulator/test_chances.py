"""The closed forms of the planned trips."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.simulator.chances import any_trip, at_least, still_there, survival

shapes = st.sampled_from([1.0, 2.0, 4.0, 8.0])
rates = st.floats(0.001, 0.2)
days = st.floats(0.0, 400.0)


@settings(deadline=None)  # the first example pays for the import of SciPy
@given(shape=shapes, rate=rates, elapsed=days, ahead=st.floats(0.1, 200.0))
def test_at_least_one_trip_is_any_trip(shape, rate, elapsed, ahead):
    member = [np.array([value]) for value in (shape, rate, elapsed, ahead)]
    assert at_least(1, *member) == pytest.approx(any_trip(*member), abs=1e-6)


@given(shape=shapes, rate=rates, elapsed=days, ahead=st.floats(0.1, 200.0))
def test_more_trips_are_never_likelier_than_fewer(shape, rate, elapsed, ahead):
    member = [np.array([value]) for value in (shape, rate, elapsed, ahead)]
    chances = [at_least(count, *member)[0] for count in range(1, 6)]
    assert all(first >= second - 1e-12 for first, second in pairwise(chances))


@given(shape=shapes, rate=rates, leaving=st.floats(0.01, 0.5))
def test_the_longer_the_silence_the_likelier_a_member_has_left(shape, rate, leaving):
    elapsed = np.linspace(0, 500, 20)
    there = still_there(np.full(20, shape), np.full(20, rate), elapsed, np.full(20, leaving))
    assert there[0] == pytest.approx(1 - leaving)
    assert (np.diff(there) <= 1e-12).all()


def test_trips_by_simulation_agree_with_the_closed_form():
    rng = np.random.default_rng(1)
    shape, rate, elapsed, ahead = 4.0, 0.03, 20.0, 60.0
    gaps = rng.gamma(shape, 1 / (shape * rate), (400_000, 6))
    gaps = gaps[gaps[:, 0] > elapsed]
    trips = (np.cumsum(gaps, axis=1) - elapsed < ahead).sum(axis=1)
    member = [np.array([value]) for value in (shape, rate, elapsed, ahead)]
    for count in (1, 2, 3):
        assert (trips >= count).mean() == pytest.approx(at_least(count, *member)[0], abs=0.003)
    assert survival(*member[:3])[0] == pytest.approx(len(gaps) / 400_000, abs=0.003)
