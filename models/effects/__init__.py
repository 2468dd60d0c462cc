"""Estimators of what an offer or a promotion changed."""

from models.effects.campaign import campaign_effect
from models.effects.design import (
    Check,
    check_design,
    covariate_balance,
    placebo,
    propensity_auc,
    sample_ratio,
)
from models.effects.observational import (
    clipped,
    negative_control,
    overlap_table,
    sensitivity_value,
    trim,
)
from models.effects.power import minimum_detectable_effect, minimum_detectable_qini

__all__ = [
    "Check",
    "campaign_effect",
    "check_design",
    "clipped",
    "covariate_balance",
    "minimum_detectable_effect",
    "minimum_detectable_qini",
    "negative_control",
    "overlap_table",
    "placebo",
    "propensity_auc",
    "sample_ratio",
    "sensitivity_value",
    "trim",
]
