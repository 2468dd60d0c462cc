"""How many will buy: the interval holds what comes as often as it says."""

import numpy as np
import pytest

from models.effects.demand import FEW_PRODUCTS, UNKNOWN_SPREAD, DemandLevel


def drawn(products, *, ratio, spread, seed):
    random = np.random.default_rng(seed)
    expected = np.exp(random.uniform(1, 6, products))
    size = 1 / spread**2
    return expected, random.poisson(ratio * expected * random.gamma(size, 1 / size, products))


def test_level_and_spread_of_the_past_are_found_again():
    level = DemandLevel.fitted(*drawn(3000, ratio=1.3, spread=0.5, seed=1))
    assert level.ratio == pytest.approx(1.3, rel=0.1)
    assert level.spread == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("spread", [0.2, 0.5, 0.8])
def test_the_interval_holds_what_comes_as_often_as_promised(spread):
    level = DemandLevel.fitted(*drawn(400, ratio=0.8, spread=spread, seed=2))
    expected, buyers = drawn(3000, ratio=0.8, spread=spread, seed=3)
    ends = np.array([level.interval(one, level=0.9)[1:] for one in expected])
    held = ((ends[:, 0] <= buyers) & (buyers <= ends[:, 1])).mean()
    assert 0.87 <= held <= 0.95


def test_a_handful_of_products_leaves_the_level_open():
    level = DemandLevel.fitted([10.0] * (FEW_PRODUCTS - 1), [30] * (FEW_PRODUCTS - 1))
    assert (level.ratio, level.spread) == (1.0, UNKNOWN_SPREAD)


def test_products_of_which_nothing_is_expected_are_left_out():
    assert DemandLevel.fitted([0.0, *[5.0] * 10], [3, *[5] * 10]).products == 10
