"""What every measure reads: outcomes, scores and weights, checked, in rank order."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
AnyMeasure = TypeVar("AnyMeasure", bound=Callable[..., object])


class MeasureError(ValueError):
    """The rows cannot be measured; the message says which ones and what to change."""


class Sample(NamedTuple):
    """Checked rows: `y` and `score` of shape (n,), `weight` of shape (n,) or (draws, n)."""

    y: FloatArray
    score: FloatArray
    weight: FloatArray


class Ranked(NamedTuple):
    """One entry per distinct score, best first, so that ties cannot be ordered by accident.

    `score` has shape (m,); `weight` and `positives` (the weight of the rows whose outcome
    is 1) have shape (m,) or (draws, m).
    """

    score: FloatArray
    weight: FloatArray
    positives: FloatArray


def vectorised(measure: AnyMeasure) -> AnyMeasure:
    """Mark a measure whose `weight` may have shape (draws, n): it then returns (draws,).

    `bootstrap` evaluates such a measure for all of its draws at once.
    """
    measure.__dict__["vectorised"] = True
    return measure


def sample(
    y: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None, *, probability: bool = False
) -> Sample:
    """Check the rows and return them as arrays.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    score : array-like of shape (n,)
        Finite; higher means more likely.
    weight : array-like of shape (n,) or (draws, n), optional
        How often each row counts; one set of weights per draw in the second form.
    probability : bool
        Whether scores have to lie in [0, 1].

    Raises
    ------
    MeasureError
        If lengths differ, there is no row, an outcome is neither 0 nor 1, a score is not
        finite or no probability where one is needed, or a weight is negative.
    """
    outcome = np.asarray(y, dtype=np.float64)
    scores = np.asarray(score, dtype=np.float64)
    if outcome.ndim != 1 or outcome.shape != scores.shape:
        raise MeasureError(
            f"y has shape {outcome.shape} and score {scores.shape}: "
            "both need one value per row, in the same order"
        )
    if not outcome.size:
        raise MeasureError("there is no row to measure; y and score are empty")
    strange = int(np.count_nonzero((outcome != 0) & (outcome != 1)))
    if strange:
        raise MeasureError(
            f"y has {strange} of {outcome.size} values that are neither 0 nor 1; "
            "drop the rows whose outcome is unknown"
        )
    if not np.isfinite(scores).all():
        strange = int(np.count_nonzero(~np.isfinite(scores)))
        raise MeasureError(f"score has {strange} of {scores.size} values that are not finite")
    if probability and (scores.min() < 0 or scores.max() > 1):
        raise MeasureError(
            f"scores run from {scores.min():.3g} to {scores.max():.3g}, but this measure "
            "needs probabilities in [0, 1]; pass predict_proba(X)[:, 1]"
        )
    if weight is None:
        return Sample(outcome, scores, np.ones_like(outcome))
    weights = np.asarray(weight, dtype=np.float64)
    if weights.shape[-1:] != outcome.shape:
        raise MeasureError(f"weight has shape {weights.shape}, but there are {outcome.size} rows")
    if weights.min() < 0:
        raise MeasureError("weight has negative values; a row counts zero times or more")
    return Sample(outcome, scores, weights)


def ranked(rows: Sample) -> Ranked:
    """Sort rows by falling score and pool those of equal score."""
    order = np.argsort(-rows.score, kind="stable")
    score = rows.score[order]
    first = np.flatnonzero(np.concatenate(([True], score[1:] != score[:-1])))
    weight = rows.weight[..., order]
    return Ranked(
        score[first],
        np.add.reduceat(weight, first, axis=-1),
        np.add.reduceat(weight * rows.y[order], first, axis=-1),
    )


def taken(rows: Ranked, share: float) -> FloatArray:
    """Return how much of each distinct score lies in the best-scored share of the weight.

    The score at the cut is taken in part: the expected result when ties are broken at
    random. At least one customer's weight is taken.

    Raises
    ------
    MeasureError
        If `share` is outside (0, 1].
    """
    if not 0 < share <= 1:
        raise MeasureError(f"share is {share}, but a share of the list lies in (0, 1]")
    before = np.cumsum(rows.weight, axis=-1)
    total = before[..., -1:]
    depth = np.maximum(share * total, np.minimum(total, 1.0))
    before -= rows.weight
    inside = np.clip(depth - before, 0, rows.weight)
    return ratio(inside, rows.weight)


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Divide; 0 where the denominator is 0."""
    return np.divide(above, below, out=np.zeros_like(above * below), where=below != 0)


def both_outcomes(positives: FloatArray, total: FloatArray, measure: str) -> None:
    """Refuse rows that are all of one outcome.

    Raises
    ------
    MeasureError
        If the only set of weights has no positive or no negative row.
    """
    if positives.ndim == 0 and not 0 < positives < total:
        found = "0" if positives == 0 else "1"
        raise MeasureError(
            f"every outcome is {found}: {measure} compares rows of both outcomes; "
            "measure more rows or a longer outcome window"
        )


def responders(rows: Ranked, measure: str) -> FloatArray:
    """Return the weight of the positive rows.

    Raises
    ------
    MeasureError
        If the only set of weights has no positive row.
    """
    total = np.asarray(rows.positives.sum(axis=-1))
    if total.ndim == 0 and total == 0:
        raise MeasureError(
            f"nobody responded: {measure} is relative to the responders; "
            "measure more rows or a longer outcome window"
        )
    return total


def figure(values: FloatArray) -> float:
    """Return a float for one set of weights, the array of shape (draws,) for several.

    The second is typed as a float on purpose: only `bootstrap` passes several.
    """
    return float(values) if values.ndim == 0 else cast("float", values)
