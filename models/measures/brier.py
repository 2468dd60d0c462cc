"""Brier score: mean squared error of a probability."""

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import both_outcomes, figure, sample, vectorised


@vectorised
def brier(y: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    r"""Mean squared distance between probability and outcome; lower is better.

    .. math:: \frac{1}{n} \sum_i (p_i - y_i)^2

    Proper like log loss, but lenient with confident mistakes; rare outcomes make it small,
    so read it beside `brier_skill`.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    score : array-like of shape (n,)
        Probabilities in [0, 1].
    weight : array-like of shape (n,) or (draws, n), optional
        How often each row counts.

    Returns
    -------
    float
        In [0, 1]; the overall rate r told to everybody gives r (1 - r).

    References
    ----------
    .. [1] Brier, G. W. (1950). Verification of forecasts expressed in terms of
       probability. Monthly Weather Review 78, 1-3.

    Examples
    --------
    >>> brier([1, 0], [0.5, 0.5])
    0.25
    """
    rows = sample(y, score, weight, probability=True)
    squared = (rows.score - rows.y) ** 2
    return figure(np.asarray(rows.weight @ squared / rows.weight.sum(axis=-1)))


@vectorised
def brier_skill(y: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """Share of the base rate's Brier score that the score saves: 1 - Brier / (r (1 - r)).

    0 is no better than the overall rate r of these very rows, 1 is certainty.

    Examples
    --------
    >>> brier_skill([1, 0], [0.75, 0.25])
    0.75
    """
    rows = sample(y, score, weight, probability=True)
    total = rows.weight.sum(axis=-1)
    rate = np.asarray(rows.weight @ rows.y / total)
    both_outcomes(rate, np.asarray(1.0), "skill")
    squared = (rows.score - rows.y) ** 2
    return figure(1 - rows.weight @ squared / total / (rate * (1 - rate)))
