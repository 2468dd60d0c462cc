"""Gains curve: capture at every depth, for a plot or a table."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import FloatArray, ranked, responders, sample


class Gains(NamedTuple):
    """Points of the curve, from the best score to the last: two arrays of shape (m + 1,)."""

    share: FloatArray
    captured: FloatArray


def gains(
    y: ArrayLike, score: ArrayLike, *, points: int = 200, weight: ArrayLike | None = None
) -> Gains:
    """Return which share of the responders each best-scored share of customers holds.

    Between two distinct scores the curve is straight: the expected result when ties are
    broken at random. Use `capture_at` with `bootstrap` for an interval at a depth.

    Parameters
    ----------
    y : array-like of shape (n,)
        1 for a responder, 0 otherwise.
    score : array-like of shape (n,)
        Higher means more likely to respond.
    points : int
        Number of equal steps of `share`.
    weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    Gains
        `share` runs from 0 to 1, as does `captured`; the diagonal is random.

    Raises
    ------
    MeasureError
        If nobody responded.

    References
    ----------
    .. [1] Ling, C. X. and Li, C. (1998). Data mining for direct marketing:
       problems and solutions. KDD-98, 73-79.

    Examples
    --------
    >>> gains([1, 0, 1, 0], [0.9, 0.5, 0.2, 0.1], points=4).captured
    array([0. , 0.5, 0.5, 1. , 1. ])
    """
    rows = ranked(sample(y, score, weight))
    total = responders(rows, "gains")
    depth = np.concatenate(([0.0], np.cumsum(rows.weight) / rows.weight.sum()))
    found = np.concatenate(([0.0], np.cumsum(rows.positives) / total))
    share = np.linspace(0, 1, points + 1)
    return Gains(share, np.interp(share, depth, found))
