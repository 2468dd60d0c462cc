import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact, hypergeom, nchypergeom_fisher

from models.effects.stratified_tables import Table, exact_association


def one_stratum(baskets, lead, other, both):
    return Table(np.array([baskets]), np.array([lead]), np.array([other]), both)


@st.composite
def tables(draw, strata=1):
    rows = []
    for _ in range(strata):
        lead, other, neither = (draw(st.integers(0, 25)) for _ in range(3))
        both = draw(st.integers(0, min(lead, other)))
        rows.append((lead + other - both + neither + 1, lead, other, both))
    baskets, lead, other, both = (np.array(column) for column in zip(*rows, strict=True))
    return Table(baskets, lead, other, int(both.sum()))


@given(tables())
def test_the_p_value_of_one_stratum_is_fishers(table):
    n, lead, other = int(table.baskets[0]), int(table.lead[0]), int(table.other[0])
    both = table.both
    cells = [[both, lead - both], [other - both, n - lead - other + both]]
    expected = fisher_exact(cells, alternative="greater").pvalue
    assert exact_association(table, level=0.95).p_value == pytest.approx(expected, rel=1e-9)


@given(tables(strata=3))
def test_the_p_value_of_several_strata_is_that_of_the_convolved_distributions(table):
    mass = np.ones(1)
    for n, lead, other in zip(*table[:3], strict=True):
        mass = np.convolve(mass, hypergeom(n, lead, other).pmf(np.arange(26)))
    expected = mass[table.both :].sum()
    assert exact_association(table, level=0.95).p_value == pytest.approx(expected, rel=1e-9)


def test_a_very_strong_association_does_not_underflow():
    found = exact_association(one_stratum(200_000, 900, 1_000, 700), level=0.95)
    assert found.p_value == 0 or found.p_value < 1e-300
    assert 650 < found.low < 700 < found.high < 750


@pytest.mark.parametrize("both", [3, 8, 14, 20])
def test_the_ends_of_the_interval_are_means_at_which_the_count_is_in_a_tail(both):
    n, lead, other = 60, 20, 25
    found = exact_association(one_stratum(n, lead, other, both), level=0.9)

    def at(mean):
        odds = np.exp(np.linspace(-8, 8, 20_001))
        means = nchypergeom_fisher.mean(n, lead, other, odds)
        return nchypergeom_fisher(n, lead, other, odds[np.abs(means - mean).argmin()])

    assert at(found.low).sf(both - 1) == pytest.approx(0.05, abs=0.002)
    if both < 20:
        assert at(found.high).cdf(both) == pytest.approx(0.05, abs=0.002)
    else:
        assert found.high == 20


def test_strata_where_every_basket_holds_the_lead_tell_nothing():
    alone = one_stratum(60, 20, 25, 14)
    with_certain = Table(np.array([60, 9]), np.array([20, 9]), np.array([25, 4]), 18)
    first, second = (exact_association(t, level=0.9) for t in (alone, with_certain))
    assert second.p_value == pytest.approx(first.p_value)
    assert second.low - 4 == pytest.approx(first.low)
