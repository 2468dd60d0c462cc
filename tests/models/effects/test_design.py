"""Design checks pass for fair draws and fail for the ways in which draws go wrong."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from models.effects import (
    check_design,
    clipped,
    covariate_balance,
    minimum_detectable_effect,
    minimum_detectable_qini,
    negative_control,
    overlap_table,
    placebo,
    propensity_auc,
    sample_ratio,
    sensitivity_value,
    trim,
)
from models.learners import TrialError
from models.measures import Estimate, effect_scores, qini


def customers(seed, n):
    random = np.random.default_rng(seed)
    return random, pd.DataFrame(
        {"spend": random.exponential(100, n), "city": random.choice(["Taipei", "Tainan", None], n)}
    )


def test_a_fair_draw_passes_every_check():
    random, X = customers(0, 4_000)
    arm = random.choice(["control", "a", "b"], 4_000, p=[0.5, 0.25, 0.25])
    shares = {"control": 0.5, "a": 0.25, "b": 0.25}
    checks = check_design(X, arm, control="control", shares=shares, before=X["spend"])
    names = ["sample ratio", "covariate balance", "propensity AUC", "placebo a", "placebo b"]
    assert [check.name for check in checks] == names
    assert all(check.passed for check in checks)


def test_customers_lost_from_one_arm_fail_the_sample_ratio_by_name():
    check = sample_ratio(["control"] * 5_000 + ["a"] * 4_600, {"control": 0.5, "a": 0.5})
    assert not check.passed
    assert check.p_value < 1e-4


def test_a_whole_arm_that_never_came_fails_the_sample_ratio():
    assert not sample_ratio(["control"] * 100, {"control": 0.5, "a": 0.5}).passed


def test_shares_that_do_not_sum_to_one_are_refused():
    with pytest.raises(TrialError, match="sum to"):
        sample_ratio(["a", "b"], {"a": 0.5, "b": 0.4})
    with pytest.raises(TrialError, match="lack"):
        sample_ratio(["a", "b"], {"a": 1.0})


def test_arms_that_differ_in_a_text_or_in_what_is_missing_show_in_the_balance():
    random, X = customers(1, 3_000)
    arm = np.where(X["city"].isna(), "a", random.choice(["a", "control"], 3_000))
    table = covariate_balance(X, arm, control="control")
    assert table.loc[0, ["column", "value"]].tolist() == ["city", "missing"]
    assert table.loc[0, "difference"] > 0.5
    balance = {check.name: check for check in check_design(X, arm, control="control")}
    assert not balance["covariate balance"].passed


def test_the_standardised_difference_is_in_standard_deviations():
    X = pd.DataFrame({"x": np.r_[np.arange(100.0), np.arange(100.0) + 10]})
    table = covariate_balance(X, ["control"] * 100 + ["a"] * 100, control="control")
    assert_allclose(table.loc[0, "difference"], 10 / np.arange(100.0).std(ddof=1))


def test_arms_that_columns_tell_apart_fail_the_propensity_auc():
    random, X = customers(2, 4_000)
    fair = random.choice(["a", "control"], 4_000)
    assert propensity_auc(X, fair, control="control").passed
    chosen = np.where(X["spend"] + random.normal(0, 100, 4_000) > 100, "a", "control")
    check = propensity_auc(X, chosen, control="control")
    assert not check.passed
    assert check.found > 0.65


def test_a_difference_before_the_draw_fails_the_placebo():
    random, X = customers(3, 2_000)
    arm = random.choice(["a", "control"], 2_000)
    assert placebo(X["spend"], arm, control="control")[0].passed
    assert not placebo(X["spend"] + 30 * (arm == "a"), arm, control="control")[0].passed


def test_the_minimum_detectable_effect_is_found_in_four_of_five_experiments():
    size = {"treated": 400, "control": 800, "deviation": 2.0}
    effect = minimum_detectable_effect(**size)
    random = np.random.default_rng(4)
    a = random.normal(effect, 2, (2_000, 400)).mean(axis=1)
    b = random.normal(0, 2, (2_000, 800)).mean(axis=1)
    found = np.abs(a - b) > 1.96 * 2 * np.sqrt(1 / 400 + 1 / 800)
    assert 0.77 < found.mean() < 0.83


def test_explained_variance_is_worth_as_many_more_customers():
    plain = minimum_detectable_effect(treated=1_000, control=1_000, deviation=1)
    adjusted = minimum_detectable_effect(treated=500, control=500, deviation=1, explained=0.5)
    assert_allclose(adjusted, plain)


def test_the_minimum_detectable_qini_is_found_in_four_of_five_experiments():
    least = minimum_detectable_qini(treated=1_000, control=1_000, deviation=1)
    random = np.random.default_rng(5)
    # A linear effect with Qini `least`: the Qini of a uniform ranking is its slope / 12.
    found = []
    for _ in range(600):
        rank = random.random(2_000)
        treated = random.permutation(2_000) % 2
        y = random.normal(size=2_000) + treated * 12 * least * (rank - 0.5)
        found.append(qini(effect_scores(y, treated), rank) > 1.96 * least / 2.8016)
    assert 0.75 < np.mean(found) < 0.85


def test_overlap_counts_every_customer_once_per_arm():
    random = np.random.default_rng(6)
    p = random.random(500)
    chance = pd.DataFrame({"a": p, "control": 1 - p})
    arm = np.where(random.random(500) < p, "a", "control")
    table = overlap_table(chance, arm)
    assert table.groupby("arm")[["inside", "outside"]].sum().sum(axis=1).tolist() == [500, 500]
    top = table.query("arm == 'a'").iloc[-1]
    assert top["inside"] > 5 * top["outside"]


def test_trimming_counts_who_is_left_out_and_refuses_to_leave_nobody():
    chance = pd.DataFrame({"a": [0.5, 0.99, 0.001], "control": [0.5, 0.01, 0.999]})
    assert trim(chance).dropped == 2
    assert trim(chance).kept.tolist() == [True, False, False]
    with pytest.raises(TrialError, match="different"):
        trim(chance.iloc[1:])


def test_clipping_is_counted_by_customer():
    raised, count = clipped(pd.DataFrame({"a": [0.001, 0.5], "control": [0.999, 0.5]}))
    assert count == 1
    assert raised["a"].tolist() == [0.01, 0.5]


def test_a_hidden_cause_shows_in_the_negative_control_and_a_fair_draw_does_not():
    random = np.random.default_rng(7)
    hidden = random.normal(size=4_000)
    untouched = hidden + random.normal(size=4_000)
    chosen = (hidden + random.normal(size=4_000) > 0).astype(int)
    drawn = random.integers(0, 2, 4_000)
    assert not negative_control(effect_scores(untouched, chosen)).passed
    assert negative_control(effect_scores(untouched, drawn)).passed


def test_a_hidden_cause_as_strong_as_the_sensitivity_value_explains_the_effect_away():
    random = np.random.default_rng(8)
    n = 200_000
    hidden, x, e = random.normal(size=(3, n))
    strength = 0.2  # of the variance of both choice and outcome
    choice = np.sqrt(strength) * hidden + np.sqrt(1 - strength) * x
    y = np.sqrt(strength) * hidden + np.sqrt(1 - strength) * e
    slope = choice @ y / (choice @ choice)
    error = np.sqrt(np.mean((y - slope * choice) ** 2) / (choice @ choice))
    found = Estimate(slope, slope - 1.96 * error, slope + 1.96 * error)
    value = sensitivity_value(found, customers=n)
    assert_allclose(value.to_zero, strength, atol=0.02)
    assert value.to_insignificance < value.to_zero
