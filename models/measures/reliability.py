"""CORP reliability diagram: what was promised against what came, without a choice of bins."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import FloatArray, MeasureError, ranked, sample

#: Scores are merged into at most this many points of equal mass.
POINTS = 400


class Reliability(NamedTuple):
    """Points of the diagram, by rising probability: arrays of shape (m,).

    `observed` lies in [`low`, `high`] where the probabilities are right; `rows` is how many
    rows a point stands for.
    """

    promised: FloatArray
    observed: FloatArray
    low: FloatArray
    high: FloatArray
    rows: FloatArray


def reliability(
    y: ArrayLike, score: ArrayLike, *, draws: int = 200, seed: int = 0, level: float = 0.95
) -> Reliability:
    """Return the isotonic curve of outcomes over scores, with consistency bands.

    The bands say where the curve would lie if every probability were right: outcomes are
    drawn from the probabilities themselves and regressed in the same way. They hold point by
    point, and for rows that do not depend on each other.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    score : array-like of shape (n,)
        Probabilities in [0, 1].
    draws : int
        How often outcomes are drawn, at least 1.
    seed : int
        The same seed gives the same bands.
    level : float
        Of the bands, in (0, 1).

    Returns
    -------
    Reliability
        At most 400 points of about equal mass.

    Raises
    ------
    MeasureError
        If `draws` is below 1, or scores are no probabilities.

    References
    ----------
    .. [1] Dimitriadis, T., Gneiting, T. and Jordan, A. I. (2021). Stable reliability
       diagrams for probabilistic classifiers. PNAS 118, e2016191118.

    Examples
    --------
    >>> curve = reliability([0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.6, 0.9], seed=1)
    >>> curve.observed
    array([0. , 0.5, 0.5, 1. , 1. ])
    """
    if draws < 1:
        raise MeasureError(f"draws is {draws}, but bands need at least 1")
    from sklearn.isotonic import isotonic_regression

    rows = ranked(sample(y, score, probability=True))
    count, positives = rows.weight[::-1], rows.positives[::-1]
    reached = np.cumsum(count)
    part = ((reached - count / 2) / reached[-1] * POINTS).astype(np.int64)
    first = np.flatnonzero(np.concatenate(([True], part[1:] != part[:-1])))
    mass = np.add.reduceat(count, first)
    promised = np.add.reduceat(count * rows.score[::-1], first) / mass
    rate = np.add.reduceat(positives, first) / mass
    random = np.random.default_rng(seed)
    drawn = random.binomial(mass.astype(np.int64), np.clip(promised, 0, 1), (draws, mass.size))
    curves = [isotonic_regression(one, sample_weight=mass) for one in drawn / mass]
    tail = (1 - level) / 2
    low, high = np.quantile(curves, (tail, 1 - tail), axis=0)
    return Reliability(promised, isotonic_regression(rate, sample_weight=mass), low, high, mass)
