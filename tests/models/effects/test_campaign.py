"""The effect of a randomised campaign: right on average, narrower by what was known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from models.effects import campaign_effect
from models.learners import TrialError


def campaign(seed, n, effect=2.0):
    random = np.random.default_rng(seed)
    before = random.gamma(2, 20, n)
    arm = random.choice(["control", "coupon"], n)
    y = 0.8 * before + random.normal(0, 10, n) + effect * (arm == "coupon")
    return y, arm, before


def test_without_adjustment_the_effect_is_the_difference_in_means():
    y, arm, _ = campaign(0, 500)
    row = campaign_effect(y, arm, control="control").iloc[0]
    assert_allclose(row["effect"], y[arm == "coupon"].mean() - y[arm == "control"].mean())
    assert row["narrower"] == 0


def test_the_period_before_makes_the_interval_half_as_wide():
    y, arm, before = campaign(1, 4_000)
    row = campaign_effect(y, arm, control="control", before=before).iloc[0]
    assert row["low"] < 2 < row["high"]
    # Of the variance 22.6^2 * 0.8^2 is known before and 10^2 is left.
    assert_allclose(1 - row["narrower"], 10 / np.hypot(10, 0.8 * np.sqrt(800)), rtol=0.1)


def test_95_percent_intervals_cover_the_effect_in_93_to_97_percent_of_1000_campaigns():
    covered = 0
    for seed in range(1_000):
        y, arm, before = campaign(seed, 300)
        row = campaign_effect(y, arm, control="control", before=before).iloc[0]
        covered += row["low"] <= 2 <= row["high"]
    assert 930 <= covered <= 970


def test_rows_of_one_household_count_as_one():
    y, arm, before = campaign(2, 300)
    four = [np.repeat(part, 4) for part in (y, arm, before)]
    once = campaign_effect(y, arm, control="control", before=before).iloc[0]
    together = campaign_effect(
        *four[:2], control="control", before=four[2], cluster=np.repeat(np.arange(300), 4)
    ).iloc[0]
    assert_allclose(together["high"] - together["low"], once["high"] - once["low"], rtol=0.02)


def test_a_missing_value_of_before_counts_as_average():
    y, arm, before = campaign(3, 2_000)
    before[::10] = np.nan
    row = campaign_effect(y, arm, control="control", before=before).iloc[0]
    assert row["low"] < 2 < row["high"]
    assert row["narrower"] > 0.3


def test_every_treated_arm_gets_a_row_and_a_missing_control_is_refused():
    y, arm, _ = campaign(4, 300)
    arm = np.where(np.arange(300) % 3 == 0, "gift", arm)
    assert campaign_effect(y, arm, control="control")["arm"].tolist() == ["coupon", "gift"]
    with pytest.raises(TrialError, match="needs the control arm 'none'"):
        campaign_effect(y, arm, control="none")


def test_more_columns_than_customers_are_refused():
    with pytest.raises(TrialError, match="2 customers for 2 columns"):
        campaign_effect(
            [1, 2, 3, 4],
            ["a", "a", "control", "control"],
            control="control",
            before=np.eye(4)[:, :2],
        )
