"""Log loss: the proper score that every learner here is trained and chosen by."""

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import FloatArray, Sample, both_outcomes, figure, sample, vectorised

#: Probabilities are kept this far from 0 and 1, where one wrong row would cost infinity.
FLOOR = 1e-15


@vectorised
def log_loss(y: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    r"""Mean surprise of the outcomes, in nats; lower is better.

    .. math:: -\frac{1}{n} \sum_i y_i \log p_i + (1 - y_i) \log(1 - p_i)

    Its minimum in expectation is reached by the true probabilities and by nothing else.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    score : array-like of shape (n,)
        Probabilities in [0, 1]; those nearer than 1e-15 to an end are moved there.
    weight : array-like of shape (n,) or (draws, n), optional
        How often each row counts.

    Returns
    -------
    float
        In [0, 34.5]; the entropy of the base rate is what a constant reaches.

    References
    ----------
    .. [1] Good, I. J. (1952). Rational decisions. J. R. Stat. Soc. B 14, 107-114.

    Examples
    --------
    >>> round(log_loss([1, 0, 0, 0], [0.7, 0.2, 0.1, 0.1]), 4)
    0.1976
    """
    rows = sample(y, score, weight, probability=True)
    return figure(_mean(rows, _surprise(rows.y, rows.score)))


@vectorised
def log_loss_skill(y: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """Share of the base rate's log loss that the score saves: 1 - log loss / entropy.

    0 is no better than telling everybody the overall rate of these very rows; 1 is
    certainty; below 0 the score does harm.

    Examples
    --------
    >>> round(log_loss_skill([1, 0, 0, 0], [0.7, 0.2, 0.1, 0.1]), 4)
    0.6485
    """
    rows = sample(y, score, weight, probability=True)
    rate = _mean(rows, rows.y)
    both_outcomes(rate, np.asarray(1.0), "skill")
    entropy = rate * _surprise(np.asarray(1.0), rate)
    entropy += (1 - rate) * _surprise(np.asarray(0.0), rate)
    return figure(1 - _mean(rows, _surprise(rows.y, rows.score)) / entropy)


def _surprise(y: FloatArray, p: FloatArray) -> FloatArray:
    likelihood = np.where(y == 1, p, 1 - p)
    surprise: FloatArray = -np.log(np.maximum(likelihood, FLOOR))
    return surprise


def _mean(rows: Sample, values: FloatArray) -> FloatArray:
    mean: FloatArray = np.asarray(rows.weight @ values / rows.weight.sum(axis=-1))
    return mean
