"""Estimators of our own, usable on any pandas frame."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.learners.beta_geometric import BetaGeometric
    from models.learners.by_state import StateCalibrated
    from models.learners.due import due_window
    from models.learners.frame import FrameError
    from models.learners.hazard import HazardClassifier
    from models.learners.level import LevelShift, level_shift, level_shifts, shifted
    from models.learners.lift import LiftLearner
    from models.learners.logistic import LogisticBaseline
    from models.learners.median_gap import MedianGap
    from models.learners.poisson_gamma import PoissonGamma
    from models.learners.propensity import PropensityClassifier
    from models.learners.quickscorer import QuickScorer
    from models.learners.rfm_cells import RfmCells
    from models.learners.trial import TrialError

#: Where each name lives; scikit-learn and LightGBM are imported when one is first used.
_HOMES = {
    "BetaGeometric": "beta_geometric",
    "FrameError": "frame",
    "HazardClassifier": "hazard",
    "LevelShift": "level",
    "LiftLearner": "lift",
    "LogisticBaseline": "logistic",
    "MedianGap": "median_gap",
    "PoissonGamma": "poisson_gamma",
    "PropensityClassifier": "propensity",
    "QuickScorer": "quickscorer",
    "RfmCells": "rfm_cells",
    "StateCalibrated": "by_state",
    "TrialError": "trial",
    "due_window": "due",
    "level_shift": "level",
    "level_shifts": "level",
    "shifted": "level",
}

__all__ = [
    "BetaGeometric",
    "FrameError",
    "HazardClassifier",
    "LevelShift",
    "LiftLearner",
    "LogisticBaseline",
    "MedianGap",
    "PoissonGamma",
    "PropensityClassifier",
    "QuickScorer",
    "RfmCells",
    "StateCalibrated",
    "TrialError",
    "due_window",
    "level_shift",
    "level_shifts",
    "shifted",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
