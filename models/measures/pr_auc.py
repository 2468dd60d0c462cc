"""Area under the precision-recall curve, as average precision."""

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import figure, ranked, ratio, responders, sample, vectorised


@vectorised
def pr_auc(y: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    r"""Average precision: precision at each depth, averaged over the responders found there.

    .. math:: \sum_k (R_k - R_{k-1}) P_k

    over the distinct scores from best to worst, with recall R and precision P. Rows of
    equal score enter together, so their order does not matter.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1; at least one 1.
    score : array-like of shape (n,)
        Higher means more likely; any monotone scale will do.
    weight : array-like of shape (n,) or (draws, n), optional
        How often each row counts.

    Returns
    -------
    float
        In (0, 1]; the overall rate is random.

    Raises
    ------
    MeasureError
        If nobody responded.

    References
    ----------
    .. [1] Davis, J. and Goadrich, M. (2006). The relationship between precision-recall and
       ROC curves. ICML, 233-240.

    Examples
    --------
    >>> round(pr_auc([1, 0, 1, 0], [0.9, 0.5, 0.4, 0.1]), 4)
    0.8333
    """
    best_first = ranked(sample(y, score, weight))
    total = responders(best_first, "pr_auc")
    precision = ratio(
        np.cumsum(best_first.positives, axis=-1), np.cumsum(best_first.weight, axis=-1)
    )
    return figure(np.asarray((best_first.positives * precision).sum(axis=-1) / total))
