"""What the pipeline asks of learners: fit, predict, save and load, whatever is inside."""

from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import pandas as pd


class Classifier(Protocol):
    """What the pipeline asks of a learner that predicts a yes or a no."""

    def fit(self, X: pd.DataFrame, y: Any, **kwargs: Any) -> Self:
        """Learn from rows `X` and outcomes `y` (0 or 1)."""

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return an array of shape (n_rows, 2): probabilities of 0 and of 1."""

    def save(self, folder: Path) -> None:
        """Write what was learned as text; no pickle is needed to score."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote."""


class Learner(Classifier, Protocol):
    """A classifier that can find out by itself how far to learn, and can be tuned."""

    def get_params(self) -> dict[str, Any]:
        """Return its parameters, by name."""

    def set_params(self, **parameters: Any) -> Self:
        """Change some of its parameters."""

    def settled(self) -> Self:
        """Return an unfitted copy with what early stopping decided, to be fitted on more rows."""


class LiftLearning(Protocol):
    """What the pipeline asks of a learner of effects; see `models.learners.LiftLearner`."""

    effects_: dict[str, Any]
    scores_: Any

    def fit(
        self, X: pd.DataFrame, y: Any, arm: Any, *, probability: Any = None, cluster: Any = None
    ) -> Self:
        """Learn from rows `X`, outcomes `y` and the arms drawn."""

    def predict_effect(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the effect of each treated arm, one column an arm."""

    def predict_effect_interval(
        self, X: pd.DataFrame, *, level: float = 0.95
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return lower and upper ends, each as `predict_effect` returns effects."""

    def save(self, folder: Path) -> None:
        """Write what was learned as text."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote."""


class TimingLearning(Protocol):
    """What the pipeline asks of a learner of dates; see `models.learners.repurchase`."""

    def fit(self, X: pd.DataFrame, next_days: Any, watched_days: Any, groups: Any) -> Self:
        """Learn from rows `X` as of several cut-offs, and when the next purchase followed."""

    def calibrate(self, X: pd.DataFrame, next_days: Any, watched_days: Any) -> Self:
        """Set the level by later rows."""

    def survival(self, X: pd.DataFrame, days: int) -> pd.DataFrame:
        """Return the probability that the coming days pass without a purchase."""

    def predict(self, X: pd.DataFrame, *, gap_days: int, horizon_days: int) -> pd.DataFrame:
        """Return due dates, windows and probabilities."""

    def save(self, folder: Path) -> None:
        """Write what was learned as text."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote."""


@runtime_checkable
class Explainer(Protocol):
    """A classifier that says what each column adds to a row's probability."""

    def explain(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return `"(base)"` and one column per feature; a row adds up to its probability."""
