"""Expected calibration error: the mean gap between promise and outcome."""

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import FloatArray, figure, ranked, ratio, sample, vectorised


@vectorised
def expected_calibration_error(
    y: ArrayLike,
    score: ArrayLike,
    *,
    bins: int = 20,
    debiased: bool = True,
    weight: ArrayLike | None = None,
) -> float:
    r"""Mean absolute gap between mean probability and rate, over bins of equal mass.

    .. math:: \sum_b w_b \, |\bar p_b - \bar y_b|

    Even a perfect score shows gaps, because a rate is noisy: each bin's gap d is reduced by
    its estimated excess E|N(d, v)| - |d|, where v is the variance of the bin's rate (Kumar
    et al.). About half of the excess remains where the truth is 0, so an interval from
    `bootstrap` belongs beside it. Rows of equal score stay in one bin.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    score : array-like of shape (n,)
        Probabilities in [0, 1].
    bins : int
        Number of bins, at least 1. More bins see finer gaps and more noise.
    debiased : bool
        Whether the excess is taken off; the result is never below 0.
    weight : array-like of shape (n,) or (draws, n), optional
        How often each row counts. With several draws the bins are those of the mean weight.

    Returns
    -------
    float
        In [0, 1], in probability points; 0 is calibrated. Compare it with the base rate.

    References
    ----------
    .. [1] Kumar, A., Liang, P. and Ma, T. (2019). Verified uncertainty calibration.
       NeurIPS 32. Equal mass: Nguyen, K. and O'Connor, B. (2015), EMNLP, 1587-1598.

    Examples
    --------
    >>> y, scores = [1, 0, 0, 0, 1, 1, 1, 0], [0.25] * 4 + [0.95] * 4
    >>> round(expected_calibration_error(y, scores, bins=2, debiased=False), 6)
    0.1
    """
    rows = ranked(sample(y, score, weight, probability=True))
    mass = rows.weight if rows.weight.ndim == 1 else rows.weight.mean(axis=0)
    reached = np.cumsum(mass)
    bin_of = np.minimum((reached - mass / 2) / reached[-1] * bins, bins - 1).astype(int)
    first = np.flatnonzero(np.concatenate(([True], bin_of[1:] != bin_of[:-1])))
    count = np.add.reduceat(rows.weight, first, axis=-1)
    rate = ratio(np.add.reduceat(rows.positives, first, axis=-1), count)
    promise = ratio(np.add.reduceat(rows.weight * rows.score, first, axis=-1), count)
    gap = np.abs(promise - rate)
    if debiased:
        gap = 2 * gap - _mean_of_folded_normal(gap, np.sqrt(ratio(rate * (1 - rate), count)))
    share = count / count.sum(axis=-1, keepdims=True)
    return figure(np.asarray(np.maximum((share * gap).sum(axis=-1), 0)))


def _mean_of_folded_normal(mean: FloatArray, deviation: FloatArray) -> FloatArray:
    """E|N(mean, deviation^2)|, for means of at least 0."""
    from scipy.special import ndtr

    # Without spread nothing folds: a huge ratio gives the mean itself.
    z = np.divide(mean, deviation, out=np.full_like(mean, 40.0), where=deviation > 0)
    bulge = deviation * np.sqrt(2 / np.pi) * np.exp(-(np.minimum(z, 40.0) ** 2) / 2)
    folded: FloatArray = bulge + mean * (1 - 2 * ndtr(-z))
    return folded
