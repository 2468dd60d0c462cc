"""CORP decomposition: what of a score is miscalibration, discrimination and uncertainty.

Isotonic regression of the outcomes on the scores gives the best that any monotone
recalibration could have promised, without a choice of bins. With S the mean score of the
probabilities, S_r that of the recalibrated ones and S_0 that of the overall rate:

    miscalibration = S - S_r,  discrimination = S_0 - S_r,  uncertainty = S_0,
    S = miscalibration - discrimination + uncertainty.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import FloatArray, Ranked, figure, ranked, sample, vectorised

Score = Literal["log_loss", "brier"]


class Decomposition(NamedTuple):
    """Parts of a mean score; `score = miscalibration - discrimination + uncertainty`."""

    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float


def decomposition(
    y: ArrayLike, score: ArrayLike, *, of: Score = "log_loss", weight: ArrayLike | None = None
) -> Decomposition:
    """Split the mean score into its CORP parts.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    score : array-like of shape (n,)
        Probabilities in [0, 1].
    of : str
        `"log_loss"` or `"brier"`.
    weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    Decomposition
        All parts are at least 0, in the unit of the score. Miscalibration is in-sample and
        grows with noise: compare models on the same rows.

    References
    ----------
    .. [1] Dimitriadis, T., Gneiting, T. and Jordan, A. I. (2021). Stable reliability
       diagrams for probabilistic classifiers. PNAS 118, e2016191118.

    Examples
    --------
    >>> parts = decomposition([1, 0, 1, 0], [0.9, 0.9, 0.1, 0.1], of="brier")
    >>> [round(part, 2) for part in parts]
    [0.41, 0.16, 0.0, 0.25]
    """
    rows = ranked(sample(y, score, weight, probability=True))
    return Decomposition(*(figure(np.asarray(part)) for part in _parts(rows, of)))


@vectorised
def miscalibration(
    y: ArrayLike, score: ArrayLike, *, of: Score = "log_loss", weight: ArrayLike | None = None
) -> float:
    """Part of the mean score that a monotone recalibration would have saved; see `decomposition`.

    Examples
    --------
    >>> round(miscalibration([1, 0, 1, 0], [0.9, 0.9, 0.1, 0.1], of="brier"), 2)
    0.16
    """
    return _by_draw(y, score, weight, of, part=1)


@vectorised
def discrimination(
    y: ArrayLike, score: ArrayLike, *, of: Score = "log_loss", weight: ArrayLike | None = None
) -> float:
    """Part of the uncertainty that the score's ranking resolves; see `decomposition`.

    Examples
    --------
    >>> round(discrimination([1, 1, 1, 0], [0.9, 0.9, 0.1, 0.1], of="brier"), 4)
    0.0625
    """
    return _by_draw(y, score, weight, of, part=2)


def _by_draw(
    y: ArrayLike, score: ArrayLike, weight: ArrayLike | None, of: Score, *, part: int
) -> float:
    rows = ranked(sample(y, score, weight, probability=True))
    if rows.weight.ndim == 1:
        return figure(np.asarray(_parts(rows, of)[part]))
    # Pooling adjacent violators is a loop of its own for each draw.
    draws = zip(rows.weight, rows.positives, strict=True)
    return figure(np.asarray([_parts(Ranked(rows.score, *draw), of)[part] for draw in draws]))


def _parts(rows: Ranked, of: Score) -> tuple[float, float, float, float]:
    from sklearn.isotonic import isotonic_regression

    seen = rows.weight > 0
    weight, positives = rows.weight[seen], rows.positives[seen]
    rate = positives / weight
    recalibrated = isotonic_regression(rate, sample_weight=weight, increasing=False)
    overall = np.full_like(rate, positives.sum() / weight.sum())
    mean, best, base = (
        float(weight @ _cost(rate, probability, of) / weight.sum())
        for probability in (rows.score[seen], recalibrated, overall)
    )
    return mean, max(mean - best, 0.0), max(base - best, 0.0), base


def _cost(rate: FloatArray, probability: FloatArray, of: Score) -> FloatArray:
    """Mean score of rows of which a share `rate` responded."""
    if of == "brier":
        return rate * (1 - probability) ** 2 + (1 - rate) * probability**2
    inside = np.clip(probability, 1e-15, 1 - 1e-15)
    cost: FloatArray = -(rate * np.log(inside) + (1 - rate) * np.log1p(-inside))
    return cost
