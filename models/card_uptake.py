"""Who takes the co-branded card: P(activates it within the horizon), among those without it."""

from functools import partial
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from features.basket_size import largest_order_amount, mean_order_pieces_count
from features.card import (
    card_state,
    days_since_card_application,
)
from features.contact_pressure import contact_pressure_ratio, days_since_last_contact
from features.frequency import (
    mean_gap_days,
    order_count,
    order_count_within,
    purchase_days_count,
)
from features.grains import card_steps
from features.habit import (
    favourite_store_format,
    favourite_store_order_share,
    favourite_store_region,
    online_order_share,
    pay_day_order_share,
    used_channel_count,
    visited_store_count,
    weekend_order_share,
)
from features.looking import interaction_count_within, open_count_within
from features.money import mean_order_amount, spend_amount, spend_amount_within
from features.person import (
    age_years,
    children_count,
    education,
    gender,
    home_city,
    home_region,
    income_band,
    life_stage,
    marital_status,
    occupation,
    preferred_language,
    stated_interest_count,
)
from features.price import brand_premium_ratio, discounted_line_share, upper_tier_piece_share
from features.recency import days_since_first_purchase, days_since_last_purchase, tenure_days
from features.returns import returned_piece_share
from features.variety import bought_category_count, bought_product_count, favourite_category
from models.definition import Baseline, Model, Sampling, label
from models.measures import (
    brier,
    brier_skill,
    calibration_intercept,
    calibration_slope,
    capture_at,
    expected_calibration_error,
    lift_at,
    log_loss,
    log_loss_skill,
    observed_over_expected,
    pr_auc,
    roc_auc,
)
from models.search import TREES

if TYPE_CHECKING:
    from models.learners import LogisticBaseline, PropensityClassifier, RfmCells

#: How long the bank's refusal stands.
REFUSED_DAYS = 180
#: Rows to learn from; beyond them, negatives are thinned and the level is corrected exactly.
MOST_ROWS = 1_000_000


def has_no_card(snapshot: ir.Table) -> ir.BooleanValue:
    """Tell who could still activate the card: no holder, and not refused by the bank lately."""
    refused = (snapshot.card_state == "declined") & (
        snapshot.days_since_card_application <= REFUSED_DAYS
    )
    return (snapshot.holds_card == 0) & ~refused.fill_null(False)  # noqa: FBT003 - a null is no


@label(card_steps)
def activates_card(rows: ir.Table) -> ir.Value:
    """1 if the card is activated in the outcome window."""
    return (rows.step == "activated").cast("int64").max()


@label(card_steps)
def applies_for_card(rows: ir.Table) -> ir.Value:
    """1 if the card is applied for in the outcome window."""
    return (rows.step == "applied").cast("int64").max()


@label(card_steps)
def gets_card_approved(rows: ir.Table) -> ir.Value:
    """1 if the bank approves an application in the outcome window."""
    return (rows.step == "approved").cast("int64").max()


def _boosted(seed: int) -> "PropensityClassifier":
    from models.learners import PropensityClassifier

    return PropensityClassifier(seed=seed, learning_rate=0.05, leaves=15, min_leaf=200, l2=10.0)


def _logistic(seed: int) -> "LogisticBaseline":
    from models.learners import LogisticBaseline

    return LogisticBaseline(seed=seed)


def _cells(_seed: int) -> "RfmCells":
    from models.learners import RfmCells

    return RfmCells()


_FEATURES = (
    age_years,
    gender,
    marital_status,
    education,
    occupation,
    income_band,
    children_count,
    life_stage,
    home_region,
    home_city,
    preferred_language,
    stated_interest_count,
    card_state,
    days_since_card_application,
    days_since_last_purchase,
    days_since_first_purchase,
    tenure_days,
    order_count,
    *order_count_within.values(),
    purchase_days_count,
    mean_gap_days,
    spend_amount,
    *spend_amount_within.values(),
    mean_order_amount,
    largest_order_amount,
    mean_order_pieces_count,
    returned_piece_share,
    bought_product_count,
    bought_category_count,
    favourite_category,
    brand_premium_ratio,
    upper_tier_piece_share,
    discounted_line_share,
    online_order_share,
    used_channel_count,
    visited_store_count,
    favourite_store_order_share,
    favourite_store_format,
    favourite_store_region,
    weekend_order_share,
    pay_day_order_share,
    *interaction_count_within.values(),
    *open_count_within.values(),
    days_since_last_contact,
    contact_pressure_ratio,
)

_RFM = (days_since_last_purchase, order_count_within[365], spend_amount_within[365])

card_uptake = Model(
    name="card_uptake",
    title={"en": "Probability to activate the co-branded card", "zh-TW": "聯名卡啟用機率"},
    unit="customer",
    eligible=has_no_card,
    label=activates_card,
    auxiliary=(applies_for_card, gets_card_approved),
    gap_days=7,
    horizon_days=90,
    features=_FEATURES,
    learner=_boosted,
    sampling=Sampling(most_rows=MOST_ROWS),
    search=TREES,
    measures={
        "log_loss": log_loss,
        "log_loss_skill": log_loss_skill,
        "brier": brier,
        "brier_skill": brier_skill,
        "roc_auc": roc_auc,
        "pr_auc": pr_auc,
        "lift_at_10_percent": partial(lift_at, share=0.1),
        "capture_at_10_percent": partial(capture_at, share=0.1),
        "observed_over_expected": observed_over_expected,
        "observed_over_expected_at_10_percent": partial(observed_over_expected, share=0.1),
        "calibration_slope": calibration_slope,
        "calibration_intercept": calibration_intercept,
        "expected_calibration_error": expected_calibration_error,
    },
    baselines=(
        Baseline(name="logistic", features=_FEATURES, learner=_logistic),
        Baseline(name="rfm_cells", features=_RFM, learner=_cells),
    ),
    cadence="monthly",
)
