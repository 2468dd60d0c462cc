"""From contributions to log-odds to contributions in probability points that add up."""

from collections.abc import Callable

import numpy as np

from models.learners.calibrators import expit
from models.learners.frame import FloatArray


def probability_points(
    base: FloatArray, added: FloatArray, calibrator: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    r"""Map contributions through a monotone calibrator.

    .. math:: g(s_0 + \textstyle\sum_j c_j) = g(s_0) + \sum_j c_j m, \quad
        m = \frac{g(s_0 + \sum_j c_j) - g(s_0)}{\sum_j c_j}

    Each contribution is multiplied by the slope of the straight line from the base to the
    row's own score. The slope is at least 0, so signs and order of the reasons stay.

    Parameters
    ----------
    base : array of shape (n,)
        Raw log-odds s_0 without any contribution.
    added : array of shape (n, p)
        Contributions c_j to the raw log-odds.
    calibrator : callable
        From raw to calibrated log-odds, never falling.

    Returns
    -------
    array of shape (n, p + 1)
        The base's probability first, then points; a row adds up to its probability.

    Examples
    --------
    >>> points = probability_points(np.zeros(1), np.array([[1.0, -0.5]]), lambda raw: raw)
    >>> points.round(4)
    array([[ 0.5   ,  0.2449, -0.1225]])
    """
    reached = added.sum(axis=1)
    floor = expit(calibrator(base))
    gained = expit(calibrator(base + reached)) - floor
    slope = np.divide(gained, reached, out=np.zeros_like(gained), where=reached != 0)
    return np.column_stack([floor, added * slope[:, None]])
