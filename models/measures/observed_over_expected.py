"""Observed over expected: how many responders came of those who were promised."""

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import MeasureError, figure, ranked, sample, taken, vectorised


@vectorised
def observed_over_expected(
    y: ArrayLike,
    score: ArrayLike,
    *,
    share: float = 1.0,
    weight: ArrayLike | None = None,
) -> float:
    """Responders that came, divided by the sum of the probabilities.

    1.1 means that a tenth more responded than the scores promised. With `share` it is
    taken among the best-scored customers only, where a campaign spends its money.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    score : array-like of shape (n,)
        Probabilities in [0, 1].
    share : float
        Best-scored share that is looked at, in (0, 1]; rows that tie at the cut count in
        part.
    weight : array-like of shape (n,) or (draws, n), optional
        How often each row counts.

    Returns
    -------
    float
        At least 0; 1 is calibrated, above 1 the scores are too low.

    Raises
    ------
    MeasureError
        If the probabilities add up to 0, or `share` is outside (0, 1].

    References
    ----------
    .. [1] Van Calster, B. et al. (2019). Calibration: the Achilles heel of predictive
       analytics. BMC Medicine 17, 230.

    Examples
    --------
    >>> observed_over_expected([1, 0, 0, 1], [0.5, 0.5, 0.25, 0.25])
    1.333...
    >>> observed_over_expected([1, 0, 0, 1], [0.5, 0.5, 0.25, 0.25], share=0.5)
    1.0
    """
    best_first = ranked(sample(y, score, weight, probability=True))
    inside = taken(best_first, share)
    observed = np.asarray((inside * best_first.positives).sum(axis=-1))
    expected = np.asarray((inside * best_first.weight) @ best_first.score)
    if expected.ndim == 0 and expected == 0:
        raise MeasureError("every probability is 0, so nothing was expected to compare with")
    return figure(np.asarray(observed / expected))
