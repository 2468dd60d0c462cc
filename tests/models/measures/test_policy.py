"""What a policy is worth, what a group gains, and what a campaign earns."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from models.measures import (
    arm_scores,
    compare_policies,
    effect_line,
    effect_scores,
    gates,
    net_gain,
    policy_value,
    policy_value_interval,
    uplift_profit_curve,
)

ARM = ["no", "mail", "gift", "no", "mail", "gift"]
Y = [0.0, 1.0, 5.0, 2.0, 3.0, 7.0]


def test_one_arm_for_all_is_worth_the_mean_of_those_who_drew_it():
    assert policy_value(Y, ["gift"] * 6, ARM) == 6.0
    assert policy_value(Y, ["no"] * 6, ARM) == 1.0


def test_the_lead_of_a_policy_over_itself_is_exactly_nothing():
    assert policy_value_interval(Y, ["gift"] * 6, ARM, against=["gift"] * 6) == (0, 0, 0)


def test_an_arm_that_nobody_drew_cannot_be_valued():
    with pytest.raises(ValueError, match="nobody drew"):
        policy_value(Y, ["call"] * 6, ARM)


def test_a_policy_that_knows_the_better_arm_of_everyone_is_valued_right():
    random = np.random.default_rng(0)
    n = 60_000
    x = random.random(n)
    arm = random.choice(["a", "b", "no"], n)
    gains = {"no": np.zeros(n), "a": 2 * x, "b": 2 - 2 * x}
    y = np.choose(pd.Categorical(arm).codes, [gains["a"], gains["b"], gains["no"]])
    y = y + random.normal(0, 1, n)
    chosen = np.where(x > 0.5, "a", "b")
    found = policy_value_interval(y, chosen, arm)
    assert found.low < 1.5 < found.high
    lead = policy_value_interval(y, chosen, arm, against=np.full(n, "a"))
    assert lead.low < 0.5 < lead.high
    assert lead.low > 0


def test_an_interval_counts_a_repeated_customer_once():
    customer = np.repeat(np.arange(200), 5)
    random = np.random.default_rng(3)
    y = np.repeat(random.normal(size=200), 5)
    arm = np.repeat(random.choice(["no", "mail"], 200), 5)
    chosen = np.full(1_000, "mail")
    apart = policy_value_interval(y, chosen, arm)
    together = policy_value_interval(y, chosen, arm, cluster=customer)
    assert_allclose(together.high - together.low, 5**0.5 * (apart.high - apart.low), rtol=0.01)


def test_arm_scores_are_sorted_by_name_and_use_the_given_probabilities():
    scores = arm_scores([1.0, 1.0], ["b", "a"], probability={"a": 0.25, "b": 0.75})
    assert list(scores.columns) == ["a", "b"]
    with pytest.raises(ValueError, match="has to lie in"):
        arm_scores([1.0, 1.0], ["b", "a"], probability={"a": 0.0, "b": 1.0})


def test_missing_outcomes_and_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="missing values"):
        arm_scores([1.0, float("nan")], ["a", "b"])
    with pytest.raises(ValueError, match="one arm per outcome"):
        arm_scores([1.0], ["a", "b"])


def test_treating_the_best_half_is_compared_with_all_random_and_propensity():
    found = compare_policies(
        [3.0, 1.0, -1.0, 1.0], [4, 3, 1, 2], share=0.5, propensity=[1, 2, 3, 4]
    )
    assert found.ranking.value == 1.0
    assert found.everybody.value == 0.0  # the worse half adds (-1 + 1) / 4
    assert found.random.value == 0.5
    assert found.propensity is not None
    assert found.propensity.value == 1.0  # propensity picks the worse half, which gains 0


def test_a_contact_cost_makes_treating_fewer_better_than_all():
    found = compare_policies([3.0, 1.0, -1.0, 1.0], [4, 3, 1, 2], share=0.5, contact_cost=0.5)
    assert found.everybody.value == 0.25


def test_deciles_hold_a_tenth_of_the_customers_each_even_with_ties():
    gain = np.arange(100.0)
    table = gates(gain, np.repeat([1, 0], 50), groups=10)
    assert_allclose(table["customers"], 10)
    assert_allclose(table["observed"][:5], gain[:50].mean())
    assert_allclose(table["observed"][5:], gain[50:].mean())


def test_the_group_interval_is_that_of_a_mean():
    random = np.random.default_rng(2)
    gain = random.normal(size=10_000)
    table = gates(gain, np.arange(10_000), groups=4)
    half = 1.96 * gain[7_500:].std() / np.sqrt(2_500)
    assert_allclose(table["high"][0] - table["observed"][0], half, rtol=0.01)


def test_the_slope_is_one_for_calibrated_effects_and_half_for_effects_twice_too_wide():
    random = np.random.default_rng(1)
    effect = random.normal(0.3, 0.2, 40_000)
    treated = random.integers(0, 2, 40_000)
    y = treated * effect + random.normal(0, 0.5, 40_000)
    gain = effect_scores(y, treated, probability=0.5)
    right, wide = effect_line(gain, effect), effect_line(gain, 2 * effect)
    assert right.slope.low < 1 < right.slope.high
    assert right.found
    assert_allclose(wide.slope.value, right.slope.value / 2)


def test_equal_predictions_have_no_slope_and_nothing_is_found():
    line = effect_line([1.0, 2.0, 3.0], [0.1, 0.1, 0.1])
    assert line.slope == (0, 0, 0)
    assert not line.found


def test_sure_buyers_who_redeem_cost_money_though_they_gain_nothing():
    sure_buyer, persuadable = net_gain(
        [0.0, 0.5], value=10, contact_cost=1, redemption=[1.0, 0.5], redemption_cost=2
    )
    assert (sure_buyer, persuadable) == (-3.0, 3.0)


def test_profit_falls_where_customers_cost_more_than_they_gain():
    curve = uplift_profit_curve([4.0, 2.0, -1.0, -3.0], effect=[4, 3, 2, 1])
    assert curve["profit"].tolist() == [0.0, 1.0, 1.5, 1.25, 0.5]
