"""Where the area under the ROC curve of a score that knows nothing lies."""

from statistics import NormalDist
from typing import NamedTuple


class Bounds(NamedTuple):
    """Lowest and highest value."""

    low: float
    high: float


def null_auc(positives: int, negatives: int, *, level: float) -> Bounds:
    r"""Interval that holds the area of a score that is independent of the outcome.

    .. math:: \tfrac{1}{2} \pm z \sqrt{(n_+ + n_- + 1) / (12\, n_+ n_-)}

    That is the normal approximation of the Mann-Whitney statistic. Ties narrow its true
    spread, so the interval is rather too wide.

    Parameters
    ----------
    positives, negatives : int
        Rows of each outcome, at least 1.
    level : float
        Share of such scores that the interval holds, in (0, 1).

    References
    ----------
    .. [1] Mann, H. B. and Whitney, D. R. (1947). On a test of whether one of two random
       variables is stochastically larger than the other. Ann. Math. Stat. 18, 50-60.

    Examples
    --------
    >>> low, high = null_auc(100, 900, level=0.95)
    >>> round(low, 3), round(high, 3)
    (0.44, 0.56)
    """
    spread = ((positives + negatives + 1) / (12 * positives * negatives)) ** 0.5
    reach = NormalDist().inv_cdf((1 + level) / 2) * spread
    return Bounds(max(0.0, 0.5 - reach), min(1.0, 0.5 + reach))
