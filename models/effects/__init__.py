"""Estimators of what an offer or a promotion changed."""

from models.effects.budget import SpendPath, spend_path
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
from models.effects.policy_tree import PolicyTree, fit_policy_tree
from models.effects.power import minimum_detectable_effect, minimum_detectable_qini
from models.effects.promotion import Promotion, PromotionEffect, promotion_effect
from models.effects.spend_curve import multi_arm_qini

__all__ = [
    "Check",
    "PolicyTree",
    "Promotion",
    "PromotionEffect",
    "SpendPath",
    "campaign_effect",
    "check_design",
    "clipped",
    "covariate_balance",
    "fit_policy_tree",
    "minimum_detectable_effect",
    "minimum_detectable_qini",
    "multi_arm_qini",
    "negative_control",
    "overlap_table",
    "placebo",
    "promotion_effect",
    "propensity_auc",
    "sample_ratio",
    "sensitivity_value",
    "spend_path",
    "trim",
]
