import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.measures import coverage, exposure_at, gini_of_exposure


def test_only_the_first_k_of_each_group_are_shown():
    shown = exposure_at(
        ["tea", "pot", "cup", "pot"],
        [1, 3, 2, float("-inf")],
        ["ann", "ann", "ann", "bob"],
        k=2,
        catalogue=["tea", "pot", "cup", "jug"],
    )
    assert shown.to_dict() == {"tea": 0, "pot": 1, "cup": 1, "jug": 0}
    assert coverage(shown) == 0.5


def test_an_item_outside_the_catalogue_is_refused():
    with pytest.raises(ValueError, match="1 rows recommend an item"):
        exposure_at(["tea"], [1], ["ann"], k=1, catalogue=["pot"])


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30).filter(any))
def test_gini_is_half_the_mean_difference_of_two_items_over_the_mean(exposure):
    x = np.asarray(exposure, dtype=float)
    difference = np.abs(x[:, None] - x[None, :]).mean()
    assert gini_of_exposure(x) == pytest.approx(difference / (2 * x.mean()))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30).filter(any), st.integers(1, 9))
def test_gini_does_not_change_with_the_number_of_lists(exposure, times):
    x = np.asarray(exposure, dtype=float)
    assert gini_of_exposure(x * times) == pytest.approx(gini_of_exposure(x))


def test_gini_of_nothing_shown_is_refused():
    with pytest.raises(ValueError, match="nothing is shown"):
        gini_of_exposure([0, 0])
