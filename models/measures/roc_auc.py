"""Area under the ROC curve: how often a responder is ranked above a non-responder."""

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import both_outcomes, figure, ranked, sample, vectorised


@vectorised
def roc_auc(y: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    r"""Probability that a random positive row scores above a random negative one.

    .. math:: P(s_+ > s_-) + \tfrac{1}{2} P(s_+ = s_-)

    Ties count half, so the order of the rows does not matter. It judges the whole ranking;
    a campaign mails its top: read it beside `lift_at`.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1; both have to occur.
    score : array-like of shape (n,)
        Higher means more likely; any monotone scale will do.
    weight : array-like of shape (n,) or (draws, n), optional
        How often each row counts.

    Returns
    -------
    float
        In [0, 1]; 0.5 is random.

    Raises
    ------
    MeasureError
        If every outcome is the same.

    References
    ----------
    .. [1] Hanley, J. A. and McNeil, B. J. (1982). The meaning and use of the area under a
       receiver operating characteristic (ROC) curve. Radiology 143, 29-36.

    Examples
    --------
    >>> roc_auc([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1])
    0.875
    """
    best_first = ranked(sample(y, score, weight))
    negatives = best_first.weight - best_first.positives
    total = best_first.positives.sum(axis=-1)
    both_outcomes(total, best_first.weight.sum(axis=-1), "roc_auc")
    above = np.cumsum(best_first.positives, axis=-1) - best_first.positives / 2
    return figure(np.asarray((above * negatives).sum(axis=-1) / (total * negatives.sum(axis=-1))))
