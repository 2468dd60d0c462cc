"""How customers are drawn to what is usual, and what dates follow from a row."""

import numpy as np
import pandas as pd
import pytest

from models.learners.repurchase import RepurchaseTimer
from models.learners.usual_gap import UsualGap


def rows_of(count, *, seed=0, pace=28.0):
    """Rows as of random days in the life of customers who refill, each at an own pace."""
    random = np.random.default_rng(seed)
    off = random.normal(0, 0.3, count)
    gaps = random.integers(0, 8, count)
    noise = random.normal(0, 0.3, (count, 8))
    seen = np.array([noise[i, :n].mean() if n else np.nan for i, n in enumerate(gaps)])
    gap = pace * np.exp(off + random.normal(0, 0.3, count))
    elapsed = np.ceil(random.random(count) * 40)
    alive = gap > elapsed
    rows = pd.DataFrame(
        {
            "category": "capsules",
            "marital_status": None,
            "children": np.nan,
            "elapsed_days": elapsed,
            "purchases": gaps + 1.0,
            "age_days": elapsed + gaps * pace,
            "pieces": 1.0,
            "lasts_days": pace,
            "gaps": gaps.astype(float),
            "last_gap_days": np.where(gaps > 0, pace, np.nan),
            "log_gap_off": off + seen,
            "log_gap_deviation": np.where(gaps > 1, 0.3, np.nan),
            "other_gaps": 0.0,
            "other_log_gap_off": np.nan,
            "category_log_gap": 0.0,
            "visits_90": 3.0,
            "visits_365": 12.0,
            "visits_since": 0.0,
            "since_visit_days": elapsed,
        }
    )
    return rows[alive].reset_index(drop=True), (np.ceil(gap - elapsed + 1))[alive]


@pytest.fixture(scope="module")
def timer():
    X, following = rows_of(6_000)
    options = {"look_ahead_days": 120, "max_rows": 60_000, "folds": 2, "learning_rate": 0.15}
    return RepurchaseTimer(**options).fit(X, following, np.full(len(X), 90), range(len(X)))


def test_more_gaps_of_their_own_draw_customers_further_from_the_category():
    one = UsualGap(customer=0.09, pair=0.0, chance=0.09, household={})
    rows = rows_of(1)[0].loc[[0, 0, 0]].assign(gaps=[0, 1, 20], log_gap_off=[np.nan, 0.5, 0.5])
    never, once, often = np.log(one.days(rows) / 28)
    assert never == 0
    assert once == pytest.approx(0.25)
    assert 0.45 < often < 0.5


def test_the_gaps_of_other_categories_tell_of_a_customer_who_is_new_to_this_one():
    one = UsualGap(customer=0.09, pair=0.0, chance=0.09, household={})
    rows = rows_of(1)[0].loc[[0]].assign(gaps=0, other_gaps=9, other_log_gap_off=-0.5)
    assert np.log(one.days(rows) / 28) == pytest.approx(-0.45)


def test_the_variances_of_customers_and_of_chance_are_found():
    X, _ = rows_of(20_000, seed=5)
    found = UsualGap.fitted(X)
    assert found.chance == pytest.approx(0.09)
    # Who is still waiting is slower than all: the spread among them is a little smaller.
    assert 0.06 < found.customer + found.pair < 0.1


def test_a_supply_that_nobody_bought_twice_is_due_when_it_is_used_up():
    one = UsualGap(customer=0.0, pair=0.0, chance=0.1, household={})
    rows = rows_of(1)[0].loc[[0]].assign(gaps=0, log_gap_off=np.nan, category_log_gap=np.nan)
    assert one.days(rows).tolist() == [28.0]


def test_due_dates_miss_by_hardly_more_than_chance_does(timer):
    X, following = rows_of(4_000, seed=9)
    said = timer.predict(X, gap_days=0, horizon_days=28)
    often = (X["gaps"] >= 5).to_numpy()
    missed = np.abs(said["due_in_days"].to_numpy() - (following - 1))[often]
    exact = 28 * np.exp(X["log_gap_off"]) - X["elapsed_days"]
    best = np.abs(np.maximum(exact, 1) - (following - 1))[often]
    assert np.median(missed) <= 1.1 * np.median(best)


def test_probabilities_add_up_to_what_happens_at_every_horizon(timer):
    X, following = rows_of(4_000, seed=11)
    survival = timer.survival(X, 56)
    for days in (7, 14, 28, 56):
        expected = (1 - survival[days]).sum()
        assert (following <= days).sum() / expected == pytest.approx(1, abs=0.06)


def test_survival_falls_from_day_to_day_and_ends_where_it_was_asked_to(timer):
    survival = timer.survival(rows_of(50)[0], 63).to_numpy()
    assert survival.shape[1] == 63
    assert (np.diff(survival, axis=1) <= 0).all()


def test_a_later_period_with_fewer_purchases_lowers_the_level(timer):
    X, following = rows_of(3_000, seed=13)
    rarely = np.where(np.arange(len(X)) % 2, following, np.nan)
    before = timer.level_
    assert timer.calibrate(X, rarely, np.full(len(X), 28)).level_ < 0.85
    timer.level_ = before


def test_a_timer_that_was_stored_says_the_same_to_the_bit(timer, tmp_path):
    X, _ = rows_of(200, seed=3)
    timer.save(tmp_path / "timer")
    again = RepurchaseTimer.load(tmp_path / "timer")
    pd.testing.assert_frame_equal(
        again.predict(X, gap_days=0, horizon_days=28), timer.predict(X, gap_days=0, horizon_days=28)
    )


def test_no_rows_have_no_dates(timer):
    assert len(timer.predict(rows_of(10)[0].head(0), gap_days=0, horizon_days=28)) == 0
