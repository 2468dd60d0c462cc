"""Lift: how much better than at random a list of a given size responds."""

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import figure, ranked, responders, sample, taken, vectorised


@vectorised
def lift_at(
    y: ArrayLike, score: ArrayLike, *, share: float, weight: ArrayLike | None = None
) -> float:
    """Response rate in the best-scored share, relative to the overall rate.

    A lift of 3 at a share of 0.1 means: mailing the top tenth finds three times as many
    responders as mailing a tenth at random. Rows that tie at the cut count in part: the
    expected result when ties are broken at random.

    Parameters
    ----------
    y : array-like of shape (n,)
        1 for a responder, 0 otherwise.
    score : array-like of shape (n,)
        Higher means more likely to respond; any monotone scale will do.
    share : float
        Share of the list to mail, in (0, 1]. At least one customer is mailed.
    weight : array-like of shape (n,) or (draws, n), optional
        How often each row counts.

    Returns
    -------
    float
        Dimensionless; 1.0 is random, and `1 / overall rate` is the ceiling.

    Raises
    ------
    MeasureError
        If `share` is outside (0, 1], or if nobody responded.

    References
    ----------
    .. [1] Ling, C. X. and Li, C. (1998). Data mining for direct marketing:
       problems and solutions. KDD-98, 73-79.

    Examples
    --------
    >>> lift_at([1, 0, 0, 0], [0.9, 0.5, 0.2, 0.1], share=0.25)
    4.0
    """
    best_first = ranked(sample(y, score, weight))
    total = responders(best_first, "lift_at")
    inside = taken(best_first, share)
    rate = (inside * best_first.positives).sum(axis=-1) / (inside * best_first.weight).sum(axis=-1)
    return figure(np.asarray(rate / (total / best_first.weight.sum(axis=-1))))
