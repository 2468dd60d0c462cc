"""When a customer will buy again what is bought again and again: the day, and the window."""

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from features.supplies import category_days
from models.definition import ModelUse, TimingModel, label
from models.measures import (
    brier,
    calibration_slope,
    log_loss,
    observed_over_expected,
    pr_auc,
    roc_auc,
)

if TYPE_CHECKING:
    from models.learners.repurchase import RepurchaseTimer


@label(category_days)
def buys_category_again(rows: ir.Table) -> ir.Value:
    """Whether anything of the category was bought."""
    return (rows.count() > 0).cast("int8")


def _learner(seed: int) -> "RepurchaseTimer":
    from models.learners.repurchase import RepurchaseTimer

    return RepurchaseTimer(learning_rate=0.15, max_trees=200, max_rows=200_000, folds=2, seed=seed)


repurchase_timing = TimingModel(
    name="repurchase_timing",
    title={"en": "When a purchase is due again", "zh-TW": "回購時機"},
    unit="pair",
    label=buys_category_again,
    gap_days=0,
    horizon_days=28,
    watched_days=84,
    learner=_learner,
    measures={
        "log_loss": log_loss,
        "brier": brier,
        "roc_auc": roc_auc,
        "pr_auc": pr_auc,
        "observed_over_expected": observed_over_expected,
        "calibration_slope": calibration_slope,
    },
    cadence="weekly",
    use=ModelUse(
        happened={"en": "bought the category again", "zh-TW": "再次購買該類商品"},
        intended="Marketing decides whom to remind of what, and when.",
        not_for=("Telling whether a reminder brings a purchase that would not have come.",),
        limits=("Purchases elsewhere are not seen: who buys there looks as if they had stopped.",),
    ),
)
