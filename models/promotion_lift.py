"""What an offer changes: the difference it makes to P(any purchase), per arm and customer."""

from typing import TYPE_CHECKING

from features.contact_pressure import (
    contact_count_within,
    contact_pressure_ratio,
    days_since_last_contact,
)
from features.frequency import (
    elapsed_over_mean_gap_ratio,
    mean_gap_days,
    order_count_within,
    purchase_days_count,
)
from features.looking import click_count_within, interaction_count_within, open_count_within
from features.money import mean_order_amount, spend_amount_within
from features.person import age_years, children_count, income_band, life_stage
from features.price import discount_share_within, discounted_line_share, price_tier_share
from features.recency import days_since_first_purchase, days_since_last_purchase, tenure_days
from features.rhythm import overdue_score
from features.supply import supply_left_days
from models.customer_activity import buys_anything, has_bought
from models.definition import Baseline, LiftModel

if TYPE_CHECKING:
    from models.learners import LiftLearner, LogisticBaseline


def _learner(seed: int) -> "LiftLearner":
    from models.learners import LiftLearner

    # The same customer is assigned anew by every campaign, and may draw another arm.
    return LiftLearner(crossover=True, seed=seed)


def _logistic(_seed: int) -> "LogisticBaseline":
    from models.learners import LogisticBaseline

    return LogisticBaseline()


_FEATURES = (
    days_since_last_purchase,
    days_since_first_purchase,
    tenure_days,
    *(order_count_within[days] for days in (30, 90, 365)),
    purchase_days_count,
    mean_gap_days,
    elapsed_over_mean_gap_ratio,
    overdue_score,
    *(spend_amount_within[days] for days in (90, 365)),
    mean_order_amount,
    discount_share_within[365],
    discounted_line_share,
    price_tier_share,
    *contact_count_within.values(),
    days_since_last_contact,
    contact_pressure_ratio,
    open_count_within[90],
    click_count_within[90],
    interaction_count_within[30],
    supply_left_days,
    age_years,
    children_count,
    income_band,
    life_stage,
)

promotion_lift = LiftModel(
    name="promotion_lift",
    title={"en": "What an offer changes", "zh-TW": "優惠增量效果"},
    unit="customer",
    eligible=has_bought,
    label=buys_anything,
    gap_days=0,
    horizon_days=14,
    features=_FEATURES,
    learner=_learner,
    response=Baseline(name="propensity", features=_FEATURES, learner=_logistic),
    segments=(
        days_since_last_purchase,
        order_count_within[365],
        contact_count_within[90],
        age_years,
        income_band,
        life_stage,
    ),
    cadence="monthly",
)
