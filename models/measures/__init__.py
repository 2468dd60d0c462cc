"""How well a model does: one concept a file, each with its formula and source."""

from models.measures.bootstrap import Resample, bootstrap
from models.measures.brier import brier, brier_skill
from models.measures.calibration_slope import calibration_intercept, calibration_slope
from models.measures.capture import capture_at
from models.measures.compatibility import (
    causalml_auuc,
    causalml_qini,
    scikit_uplift_at,
    scikit_uplift_auuc,
    scikit_uplift_qini,
)
from models.measures.decomposition import (
    Decomposition,
    decomposition,
    discrimination,
    miscalibration,
)
from models.measures.doubly_robust import arm_scores, effect_scores
from models.measures.estimate import Estimate
from models.measures.expected_calibration_error import expected_calibration_error
from models.measures.exposure import coverage, exposure_at, gini_of_exposure
from models.measures.gains import Gains, gains
from models.measures.gates import effect_line, gates
from models.measures.lift import lift_at
from models.measures.log_loss import log_loss, log_loss_skill
from models.measures.observed_over_expected import observed_over_expected
from models.measures.policy import compare_policies, policy_value, policy_value_interval
from models.measures.pr_auc import pr_auc
from models.measures.profit import ProfitCurve, best_depth, profit_at, profit_curve
from models.measures.psi import psi, score_stability
from models.measures.ranking import (
    hit_rate_at,
    mean_average_precision_at,
    ndcg_at,
    ranking_by_group,
    recall_at,
)
from models.measures.roc_auc import roc_auc
from models.measures.sample import MeasureError
from models.measures.segments import Segment, by_segment
from models.measures.uplift_bootstrap import bootstrap_uplift
from models.measures.uplift_curve import autoc, auuc, qini, uplift_at, uplift_curve
from models.measures.uplift_profit import net_gain, uplift_profit_curve

__all__ = [
    "Decomposition",
    "Estimate",
    "Gains",
    "MeasureError",
    "ProfitCurve",
    "Resample",
    "Segment",
    "arm_scores",
    "autoc",
    "auuc",
    "best_depth",
    "bootstrap",
    "bootstrap_uplift",
    "brier",
    "brier_skill",
    "by_segment",
    "calibration_intercept",
    "calibration_slope",
    "capture_at",
    "causalml_auuc",
    "causalml_qini",
    "compare_policies",
    "coverage",
    "decomposition",
    "discrimination",
    "effect_line",
    "effect_scores",
    "expected_calibration_error",
    "exposure_at",
    "gains",
    "gates",
    "gini_of_exposure",
    "hit_rate_at",
    "lift_at",
    "log_loss",
    "log_loss_skill",
    "mean_average_precision_at",
    "miscalibration",
    "ndcg_at",
    "net_gain",
    "observed_over_expected",
    "policy_value",
    "policy_value_interval",
    "pr_auc",
    "profit_at",
    "profit_curve",
    "psi",
    "qini",
    "ranking_by_group",
    "recall_at",
    "roc_auc",
    "scikit_uplift_at",
    "scikit_uplift_auuc",
    "scikit_uplift_qini",
    "score_stability",
    "uplift_at",
    "uplift_curve",
    "uplift_profit_curve",
]
