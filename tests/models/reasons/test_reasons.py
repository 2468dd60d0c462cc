"""Reasons add up to the score, and are said in two languages without saying too much."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.about import about
from features.catalogue import catalogue
from features.contract import FeatureError
from features.definition import feature, grain
from models.customer_activity import customer_activity
from models.reasons import phrase, reasons
from models.reasons.strongest import LEAST

EVERY = catalogue("customer", "product", "time", "pair")
each = pytest.mark.parametrize("name", sorted(EVERY))
CHINESE = re.compile("[\u4e00-\u9fff]")
#: A value of each unit, and how a reader finds it in the phrase.
VALUES = {"text": ("Tainan", "Tainan"), "flag": (1, None), "share": (0.37, "37%")}


def one_row(**columns):
    """Contributions and values of one customer: `name=(value, points)`."""
    points = {"(base)": 0.5} | {name: added for name, (_, added) in columns.items()}
    values = {name: value for name, (value, _) in columns.items()}
    return pd.DataFrame([points]), pd.DataFrame([values])


def said(language="en", **columns):
    (row,) = reasons(*one_row(**columns), EVERY)
    return [getattr(one.said, language) for one in row.strongest]


@pytest.fixture(scope="module")
def learned():
    """A learner of three facts about 1,500 customers, one of them often missing."""
    random = np.random.default_rng(5)
    days = random.integers(1, 400, 1500)
    X = pd.DataFrame(
        {
            "days_since_last_purchase": days,
            "mean_gap_days": np.where(days % 3, random.gamma(3, 20, 1500), np.nan),
            "order_count_30d": random.poisson(1, 1500),
            "order_count_365d": random.poisson(6, 1500),
            "home_region": random.choice(["Tainan", "Taipei"], 1500),
            "shoe_size": random.normal(40, 2, 1500),
        }
    )
    chance = 1 / (1 + np.exp(days / 100 - X["order_count_365d"] / 4))
    y = (random.random(1500) < chance).astype(int)
    learner = customer_activity.learner(2).set_params(trees=30)
    return learner.fit(X, y), X.head(200)


def test_start_reasons_and_rest_add_up_to_the_score(learned):
    learner, X = learned
    scores = learner.predict_proba(X)[:, 1]
    found = reasons(learner.explain(X), X, EVERY)
    told = [row.start + sum(one.points for one in row.strongest) + row.rest for row in found]
    np.testing.assert_allclose(told, scores, atol=1e-12)
    assert len({row.start for row in found}) == 1


def test_the_strongest_come_first_and_none_is_too_small_to_tell(learned):
    learner, X = learned
    for row in reasons(learner.explain(X), X, EVERY, most=3):
        sizes = [abs(one.points) for one in row.strongest]
        assert sizes == sorted(sizes, reverse=True)
        assert len(sizes) <= 3
        assert min(sizes, default=1) >= LEAST


def test_what_is_no_feature_of_ours_is_never_told_and_counts_in_the_rest(learned):
    learner, X = learned
    for row in reasons(learner.explain(X), X, EVERY):
        assert not any("shoe" in one.said.en for one in row.strongest)
    (row,) = reasons(*one_row(shoe_size=(41, 0.2), gender=("female", 0.1)), EVERY)
    assert [one.points for one in row.strongest] == [0.1]
    assert row.rest == pytest.approx(0.2)


def test_a_customer_who_comes_in_a_rhythm_is_told_it():
    columns = {"days_since_last_purchase": (3, 0.015), "mean_gap_days": (12.2, 0.006)}
    assert said(**columns) == ["Bought 3 days ago, typical gap 12 days: +2.1 points"]
    assert said("zh", **columns) == ["距上次購買 3 天，平均間隔 12 天：+2.1 個百分點"]


def test_a_rhythm_of_one_purchase_is_none_yet():
    columns = {"days_since_last_purchase": (1, -0.02), "mean_gap_days": (None, -0.02)}
    assert said(**columns) == ["Bought 1 day ago, no second purchase yet: -4.0 points"]


def test_days_alone_are_said_as_days():
    columns = {"days_since_last_purchase": (3, 0.021)}
    assert said(**columns) == ["3 days since the last purchase: +2.1 points"]
    assert said("zh", **columns) == ["距上次購買 3 天：+2.1 個百分點"]


def test_windows_of_one_feature_are_one_reason_told_by_the_strongest():
    columns = {"search_count_7d": (0, -0.01), "search_count_90d": (8, 0.05)}
    assert said(**columns) == ["Searches in the last 90 days: 8: +4.0 points"]


def test_orders_and_spending_are_one_reason():
    columns = {"order_count_180d": (0, -0.2), "spend_amount_90d": (0.0, 0.03)}
    assert said(**columns) == ["Orders in the last 180 days: 0: -17.0 points"]


def test_contributions_of_a_family_that_cancel_are_no_reason():
    assert said(search_count_7d=(0, -0.05), search_count_90d=(8, 0.05)) == []


@given(points=st.lists(st.floats(-0.2, 0.2), min_size=4, max_size=4), most=st.integers(1, 6))
def test_whatever_is_added_they_add_up(points, most):
    names = ("age_years", "gender", "search_count_7d", "search_count_90d")
    columns = dict(zip(names, zip((30, "male", 2, 9), points, strict=True), strict=True))
    (row,) = reasons(*one_row(**columns), EVERY, most=most)
    told = row.start + sum(one.points for one in row.strongest) + row.rest
    assert told == pytest.approx(0.5 + sum(points))


@each
def test_every_feature_is_said_in_both_languages_with_the_customers_own_value(name):
    value, shown = VALUES.get(EVERY[name].unit, (1234, "1,234"))
    en, zh = phrase(EVERY[name], value)
    if shown:
        assert shown in en
        assert shown in zh
    assert CHINESE.search(zh)
    assert not CHINESE.search(en)
    assert en != phrase(EVERY[name], None).en


@each
@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA], ids=repr)
def test_every_feature_without_a_value_is_said_to_have_none(name, missing):
    en, zh = phrase(EVERY[name], missing)
    assert en.endswith((": none", ": unknown"))
    assert zh.endswith(("：無", "：未知"))


def test_reasons_only_ever_come_from_columns_of_the_purpose_general():
    assert {about(one).purpose for one in EVERY.values()} == {"general"}


def test_a_feature_that_identifies_a_person_is_refused():
    @grain()
    def written_to(customers):
        return customers.select("customer_id", "email", event_on="joined_on")

    @feature(written_to, unit="flag", en="Has an address", zh="有電子郵件")
    def has_email(rows):
        """1 with an e-mail address; null without."""
        return rows.email.count()

    with pytest.raises(FeatureError, match="has_email"):
        reasons(*one_row(has_email=(1, 0.1)), {"has_email": has_email})
