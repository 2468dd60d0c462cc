"""Who buys again: P(any purchase within the horizon)."""

from functools import partial
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from features.frequency import (
    elapsed_over_mean_gap_ratio,
    mean_gap_days,
    order_count,
    order_count_within,
    purchase_days_count,
)
from features.grains import baskets
from features.money import (
    mean_order_amount,
    mean_order_lines_count,
    spend_amount,
    spend_amount_within,
)
from features.recency import days_since_first_purchase, days_since_last_purchase, tenure_days
from models.definition import Baseline, Model, ModelUse, label
from models.measures import (
    brier,
    calibration_slope,
    lift_at,
    log_loss,
    observed_over_expected,
    roc_auc,
)
from models.search import TREES

if TYPE_CHECKING:
    from models.learners import LogisticBaseline, PropensityClassifier


def has_bought(snapshot: ir.Table) -> ir.BooleanValue:
    """Tell who has an earlier purchase: only they can buy again."""
    return snapshot.days_since_last_purchase.notnull()


@label(baskets)
def buys_anything(rows: ir.Table) -> ir.Value:
    """1 if there is a sale in the outcome window."""
    return (rows.orders.count() > 0).cast("int64")


def _boosted(seed: int) -> "PropensityClassifier":
    from models.learners import PropensityClassifier

    return PropensityClassifier(seed=seed)


def _logistic(_seed: int) -> "LogisticBaseline":
    from models.learners import LogisticBaseline

    return LogisticBaseline()


_FEATURES = (
    days_since_last_purchase,
    days_since_first_purchase,
    tenure_days,
    order_count,
    *order_count_within.values(),
    purchase_days_count,
    mean_gap_days,
    elapsed_over_mean_gap_ratio,
    spend_amount,
    *spend_amount_within.values(),
    mean_order_amount,
    mean_order_lines_count,
)

customer_activity = Model(
    name="customer_activity",
    title={"en": "Probability to buy again", "zh-TW": "再次購買機率"},
    use=ModelUse(
        happened={"en": "bought again", "zh-TW": "再次購買"},
        intended=(
            "Marketing plans whom to contact to keep them coming: the order says whom first, the "
            "probability what to expect."
        ),
        limits=(
            "Who has never bought has no score.",
            "It tells whether somebody buys, not what or for how much.",
        ),
    ),
    unit="customer",
    eligible=has_bought,
    label=buys_anything,
    gap_days=0,
    horizon_days=90,
    features=_FEATURES,
    learner=_boosted,
    search=TREES,
    measures={
        "log_loss": log_loss,
        "brier": brier,
        "roc_auc": roc_auc,
        "lift_at_10_percent": partial(lift_at, share=0.1),
        "observed_over_expected": observed_over_expected,
        "calibration_slope": calibration_slope,
    },
    baselines=(
        Baseline(name="logistic", features=_FEATURES, learner=_logistic),
        Baseline(name="recency", features=(days_since_last_purchase,), learner=_logistic),
    ),
    cadence="monthly",
)
