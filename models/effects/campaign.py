"""What a randomised campaign changed, adjusted for what was known before."""

import math
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from models.learners.frame import FloatArray
from models.learners.trial import TrialError


def campaign_effect(
    y: ArrayLike,
    arm: ArrayLike,
    *,
    control: str,
    before: Any = None,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Average effect of each arm, with pre-period adjustment and interval.

    A customer who spent much before spends much now, in any arm. Taking off what the time
    before predicts leaves the effect where it is and makes its interval narrower (CUPED
    [1]_). Here each arm has a regression of its own on the centred columns of `before`, so
    that the adjustment never makes the interval wider in a large sample [2]_.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcome of each customer, whether or not the contact was delivered (intention to
        treat).
    arm : array-like of shape (n,)
        The arm each drew.
    control : str
        Name of the control arm.
    before : array-like of shape (n,) or (n, k), optional
        The outcome in a period before the draw, and other numbers known then. A missing
        value counts as the mean of the others.
    cluster : array-like of shape (n,), optional
        The customer or household of each row.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    DataFrame
        One row per treated arm: `arm`, `customers`, `control_mean`, `unadjusted`, `effect`,
        `low`, `high`, and `narrower` (share by which the adjustment shortens the interval).

    Raises
    ------
    TrialError
        If there is no control, or an arm holds too few customers for the adjustment.

    References
    ----------
    .. [1] Deng, A., Xu, Y., Kohavi, R. and Walker, T. (2013). Improving the sensitivity of
       online controlled experiments by utilizing pre-experiment data. WSDM.
    .. [2] Lin, W. (2013). Agnostic notes on regression adjustments to experimental data.
       Annals of Applied Statistics 7, 295-318.

    Examples
    --------
    >>> y, arm = [1.0, 2.0, 3.0, 6.0], ["no", "no", "mail", "mail"]
    >>> campaign_effect(y, arm, control="no")["effect"].round(6).tolist()
    [3.0]
    """
    outcome = np.asarray(y, dtype=np.float64)
    names = np.asarray(arm).astype(str)
    arms: list[str] = np.unique(names).tolist()
    if control not in arms or len(arms) == 1:
        raise TrialError(
            f"arms are {', '.join(arms)}; an effect needs the control arm {control!r} and at "
            f"least one other"
        )
    columns = _columns(before, len(outcome))
    code = None if cluster is None else pd.factorize(np.asarray(cluster))[0]
    plain = np.empty((len(outcome), 0))
    rows = []
    for name in (arm for arm in arms if arm != control):
        masks = {side: names == side for side in (name, control)}
        raw, raw_error = _difference(outcome, masks, plain, code)
        effect, error = _difference(outcome, masks, columns, code)
        half = NormalDist().inv_cdf((1 + level) / 2) * error
        rows.append(
            {
                "arm": name,
                "customers": int((names == name).sum()),
                "control_mean": float(outcome[names == control].mean()),
                "unadjusted": raw,
                "effect": effect,
                "low": effect - half,
                "high": effect + half,
                "narrower": 1 - error / raw_error if raw_error else 0.0,
            }
        )
    return pd.DataFrame(rows)


def _columns(before: Any, rows: int) -> FloatArray:
    """Return centred columns; a missing value becomes 0, the mean."""
    if before is None:
        return np.empty((rows, 0))
    columns = np.asarray(before, dtype=np.float64).reshape(rows, -1)
    return np.asarray(np.nan_to_num(columns - np.nanmean(columns, axis=0)), dtype=np.float64)


class _Side(NamedTuple):
    """One arm: its mean at the columns' mean, its slopes, and each row's pull on the mean."""

    mean: float
    slopes: FloatArray
    influence: FloatArray


def _side(y: FloatArray, own: NDArray[np.bool_], columns: FloatArray, name: str) -> _Side:
    count, width = int(own.sum()), columns.shape[1] + 1
    if count <= width:
        raise TrialError(
            f"arm {name!r} has {count} customers for {columns.shape[1]} columns of before; pass "
            f"fewer columns, or wait for more customers"
        )
    design = np.column_stack([np.ones(count), columns[own]])
    solution, *_ = np.linalg.lstsq(design, y[own], rcond=None)
    # Where columns do not average 0 inside the arm, rows do not count alike for its mean.
    pull = np.linalg.pinv(design.T @ design)[0] @ design.T
    influence = np.zeros(len(y))
    influence[own] = pull * (y[own] - design @ solution) * math.sqrt(count / (count - width))
    return _Side(float(solution[0]), np.asarray(solution[1:], dtype=np.float64), influence)


def _difference(
    y: FloatArray,
    masks: dict[str, NDArray[np.bool_]],
    columns: FloatArray,
    cluster: NDArray[np.int64] | None,
) -> tuple[float, float]:
    """Return the difference of the first and second arm's means, and its standard error."""
    own, other = (_side(y, mask, columns, name) for name, mask in masks.items())
    # Both are read at the mean of the columns, which is a sample's, too.
    influence = own.influence - other.influence + columns @ (own.slopes - other.slopes) / len(y)
    if cluster is not None:
        influence = np.bincount(cluster, weights=influence).astype(np.float64)
    return own.mean - other.mean, math.sqrt(float(influence @ influence))
