import numpy as np
import pytest

from models.learners import MedianGap, PoissonGamma


def test_the_median_counts_those_who_have_not_come_back_yet():
    closed = MedianGap(min_gaps=1).fit(["tea"] * 3, event=[1, 1, 1], elapsed=[4, 5, 20])
    censored = MedianGap(min_gaps=1).fit(["tea"] * 5, [1, 1, 1, 0, 0], [4, 5, 20, 21, 21])
    assert closed.predict(["tea"], [0]).tolist() == [5]
    assert censored.predict(["tea"], [0]).tolist() == [20]


def test_a_category_with_few_gaps_and_one_never_seen_get_the_overall_median():
    model = MedianGap(min_gaps=3).fit(["tea"] * 3 + ["pot"], [1] * 4, [4, 4, 4, 90])
    assert model.by_category_.to_dict() == {"tea": 4}
    assert model.predict(["pot", "cup"], [1, 1]).tolist() == [3, 3]


def test_what_is_overdue_is_due_now():
    model = MedianGap(min_gaps=1).fit(["tea"], [1], [4])
    assert model.predict(["tea"], [9]).tolist() == [0]


def test_the_prior_of_a_product_is_that_of_the_rates_it_was_drawn_from():
    rng = np.random.default_rng(1)
    rate = rng.gamma(4, 1 / 60, size=4_000)
    model = PoissonGamma().fit(["tea"] * 4_000, np.full(4_000, 101), 100 / rate)
    tea = model.products_.loc["tea"]
    assert tea["alpha"] == pytest.approx(4, rel=0.1)
    assert tea["beta"] == pytest.approx(60, rel=0.1)


@pytest.fixture
def tea():
    return PoissonGamma().fit(["tea"] * 8, [3, 4, 2, 5, 3, 4, 1, 1], [20, 31, 9, 42, 19, 30, 0, 0])


def test_the_rate_is_highest_when_the_purchase_is_due(tea):
    elapsed = np.arange(30)
    rate = tea.rate(["tea"] * 30, purchases=[3] * 30, span=[20] * 30, elapsed=elapsed)
    assert elapsed[rate.argmax()] == 10  # two gaps in 20 periods
    assert rate[0] < rate[9] > rate[15] > rate[25]


def test_whoever_bought_once_may_never_come_back(tea):
    kinds = {"span": [0, 10], "elapsed": [10, 10], "periods": 1e9}
    once, twice = tea.predict(["tea", "tea"], purchases=[1, 2], **kinds)
    assert once == pytest.approx(tea.products_.loc["tea", "repeat_share"])
    assert once == pytest.approx(0.75)
    assert twice == 1


def test_a_product_never_seen_gets_the_prior_of_all(tea):
    known, unknown = tea.rate(["tea", "pot"], purchases=[2, 2], span=[9, 9], elapsed=[3, 3])
    assert known == pytest.approx(unknown)


def test_histories_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="1 pairs have no possible history"):
        PoissonGamma().fit(["tea"], [0], [3])
    with pytest.raises(ValueError, match="nobody bought anything twice"):
        PoissonGamma().fit(["tea"], [1], [0])
    with pytest.raises(ValueError, match="without a closed gap"):
        MedianGap().fit(["tea"], [0], [3])
