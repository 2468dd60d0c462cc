"""Are predicted effects of the right size? Group averages, and the slope through them."""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.measures.estimate import Estimate
from models.measures.policy import best_share, mean_interval
from models.measures.sample import MeasureError


def gates(
    gain: ArrayLike,
    effect: ArrayLike,
    *,
    groups: int = 5,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Average effect in groups sorted by predicted effect, beside the prediction.

    Parameters
    ----------
    gain : array-like of shape (n_customers,)
        Effect scores, see `models.measures.doubly_robust.effect_scores`.
    effect : array-like of shape (n_customers,)
        Predicted effect, in the unit of `gain`.
    groups : int
        Number of groups; 10 gives the decile table. Customers of equal prediction are
        spread evenly over the groups they fall into.
    cluster : array-like of shape (n_customers,), optional
        The customer of each row, where one has several.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    DataFrame of shape (groups, 6)
        `group` (1 has the highest prediction), `customers`, `predicted`, `observed`, `low`,
        `high`.

    References
    ----------
    .. [1] Chernozhukov, V., Demirer, M., Duflo, E. and Fernandez-Val, I. (2025). Fisher-
       Schultz lecture: generic machine learning inference on heterogeneous treatment
       effects in randomized experiments. Econometrica 93, 1121-1164.

    Examples
    --------
    >>> gates([3.0, 1.0, -1.0, 1.0], [4, 3, 1, 2], groups=2)["observed"].tolist()
    [2.0, 0.0]
    """
    scores = np.asarray(gain, dtype=np.float64)
    predicted = np.asarray(effect, dtype=np.float64)
    count = len(scores)
    if not 1 <= groups <= count:
        raise MeasureError(f"groups is {groups}, but there are {count} customers.")
    rows = []
    inside = np.zeros(count)
    for group in range(1, groups + 1):
        until = best_share(predicted, group / groups)
        member = until - inside
        inside = until
        weight = member * count / member.sum()
        mean = float((scores * weight).mean())
        # The mean is a ratio: its error is that of the deviations inside the group.
        spread = mean_interval((scores - mean) * weight, cluster=cluster, level=level)
        rows.append(
            {
                "group": group,
                "customers": member.sum(),
                "predicted": float((predicted * weight).mean()),
                "observed": mean,
                "low": mean + spread.low,
                "high": mean + spread.high,
            }
        )
    return pd.DataFrame(rows)


class Line(NamedTuple):
    """The best straight line from predicted to real effects."""

    average: Estimate
    """Average effect of all customers."""
    slope: Estimate
    """Real change per predicted change: 1 is calibrated, 0 says nothing was found."""
    found: bool
    """Whether the slope's interval lies above 0: effects differ as predicted."""
    covariance: float
    """Sampling covariance of the average and the slope."""


def effect_line(
    gain: ArrayLike,
    effect: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> Line:
    """Regress effect scores on predicted effects: the best linear predictor.

    The intercept is taken at the mean prediction, so that it is the average effect.

    Parameters
    ----------
    gain, effect, cluster, level
        As in `gates`.

    Returns
    -------
    Line
        The slope is 0 with an interval of 0 width where all predictions are equal.

    References
    ----------
    .. [1] Chernozhukov et al. (2025), as in `gates`; errors are heteroscedasticity-robust
       and clustered.

    Examples
    --------
    >>> effect_line([3.0, 1.0, -1.0, 1.0], [4.0, 3.0, 1.0, 2.0]).slope.value
    1.2
    """
    scores = np.asarray(gain, dtype=np.float64)
    predicted = np.asarray(effect, dtype=np.float64)
    centred = predicted - predicted.mean()
    average = mean_interval(scores, cluster=cluster, level=level)
    spread = float(centred @ centred)
    # Predictions that differ only by rounding carry no order.
    if spread <= len(scores) * (1e-12 * max(1e-12, float(np.abs(predicted).max()))) ** 2:
        return Line(average, Estimate(0.0, 0.0, 0.0), found=False, covariance=0.0)
    slope = float(centred @ scores) / spread
    residual = scores - average.value - slope * centred
    influence = np.column_stack([residual / len(scores), residual * centred / spread])
    if cluster is not None:
        code = pd.factorize(np.asarray(cluster))[0]
        influence = np.column_stack([np.bincount(code, weights=column) for column in influence.T])
    count = len(influence)
    (_, shared), (_, variance) = influence.T @ influence * (count / max(count - 2, 1))
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(variance)
    estimate = Estimate(slope, slope - half, slope + half)
    return Line(average, estimate, found=estimate.low > 0, covariance=float(shared))
