"""Where nobody drew lots: who can be compared, what is said of it, and the stamp."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.promotion_lift import promotion_lift
from pipeline.evaluation import Evaluation
from pipeline.lift.curves import curves_of
from pipeline.lift.cutoffs import LiftCutoffs
from pipeline.lift.design import DesignError, check_campaign
from pipeline.lift.judge import judge
from pipeline.lift.learn import learn
from pipeline.lift.observational import comparable, fitted_arm_chances, observed
from pipeline.lift.report.page import Told, as_html
from pipeline.lift.rows import FACTS, LiftRows, chances
from pipeline.lift.train import _observational, split_rows

AGE = "age_years"
DRAWN = date(2024, 5, 1)
ONE_DAY = LiftCutoffs({"C1": (DRAWN,)}, {"C1": DRAWN}, DRAWN)


def chosen(n=3000, *, extreme=0.0, hidden=0.0, effect=0.1, seed=0):
    """Coupons went to the old rather than to the young; nobody wrote down how likely.

    `extreme` is the share of the members who were surely given one, `hidden` how much more a
    member with a coupon bought before.
    """
    random = np.random.default_rng(seed)
    age = random.uniform(20, 80, n)
    sure = np.arange(n) < extreme * n
    age[sure] += 200
    took = random.random(n) < np.where(sure, 1.0, 0.2 + 0.6 * (age > 50))
    facts = pd.DataFrame(0.0, index=range(n), columns=list(FACTS)).assign(
        campaign_id="C1",
        customer_id=[f"M{i}" for i in range(n)],
        arm=np.where(took, "coupon", "control"),
        probability=np.nan,
        label=(random.random(n) < 0.2 + 0.2 * (age > 50) + effect * took).astype(int),
        label_before=(random.random(n) < 0.2 + hidden * took).astype(int),
        amount=100.0,
        margin=50.0,
    )
    return LiftRows(facts, pd.DataFrame({AGE: age}), chances(facts))


def test_customers_who_were_surely_given_the_offer_are_left_out_and_counted():
    rows = chosen(extreme=0.1)
    kept, apart = comparable(rows)
    assert apart == 300
    assert kept.X[AGE].max() <= 80
    assert comparable(kept)[1] == 0


def test_rows_of_a_draw_on_record_are_never_left_out():
    rows = chosen(extreme=0.1)
    drawn = rows._replace(chance=pd.DataFrame({"control": 0.5, "coupon": 0.5}, rows.facts.index))
    assert comparable(drawn) == (drawn, 0)


def test_a_small_control_is_no_reason_to_leave_customers_out():
    rows = chosen()
    random = np.random.default_rng(3)
    few = rows.facts.assign(arm=np.where(random.random(3000) < 0.02, "control", "coupon"))
    assert comparable(LiftRows(few, rows.X, chances(few)))[1] == 0


def test_a_campaign_whose_arms_are_different_kinds_of_customers_is_refused_by_name():
    rows = chosen()
    old = rows.X[AGE] > 50
    apart = rows.facts.assign(arm=np.where(old, "coupon", "control"))
    gap = pd.DataFrame({AGE: np.where(old, 75, 25)})
    with pytest.raises(DesignError, match=r"C1: no customer had a chance of 0\.0"):
        split_rows(LiftRows(apart, gap, chances(apart)), ["C1"], ONE_DAY, seed=1)


def test_the_weighted_effect_is_the_planted_one_although_the_old_buy_more_anyway():
    rows = chosen(20_000)
    said = observed(rows, control="control", level=0.95)
    (coupon,) = said["sensitivity"]
    assert coupon["low"] < 0.1 < coupon["high"] < 0.15  # arms differ by 0.22 as they are
    assert 0 < coupon["to_insignificance"] < coupon["to_zero"] < 0.3


@pytest.mark.parametrize(("hidden", "passed"), [(0.0, True), (0.1, False)])
def test_a_difference_before_the_offer_that_no_column_explains_is_told(hidden, passed):
    (coupon,) = observed(chosen(hidden=hidden), control="control", level=0.99)["negative_control"]
    assert coupon["passed"] is passed


def test_overlap_counts_every_customer_on_one_side_of_each_arm():
    rows = chosen(1000)
    said = pd.DataFrame(observed(rows, control="control", level=0.95)["overlap"])
    assert said.groupby("arm")[["inside", "outside"]].sum().sum(axis=1).tolist() == [1000, 1000]
    assert fitted_arm_chances(rows).sum(axis=1).to_numpy() == pytest.approx(1)


def test_the_report_is_stamped_and_tells_of_overlap_negative_control_and_sensitivity():
    rows = chosen(extreme=0.1)
    split = split_rows(rows, ["C1"], ONE_DAY, seed=1)
    learned = learn(split.learning, promotion_lift, seed=1)
    found = judge(learned, split.test, promotion_lift, level=0.95, draws=100, seed=1)
    page = as_html(
        Told(
            model=promotion_lift,
            evaluation=Evaluation(
                model="promotion_lift",
                as_of=DRAWN,
                rows=len(split.test.facts),
                positives=1,
                list_size=1,
                level=0.95,
                measures=found.measures,
                baselines=found.baselines,
                differences=found.differences,
            ),
            curves=curves_of(found, learned, split.test, promotion_lift, level=0.95, seed=1),
            training={
                "rows": {"train": len(split.learning.facts)},
                "split": split.how,
                "observational": _observational(split, promotion_lift, 0.95),
            },
            designs=[check_campaign("C1", rows, promotion_lift, seed=1)._asdict()],
            randomised=learned.randomised,
            currency="TWD",
        )
    )
    assert "Observational." in page
    assert sum(split.apart.values()) == 300
    assert f"{split.apart['train']:,}" in page
    for said in ("where there can be none", "hidden cause", "fitted probability"):
        assert said in page
