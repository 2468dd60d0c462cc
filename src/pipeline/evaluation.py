"""What the untouched test rows say about a model: measures, intervals, baselines beside."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from models.measures import capture_at, roc_auc
from models.measures.bootstrap import Resample
from pipeline.alarms import Alarm

#: What is written for people beside an evaluation, and the figures behind it.
REPORT_FILES = ("report.html", "model_card.md", "figures.json")


class NoEvaluationError(ValueError):
    """A model has not been evaluated."""


class Figure(BaseModel):
    """A measure and its interval."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float


Figures = Mapping[str, Figure]


class Auxiliary(BaseModel):
    """How a score that predicts the label orders the outcomes on the way to it.

    Attributes
    ----------
    positives : int
        Test rows with that outcome.
    roc_auc : Figure
        Area of the model's probability against it.
    """

    model_config = ConfigDict(frozen=True)

    positives: int
    roc_auc: Figure


class Evaluation(BaseModel):
    """The stored test evaluation of one trained model.

    Attributes
    ----------
    model, version : str
        The model; the version once it is registered.
    as_of : date
        Cut-off of the untouched test snapshot.
    rows, positives, list_size : int
        Eligible customers there, how many of them had the outcome, and the length of the
        list at which `capture_at_list_size` is taken.
    measures : dict
        By name, on the test rows; intervals are a bootstrap by customer.
    baselines : dict
        The same measures of each baseline on the same rows.
    differences : dict
        Model minus baseline, paired, by baseline and measure.
    auxiliary : dict
        By auxiliary label: where its figure is far from the model's own, the steps on the way
        are taken by others than those who arrive.
    alarms : tuple of Alarm
        The leak checks, and which of them ring.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    version: str | None = None
    as_of: date
    rows: int
    positives: int
    list_size: int
    level: float
    measures: dict[str, Figure]
    baselines: dict[str, dict[str, Figure]]
    differences: dict[str, dict[str, Figure]]
    auxiliary: dict[str, Auxiliary] = {}
    alarms: tuple[Alarm, ...] = ()


def judge(
    y: np.ndarray,
    probability: np.ndarray,
    *,
    customers: pd.Series,
    measures: Mapping[str, Callable[..., Any]],
    baselines: Mapping[str, np.ndarray],
    list_size: int,
    level: float,
    draws: int,
    seed: int,
) -> tuple[dict[str, Figure], dict[str, dict[str, Figure]], dict[str, dict[str, Figure]]]:
    """Measure a model and its baselines on the same rows and the same resamples.

    Parameters
    ----------
    y : array of shape (n_rows,)
        Outcomes, 0 or 1.
    probability : array of shape (n_rows,)
        What the model says.
    customers : Series of shape (n_rows,)
        The customer of each row; whole customers are resampled.
    measures : mapping of str to callable
        Measures to take.
    baselines : mapping of str to array of shape (n_rows,)
        What each baseline says.
    list_size : int
        Length of the list that is really used; capped at the number of rows.
    level, draws, seed
        Of the bootstrap.

    Returns
    -------
    measures, baselines, differences
        As in `Evaluation`.
    """
    share = min(list_size, len(y)) / len(y)
    taken: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        **{name: _with_options(measure) for name, measure in measures.items()},
        "capture_at_list_size": (capture_at, {"share": share}),
    }
    resample = Resample(y, groups=customers, draws=draws, seed=seed)

    def estimates(score: np.ndarray) -> dict[str, Figure]:
        return {
            name: _figure(resample.estimate(measure, score, level=level, **options))
            for name, (measure, options) in taken.items()
        }

    def differences(score: np.ndarray) -> dict[str, Figure]:
        return {
            name: _figure(resample.difference(measure, probability, score, level=level, **options))
            for name, (measure, options) in taken.items()
        }

    return (
        estimates(probability),
        {name: estimates(score) for name, score in baselines.items()},
        {name: differences(score) for name, score in baselines.items()},
    )


def judge_auxiliary(
    outcomes: pd.DataFrame,
    probability: np.ndarray,
    *,
    customers: pd.Series,
    level: float,
    draws: int,
    seed: int,
) -> dict[str, Auxiliary]:
    """Measure how a model orders other outcomes; one that all or none have is left out.

    Parameters
    ----------
    outcomes : DataFrame of shape (n_rows, n_auxiliary)
        0 or 1, a column for each outcome.
    probability, customers, level, draws, seed
        As for `judge`.
    """
    found = {}
    for name, y in outcomes.items():
        if y.min() < y.max():
            resample = Resample(y.to_numpy(), groups=customers, draws=draws, seed=seed)
            area = _figure(resample.estimate(roc_auc, probability, level=level))
            found[str(name)] = Auxiliary(positives=int(y.sum()), roc_auc=area)
    return found


def evaluation_path(artifacts: Path, model: str) -> Path:
    """Return where the test evaluation of the newest training lies."""
    return artifacts / "evaluations" / model / "evaluation.json"


def read_evaluation(path: Path) -> Evaluation:
    """Read a stored evaluation.

    Raises
    ------
    NoEvaluationError
        If there is none.
    """
    if not path.exists():
        raise NoEvaluationError(f"{path} is missing. `shortlist run` trains and evaluates.")
    return Evaluation.model_validate(json.loads(path.read_text(encoding="utf-8")))


def _with_options(measure: Callable[..., Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Take a partial apart: the resampler looks at what the function itself can do."""
    if isinstance(measure, partial):
        return measure.func, dict(measure.keywords)
    return measure, {}


def _figure(estimate: Any) -> Figure:
    return Figure(value=estimate.value, low=estimate.low, high=estimate.high)
