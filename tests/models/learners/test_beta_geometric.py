from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.special import hyp2f1

from models.learners import BetaGeometric
from models.learners.beta_geometric import _checked, _negative_log_likelihood


def cdnow(weeks):
    """Frequency, recency and age in weeks of the CDNOW sample, `weeks` after it began."""
    package = find_spec("lifetimes")
    if package is None:
        pytest.skip("the CDNOW log comes with the package lifetimes, which is not installed")
    log = pd.read_csv(
        Path(package.origin).parent / "datasets" / "CDNOW_sample.txt",
        sep=r"\s+",
        names=["master", "customer", "day", "discs", "amount"],
        dtype={"day": str},
    )
    log["day"] = pd.to_datetime(log["day"], format="%Y%m%d")
    end = log["day"].min() + pd.Timedelta(weeks=weeks)
    days = log[log["day"] < end].drop_duplicates(["customer", "day"]).groupby("customer")["day"]
    week = pd.Timedelta(weeks=1)
    return pd.DataFrame(
        {
            "frequency": days.size() - 1,
            "recency": (days.max() - days.min()) / week,
            "age": (end - pd.Timedelta(days=1) - days.min()) / week,
        }
    )


def simulated(n, *, r, alpha, a, b, age, seed):
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(r, 1 / alpha, size=n), rng.beta(a, b, size=n)
    frequency, recency = np.zeros((2, n))
    time, active = np.zeros(n), np.ones(n, dtype=bool)
    while active.any():
        time = time + rng.exponential(1 / rate)
        active &= time <= age
        frequency[active] += 1
        recency[active] = time[active]
        active &= rng.random(n) > leave
    return frequency, recency, np.full(n, float(age))


def fitted(r, alpha, a, b):
    model = BetaGeometric()
    model.r_, model.alpha_, model.a_, model.b_ = r, alpha, a, b
    return model


def test_the_published_parameters_are_recovered_from_the_cdnow_log():
    history = cdnow(weeks=39)
    assert len(history) == 2357
    model = BetaGeometric().fit(history["frequency"], history["recency"], history["age"])
    parameters = [model.r_, model.alpha_, model.a_, model.b_]
    assert np.round(parameters, 3).tolist() == [0.243, 4.414, 0.793, 2.426]
    assert model.log_likelihood_ == pytest.approx(-9582.4, abs=0.05)


def test_expected_purchases_in_the_cdnow_holdout_are_those_of_the_literature():
    history = cdnow(weeks=39)
    model = BetaGeometric().fit(history["frequency"], history["recency"], history["age"])
    assert model.expected_purchases(*history.T.to_numpy(), periods=39).sum() == pytest.approx(
        1653, abs=1
    )


def test_parameters_that_made_the_data_are_recovered():
    data = simulated(20_000, r=0.6, alpha=5, a=0.9, b=3, age=52, seed=1)
    model = BetaGeometric().fit(*data)
    assert [model.r_, model.alpha_, model.a_, model.b_] == pytest.approx([0.6, 5, 0.9, 3], rel=0.1)


def test_the_unit_of_time_changes_alpha_and_nothing_else():
    frequency, recency, age = simulated(2_000, r=0.6, alpha=5, a=0.9, b=3, age=52, seed=2)
    weeks = BetaGeometric().fit(frequency, recency, age)
    days = BetaGeometric().fit(frequency, recency * 7, age * 7)
    assert days.alpha_ == pytest.approx(weeks.alpha_ * 7, rel=1e-4)
    assert [days.r_, days.a_, days.b_] == pytest.approx([weeks.r_, weeks.a_, weeks.b_], rel=1e-4)
    assert days.log_likelihood_ == pytest.approx(
        weeks.log_likelihood_ - frequency.sum() * np.log(7)
    )


