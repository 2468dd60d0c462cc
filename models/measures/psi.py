"""Population stability: how far a score or a feature has moved since training."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.measures.sample import FloatArray, MeasureError, figure, sample, vectorised

#: A part that one side lacks counts as half a row there: its logarithm has to be finite.
HALF_A_ROW = 0.5


def psi(expected: ArrayLike, actual: ArrayLike, *, bins: int = 10) -> float:
    r"""Distance between two distributions of one number or one text.

    .. math:: \sum_b (q_b - p_b) \log \frac{q_b}{p_b}

    over bins of equal mass of the expected values; tied values share a bin, missing values
    have one of their own, and so has each text. Under 0.1 is usually called stable, above
    0.25 moved; with few rows noise alone gives about `(bins - 1) (1 / n + 1 / m)`.

    Parameters
    ----------
    expected : array-like of shape (n,)
        Values at training.
    actual : array-like of shape (m,)
        Values now.
    bins : int
        Number of bins for numbers, at least 2.

    Returns
    -------
    float
        At least 0; 0 is no change.

    Raises
    ------
    MeasureError
        If one side is empty, or `bins` is below 2.

    References
    ----------
    .. [1] Yurdakul, B. and Naranjo, J. (2020). Statistical properties of the population
       stability index. Journal of Risk Model Validation 14.

    Examples
    --------
    >>> psi([1, 2, 3, 4], [1, 2, 3, 4], bins=2)
    0.0
    >>> round(psi(["app", "shop"] * 50, ["app"] * 80 + ["shop"] * 20), 3)
    0.416
    """
    if bins < 2:  # noqa: PLR2004 - one bin cannot differ from another
        raise MeasureError(f"bins is {bins}, but a comparison needs at least 2")
    old, new = _one_kind(np.asarray(expected), np.asarray(actual))
    if not old.size or not new.size:
        raise MeasureError(f"psi compares {old.size} expected with {new.size} actual values")
    both = np.concatenate([old, new])
    part = _numbered(both, old, bins) if both.dtype.kind == "f" else _named(both)
    parts = int(part.max()) + 1
    before = np.bincount(part[: old.size], minlength=parts).astype(np.float64)
    after = np.bincount(part[old.size :], minlength=parts).astype(np.float64)
    return figure(_distance(before, after))


@vectorised
def score_stability(
    y: ArrayLike, score: ArrayLike, *, bins: int = 10, weight: ArrayLike | None = None
) -> float:
    """`psi` in the form that `bootstrap` takes: `y` is 0 for a row of then, 1 for one of now.

    Examples
    --------
    >>> score_stability([0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 3, 4, 1, 2, 3, 4], bins=2)
    0.0
    """
    rows = sample(y, score, weight)
    usual = rows.weight if rows.weight.ndim == 1 else rows.weight.mean(axis=0)
    then = rows.y == 0
    if then.all() or not then.any():
        raise MeasureError("y has to hold both 0 (a row of then) and 1 (a row of now)")
    order = np.argsort(rows.score[then], kind="stable")
    reached = np.cumsum(usual[then][order]) / usual[then].sum()
    inner = np.arange(1, bins) / bins
    limits = np.unique(rows.score[then][order][np.searchsorted(reached, inner - 1e-12)])
    part = np.searchsorted(limits, rows.score)
    membership = (part[:, None] == np.arange(limits.size + 1)).astype(np.float64)
    before = (rows.weight * then) @ membership
    return figure(_distance(before, rows.weight @ membership - before))


def _distance(before: FloatArray, after: FloatArray) -> FloatArray:
    """PSI of counts over parts, along the last axis; parts that both lack are left out."""
    present = (before > 0) | (after > 0)
    p = np.where(present, np.maximum(before, HALF_A_ROW), 1) / before.sum(axis=-1, keepdims=True)
    q = np.where(present, np.maximum(after, HALF_A_ROW), 1) / after.sum(axis=-1, keepdims=True)
    distance = np.where(present, (q - p) * np.log(q / p), 0).sum(axis=-1)
    return np.asarray(distance)


def _one_kind(
    old: "NDArray[np.generic]", new: "NDArray[np.generic]"
) -> "tuple[NDArray[np.generic], NDArray[np.generic]]":
    """Both as numbers if both are numbers, otherwise both as text; None stays missing."""
    if old.dtype.kind in "fiub" and new.dtype.kind in "fiub":
        return old.astype(np.float64), new.astype(np.float64)
    return old.astype(object), new.astype(object)


def _numbered(
    both: "NDArray[np.generic]", old: "NDArray[np.generic]", bins: int
) -> NDArray[np.int64]:
    values, known = both.astype(np.float64), old.astype(np.float64)
    known = known[~np.isnan(known)]
    quantiles = np.arange(1, bins) / bins
    limits = known  # none where every value is missing
    if known.size:
        limits = np.unique(np.quantile(known, quantiles, method="inverted_cdf"))
    return np.where(np.isnan(values), limits.size + 1, np.searchsorted(limits, values))


def _named(both: "NDArray[np.generic]") -> NDArray[np.int64]:
    missing = np.asarray([value is None or value != value for value in both])  # noqa: PLR0124
    text = np.where(missing, "", both.astype(str))
    part = np.unique(text, return_inverse=True)[1]
    return np.where(missing, part.max() + 1, part)
