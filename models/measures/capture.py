"""Capture: which share of all responders a list of a given size finds."""

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import figure, ranked, responders, sample, taken, vectorised


@vectorised
def capture_at(
    y: ArrayLike, score: ArrayLike, *, share: float, weight: ArrayLike | None = None
) -> float:
    """Share of all responders who are in the best-scored share of the customers.

    A capture of 0.5 at a share of 0.2 means: mailing the top fifth reaches half of those
    who would respond. Rows that tie at the cut count in part: the expected result when
    ties are broken at random.

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
        In [0, 1]; `share` is random.

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
    >>> capture_at([1, 0, 1, 0], [0.9, 0.5, 0.2, 0.1], share=0.25)
    0.5
    """
    best_first = ranked(sample(y, score, weight))
    total = responders(best_first, "capture_at")
    found = (taken(best_first, share) * best_first.positives).sum(axis=-1)
    return figure(np.asarray(found / total))