def test_customers_who_never_drop_out_are_fitted_without_overflow():
    rng = np.random.default_rng(3)
    frequency = rng.poisson(rng.gamma(2, 1 / 10, size=2_000) * 50)
    recency = np.where(frequency > 0, 50 * frequency / (frequency + 1.0), 0)
    model = BetaGeometric().fit(frequency, recency, np.full(2_000, 50.0))
    assert model.a_ / (model.a_ + model.b_) < 0.001
    assert np.isfinite(model.expected_purchases(frequency, recency, np.full(2_000, 50.0), 50)).all()


parameter = st.floats(0.1, 6)


@given(parameter, parameter, parameter, parameter)
def test_the_gradient_is_that_of_the_likelihood(r, alpha, a, b):
    history = _checked([0, 1, 3, 8], [0, 1, 20, 30], [10, 30, 22, 30])
    weight = np.full(4, 0.25)
    x0 = np.log([r, alpha, a, b])
    numeric = approx_fprime(x0, lambda x: _negative_log_likelihood(x, history, weight)[0], 1e-6)
    analytic = _negative_log_likelihood(x0, history, weight)[1]
    assert analytic == pytest.approx(numeric, rel=1e-3, abs=1e-4)


@settings(max_examples=50)
@given(
    st.tuples(
        parameter, st.floats(1, 20), parameter.filter(lambda a: abs(a - 1) > 0.01), parameter
    ),
    st.integers(0, 30),
    st.floats(0.1, 100),
)
def test_expected_purchases_equal_the_hypergeometric_form_away_from_a_equal_to_1(
    parameters, x, periods
):
    r, alpha, a, b = parameters
    recency, age = (20.0 if x else 0.0), 30.0
    z = periods / (alpha + age + periods)
    bracket = 1 - (1 - z) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
    gone = (a / (b + x - 1) * ((alpha + age) / (alpha + recency)) ** (r + x)) if x else 0.0
    closed = (a + b + x - 1) / (a - 1) * bracket / (1 + gone)
    ours = fitted(r, alpha, a, b).expected_purchases([x], [recency], [age], periods)[0]
    assert ours == pytest.approx(closed, rel=1e-6, abs=1e-9)


def test_expected_purchases_run_smoothly_through_a_equal_to_1():
    around = [
        fitted(0.5, 4, a, 2).expected_purchases([3], [20], [30], 39)[0] for a in (0.999, 1, 1.001)
    ]
    assert around[1] == pytest.approx((around[0] + around[2]) / 2, rel=1e-5)


@given(st.floats(0, 200), st.floats(0, 200))
def test_looking_further_ahead_never_lowers_the_number_expected(one, other):
    model = fitted(0.243, 4.414, 0.793, 2.426)
    near, far = sorted((one, other))
    x, last, age = [0, 1, 30], [0, 2, 38], [39, 39, 39]
    gain = model.expected_purchases(x, last, age, far) - model.expected_purchases(
        x, last, age, near
    )
    assert (gain >= -1e-9).all()


def test_a_customer_who_never_came_back_is_alive_and_a_silent_frequent_one_is_not():
    model = fitted(0.243, 4.414, 0.793, 2.426)
    alive = model.probability_alive([0, 25, 25], [0, 38, 10], [39, 39, 39])
    assert alive[0] == 1
    assert alive[1] > 0.9
    assert alive[2] < 0.01


@pytest.mark.parametrize(
    ("frequency", "recency", "age", "message"),
    [
        ([1, 2], [1.0], [2.0], r"\(2, 1, 1\) rows"),
        ([1], [3.0], [2.0], "1 customers have no possible history"),
        ([0], [1.0], [2.0], "1 customers have no possible history"),
        ([0.5], [1.0], [2.0], "1 customers have no possible history"),
        ([np.nan], [1.0], [2.0], "1 customers have no possible history"),
        ([0, 0], [0.0, 0.0], [2.0, 3.0], "without one repeat purchase"),
    ],
)
def test_impossible_histories_are_refused(frequency, recency, age, message):
    with pytest.raises(ValueError, match=message):
        BetaGeometric().fit(frequency, recency, age)
