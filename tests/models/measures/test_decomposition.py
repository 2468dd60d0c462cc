"""The parts of a score add up to it, and each means what it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.measures import brier, decomposition, log_loss


def tied_rows(seed):
    random = np.random.default_rng(seed)
    y = np.concatenate(([0, 1], random.integers(0, 2, 50)))
    return y, random.integers(1, 10, y.size) / 10


@given(seed=st.integers(0, 2000))
@pytest.mark.parametrize(("of", "measure"), [("brier", brier), ("log_loss", log_loss)])
def test_parts_add_up_to_the_score_and_none_is_negative(of, measure, seed):
    y, score = tied_rows(seed)
    parts = decomposition(y, score, of=of)
    assert parts.score == pytest.approx(measure(y, score))
    rebuilt = parts.miscalibration - parts.discrimination + parts.uncertainty
    assert rebuilt == pytest.approx(parts.score)
    assert min(parts) >= 0


@given(seed=st.integers(0, 2000))
def test_stretching_a_score_moves_miscalibration_only(seed):
    y, score = tied_rows(seed)
    stretched = decomposition(y, score**2, of="brier")
    plain = decomposition(y, score, of="brier")
    assert stretched.discrimination == pytest.approx(plain.discrimination)
    assert stretched.uncertainty == plain.uncertainty


def test_telling_everybody_the_rate_leaves_uncertainty_alone():
    parts = decomposition([1, 0, 0, 0], [0.25] * 4, of="brier")
    assert parts == pytest.approx((0.1875, 0, 0, 0.1875))
