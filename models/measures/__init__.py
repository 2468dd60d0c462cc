"""How well a model does: one concept a file, each with its formula and source."""

from models.measures.bootstrap import Resample, bootstrap
from models.measures.brier import brier, brier_skill
from models.measures.calibration_slope import calibration_intercept, calibration_slope
from models.measures.capture import capture_at
from models.measures.estimate import Estimate
from models.measures.expected_calibration_error import expected_calibration_error
from models.measures.exposure import coverage, exposure_at, gini_of_exposure
from models.measures.lift import lift_at
from models.measures.log_loss import log_loss, log_loss_skill
from models.measures.observed_over_expected import observed_over_expected
from models.measures.pr_auc import pr_auc
from models.measures.ranking import (
    hit_rate_at,
    mean_average_precision_at,
    ndcg_at,
    ranking_by_group,
    recall_at,
)
from models.measures.roc_auc import roc_auc
from models.measures.sample import MeasureError

__all__ = [
    "Estimate",
    "MeasureError",
    "Resample",
    "bootstrap",
    "brier",
    "brier_skill",
    "calibration_intercept",
    "calibration_slope",
    "capture_at",
    "coverage",
    "expected_calibration_error",
    "exposure_at",
    "gini_of_exposure",
    "hit_rate_at",
    "lift_at",
    "log_loss",
    "log_loss_skill",
    "mean_average_precision_at",
    "ndcg_at",
    "observed_over_expected",
    "pr_auc",
    "ranking_by_group",
    "recall_at",
    "roc_auc",
]
