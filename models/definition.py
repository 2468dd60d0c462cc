"""The noun of the model layer: what is predicted, for whom, from what, judged by what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from features.definition import Feature, Grain, Unit

Cadence = Literal["daily", "weekly", "monthly"]


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
    """A classifier that can find out by itself how far to learn."""

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


@dataclass(frozen=True)
class Label:
    """What happened in the outcome window.

    Attributes
    ----------
    grain : Grain
        The rows it looks at; only those whose day lies in
        `[as_of + gap, as_of + gap + horizon)` are passed on.
    outcome : callable
        Takes those rows, returns an Ibis aggregate. A unit without a row gets 0.
    """

    grain: Grain
    outcome: Callable[[ir.Table], ir.Value]

    @property
    def name(self) -> str:
        """Name of the label: that of its function."""
        return self.outcome.__name__


def label(grain: Grain) -> Callable[[Callable[[ir.Table], ir.Value]], Label]:
    """Declare a label over the rows of a grain in the outcome window."""
    return lambda outcome: Label(grain, outcome)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A simple model that has to be beaten, trained on the same rows and printed beside."""

    name: str
    features: tuple[Feature, ...]
    learner: Callable[[int], Classifier]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A question about customers, and how it is answered.

    Attributes
    ----------
    name : str
        Name in `params.yaml`, in the registry and in requests.
    unit : str
        What a row is: `"customer"` or `"pair"`.
    eligible : callable
        Takes a snapshot, returns a boolean column: for whom the outcome is possible.
        Training and scoring go through this same function.
    label : Label
        What is predicted.
    gap_days, horizon_days : int
        Outcomes count in `[as_of + gap, as_of + gap + horizon)`. The gap is the real delay
        between the data cut and the contact.
    features : tuple of Feature
        The columns the learner sees.
    learner : callable
        Takes a seed, returns an unfitted learner; imports what it needs inside.
    measures : mapping of str to callable
        Functions `measure(y, score, weight=...)` of `models.measures`, by the name under
        which they are printed with an interval.
    baselines : tuple of Baseline
        What is printed beside, and has to be beaten.
    cadence : str
        How often a new training is due.
    sampling, candidates, search : optional
        How rows are thinned, retrieved and tuned; none for a model that does neither.
    title : mapping
        What a marketer reads, by language.
    """

    name: str
    unit: Unit
    eligible: Callable[[ir.Table], ir.BooleanValue]
    label: Label
    gap_days: int
    horizon_days: int
    features: tuple[Feature, ...]
    learner: Callable[[int], Learner]
    measures: Mapping[str, Callable[..., Any]]
    baselines: tuple[Baseline, ...]
    cadence: Cadence
    sampling: Any = None
    candidates: Any = None
    search: Any = None
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LiftModel:
    """A question about offers: what each of them changes, and for whom.

    Rows are customers as they were when a campaign drew their arm: the cut-off is the day of
    the assignment, so that nothing a campaign caused can be among the features. Effects are
    of the assignment, whether or not the contact came through (intention to treat).

    Attributes
    ----------
    name, title, unit, eligible, features, cadence
        As in `Model`.
    label : Label
        The outcome that an offer is to change: a yes or a no.
    gap_days, horizon_days : int
        Outcomes count in `[assigned + gap, assigned + gap + horizon)`.
    learner : callable
        Takes a seed, returns an unfitted learner of effects.
    response : Baseline
        Who responds, whatever the arm: the ranking that targeting by probability would use,
        and the outcome that scores are adjusted by.
    segments : tuple of Feature
        Columns by which a rule may tell customers apart where no finer order is found.
    control : str
        Name of the arm that was left alone.
    min_arm : int
        Fewest customers of an arm of a campaign; with fewer it is refused.
    """

    name: str
    unit: Unit
    eligible: Callable[[ir.Table], ir.BooleanValue]
    label: Label
    gap_days: int
    horizon_days: int
    features: tuple[Feature, ...]
    learner: Callable[[int], LiftLearning]
    response: Baseline
    segments: tuple[Feature, ...]
    cadence: Cadence
    control: str = "control"
    min_arm: int = 100
    title: Mapping[str, str] = field(default_factory=dict)
