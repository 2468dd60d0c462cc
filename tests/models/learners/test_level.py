"""A campaign's level follows its outcomes as far as there are any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.learners.frame import FrameError
from models.learners.level import level_shift, level_shifts, shifted


def test_no_outcome_yet_moves_nothing():
    assert level_shift([], []).shift == 0


@given(positives=st.integers(0, 50))
def test_shift_never_passes_the_observed_rate(positives):
    y = np.repeat([1, 0], [positives, 50 - positives])
    rate = shifted([0.2], level_shift(y, np.full(50, 0.2)).shift)[0]
    assert min(0.2, y.mean()) <= rate <= max(0.2, y.mean())


def test_many_outcomes_bring_the_promised_total_to_the_observed_one():
    random = np.random.default_rng(0)
    promised = random.uniform(0.01, 0.2, 20_000)
    y = random.random(promised.size) < shifted(promised, 1.5)
    update = level_shift(y, promised)
    assert shifted(promised, update.shift).sum() == pytest.approx(y.sum(), rel=0.01)
    assert update.low < 1.5 < update.high


def test_campaigns_that_agree_are_drawn_together_more_than_those_that_differ():
    random = np.random.default_rng(0)
    campaign = np.repeat([f"c{i}" for i in range(10)], 200)
    promised = np.full(campaign.size, 0.1)
    alike = random.random(campaign.size) < 0.1
    apart = random.random(campaign.size) < np.repeat(np.linspace(0.01, 0.5, 10), 200)
    spread = [
        np.std([shift.shift for shift in level_shifts(y, promised, campaign).values()])
        for y in (alike, apart)
    ]
    assert spread[0] < 0.2
    assert spread[1] > 1


def test_order_of_customers_is_kept():
    assert (np.diff(shifted([0.1, 0.2, 0.9], -3.0)) > 0).all()


def test_negative_deviation_is_refused():
    with pytest.raises(FrameError, match="deviation is -1"):
        level_shift([1], [0.5], deviation=-1)
