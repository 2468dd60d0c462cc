"""How far two sets of rows lie apart that were counted into the same bins."""

import numpy as np
from numpy.typing import ArrayLike

from models.measures.psi import HALF_A_ROW
from models.measures.sample import FloatArray

#: Bins in which fewer rows are expected are put together: the chi-square needs some in each.
FEWEST_EXPECTED = 5.0


def binned_psi(expected: ArrayLike, actual: ArrayLike) -> float:
    r"""Return the population stability index of two counts of the same bins.

    .. math:: \sum_b (q_b - p_b) \log \frac{q_b}{p_b}

    Parameters
    ----------
    expected, actual : array-like of shape (n_bins,)
        Rows in each bin; a bin that one side lacks counts as half a row there.

    Returns
    -------
    float
        0 or more, dimensionless; NaN where a side has no row at all. Above 0.1 is moving,
        above 0.25 has moved, by the usual rule of thumb.

    Examples
    --------
    >>> round(binned_psi([500, 500], [250, 750]), 3)
    0.275
    """
    old, new = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if not old.sum() or not new.sum():
        return float("nan")
    kept = (old > 0) | (new > 0)
    then, now = (_shares(side[kept]) for side in (old, new))
    return float(np.sum((now - then) * np.log(now / then)))


def same_shares_p_value(expected: ArrayLike, actual: ArrayLike) -> float:
    """P-value of the chi-square test that two samples fall into bins with the same shares.

    Parameters
    ----------
    expected, actual : array-like of shape (n_bins,)
        Rows in each bin. Bins that are too small are put together, smallest first.

    Returns
    -------
    float
        In [0, 1]; 1 where only one bin is left. The test takes rows for independent: of the
        same customers a month apart it says too seldom, not too often, that they differ.

    References
    ----------
    .. [1] Pearson, K. (1911). On the probability that two independent distributions of
       frequency are really samples from the same population. Biometrika 8, 250-254.

    Examples
    --------
    >>> same_shares_p_value([500, 500], [505, 495]) > 0.5
    True
    >>> same_shares_p_value([500, 500], [300, 700]) < 1e-6
    True
    """
    from scipy.special import gammaincc

    table = _merged(np.asarray([expected, actual], dtype=np.float64))
    if table.shape[1] < 2:  # noqa: PLR2004 - one bin tells nothing apart
        return 1.0
    total = table.sum()
    fitted = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    statistic = float(np.sum((table - fitted) ** 2 / fitted))
    return float(gammaincc((table.shape[1] - 1) / 2, statistic / 2))


def benjamini_hochberg(p_values: ArrayLike) -> FloatArray:
    """Return p-values adjusted for their number, so that a limit bounds false discoveries.

    Of all columns whose adjusted value lies below `q`, at most a share of `q` is expected to
    have been called without cause.

    Parameters
    ----------
    p_values : array-like of shape (n,)
        In [0, 1].

    Returns
    -------
    array of shape (n,)
        In [0, 1], never below the value itself.

    References
    ----------
    .. [1] Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate.
       J. R. Stat. Soc. B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(3).tolist()
    [0.04, 0.053, 0.053, 0.5]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)[::-1]
    scaled = p[order] * p.size / np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled))
    return adjusted


def _shares(counts: FloatArray) -> FloatArray:
    filled: FloatArray = np.maximum(counts, HALF_A_ROW)
    return np.asarray(filled / filled.sum())


def _merged(table: FloatArray) -> FloatArray:
    """Put the smallest bins together until each is expected to hold enough of both samples."""
    table = table[:, table.sum(axis=0) > 0]
    rows = table.sum(axis=1)
    if not rows.all():
        return table[:, :1]
    needed = FEWEST_EXPECTED * rows.sum() / rows.min()
    table = table[:, np.argsort(table.sum(axis=0), kind="stable")]
    small = int(np.count_nonzero(table.sum(axis=0) < needed))
    if 0 < small < table.shape[1] and table[:, :small].sum() < needed:
        small += 1
    if not small:
        return table
    return np.column_stack([table[:, :small].sum(axis=1), table[:, small:]])
