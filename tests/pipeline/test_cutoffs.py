from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cutoffs import TooLittleHistoryError, plan_cutoffs

AS_OF = date(2011, 11, 30)


def plan(**given):
    settings = {"gap_days": 0, "horizon_days": 90, "step_days": 30, "max_training": 12}
    return plan_cutoffs(AS_OF, first_day=date(2009, 12, 1), **(settings | given))


def test_the_test_window_closes_exactly_at_the_scoring_cut_off():
    assert plan().test == date(2011, 9, 1)


@given(
    gap=st.integers(0, 30),
    horizon=st.integers(1, 60),
    step=st.integers(1, 90),
    most=st.integers(1, 30),
)
def test_no_outcome_window_reaches_into_the_snapshots_of_the_next_role(gap, horizon, step, most):
    cutoffs = plan(gap_days=gap, horizon_days=horizon, step_days=step, max_training=most)
    window = timedelta(days=gap + horizon)
    roles = [cutoffs.train[-1], cutoffs.tune, cutoffs.calibrate, cutoffs.test, cutoffs.score]
    assert all(earlier + window <= later for earlier, later in pairwise(roles))
    assert list(cutoffs.train) == sorted(set(cutoffs.train))
    assert len(cutoffs.train) <= most


@given(horizon=st.integers(1, 60))
def test_every_training_snapshot_has_a_window_of_history_before_it(horizon):
    first = plan(horizon_days=horizon, max_training=100).train[0]
    assert first - timedelta(days=horizon) >= date(2009, 12, 1)


def test_too_short_a_history_says_which_horizon_would_do():
    with pytest.raises(TooLittleHistoryError, match="horizon_days to 145") as refused:
        plan(horizon_days=200)
    assert "2009-12-01" in str(refused.value)
    assert plan(horizon_days=145).train
