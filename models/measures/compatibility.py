"""Other libraries' numbers, for people who have to compare.

Qini is not one number. On the same scores and rows these functions and
`models.measures.qini` differ by factors, because each divides and cuts ties differently.
Nothing in this project is chosen by them.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.measures.doubly_robust import Floats


class Running(NamedTuple):
    """Customers and outcomes so far, best prediction first; each of shape (n_points,)."""

    n_treated: Floats
    n_control: Floats
    y_treated: Floats
    y_control: Floats


def causalml_qini(y: ArrayLike, effect: ArrayLike, treated: ArrayLike) -> float:
    """`causalml.metrics.qini_score` (0.18): normalised, ties in the order of the rows.

    Mean over the n + 1 points of (incremental outcome of the treated so far, less the
    chord), both divided by the last point's absolute value.

    Parameters
    ----------
    y, effect, treated : array-like of shape (n_customers,)
        Outcome, predicted effect, 1 for treated and 0 for control.
    """
    so_far = _running(y, effect, treated)
    rate = _ratio(so_far.y_control, so_far.n_control)
    curve = _filled(so_far.y_treated - rate * so_far.n_treated)
    curve /= abs(curve[-1])
    chord = np.linspace(curve[0], curve[-1], len(curve))
    return float((curve.sum() - chord.sum()) / len(curve))


def causalml_auuc(y: ArrayLike, effect: ArrayLike, treated: ArrayLike) -> float:
    """`causalml.metrics.auuc_score` (0.18): normalised; about 0.5 for a random ranking."""
    so_far = _running(y, effect, treated)
    treated_rate = _ratio(so_far.y_treated, so_far.n_treated)
    lift = _filled(treated_rate - _ratio(so_far.y_control, so_far.n_control))
    curve = lift * np.arange(len(lift))
    return float((curve / abs(curve[-1])).mean())


def scikit_uplift_qini(y: ArrayLike, effect: ArrayLike, treated: ArrayLike) -> float:
    """`sklift.metrics.qini_auc_score`: area above the chord, over that of the best ranking.

    The best ranking puts treated responders first and control responders last
    (`negative_effect=True`). For outcomes of 0 and 1. From the documented formula [1]_.

    References
    ----------
    .. [1] https://www.uplift-modeling.com/en/latest/api/metrics/qini_auc_score.html
    """
    outcome, flag = np.asarray(y, dtype=np.float64), np.asarray(treated, dtype=np.float64)
    best = outcome * flag - outcome * (1 - flag)
    return _qini_area(outcome, effect, flag) / _qini_area(outcome, best, flag)


def scikit_uplift_auuc(y: ArrayLike, effect: ArrayLike, treated: ArrayLike) -> float:
    """`sklift.metrics.uplift_auc_score`: area above the chord, over that of the best ranking.

    For outcomes of 0 and 1. From the documented formula [1]_.

    References
    ----------
    .. [1] https://www.uplift-modeling.com/en/latest/api/metrics/uplift_auc_score.html
    """
    outcome, flag = np.asarray(y, dtype=np.float64), np.asarray(treated, dtype=np.float64)
    control_responders = ((outcome == 1) & (flag == 0)).sum()
    treated_others = ((outcome == 0) & (flag == 1)).sum()
    first = outcome if control_responders > treated_others else flag
    best = 2 * (outcome == flag) + first
    return _uplift_area(outcome, effect, flag) / _uplift_area(outcome, best, flag)


def scikit_uplift_at(y: ArrayLike, effect: ArrayLike, treated: ArrayLike, *, share: float) -> float:
    """`sklift.metrics.uplift_at_k(strategy="overall")`: rates among the first share.

    Equal predictions are taken from the last row backwards, as that library does.
    """
    outcome, flag = np.asarray(y, dtype=np.float64), np.asarray(treated)
    best = np.argsort(np.asarray(effect), kind="stable")[::-1][: int(len(outcome) * share)]
    inside, drawn = outcome[best], flag[best]
    return float(inside[drawn == 1].mean() - inside[drawn == 0].mean())


def _running(
    y: ArrayLike, effect: ArrayLike, treated: ArrayLike, *, by_block: bool = False
) -> Running:
    """Add up along the ranking; one point per customer, or per block of equal predictions."""
    outcome, flag = np.asarray(y, dtype=np.float64), np.asarray(treated, dtype=np.float64)
    ranking = pd.Series(np.asarray(effect, dtype=np.float64))
    # causalml cuts ties by pandas' default sort, scikit-uplift by a reversed stable one.
    if by_block:
        order = np.argsort(ranking.to_numpy(), kind="stable")[::-1]
        ends = np.r_[np.flatnonzero(np.diff(ranking.to_numpy()[order])), len(order) - 1]
    else:
        order = ranking.sort_values(ascending=False).index.to_numpy()
        ends = np.arange(len(order))
    outcome, flag = outcome[order], flag[order]
    n_treated = np.cumsum(flag)[ends]
    return Running(
        n_treated=n_treated,
        n_control=ends + 1.0 - n_treated,
        y_treated=np.cumsum(outcome * flag)[ends],
        y_control=np.cumsum(outcome * (1 - flag))[ends],
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    """Divide; missing where nobody of the arm has come yet."""
    missing = np.full_like(above, np.nan)
    return np.asarray(np.divide(above, below, out=missing, where=below > 0), dtype=np.float64)


def _filled(curve: Floats) -> Floats:
    """Start at 0, and draw a straight line over the points that are missing."""
    whole = np.r_[0.0, curve]
    known = np.flatnonzero(~np.isnan(whole))
    return np.asarray(np.interp(np.arange(len(whole)), known, whole[known]), dtype=np.float64)


def _qini_area(y: Floats, effect: ArrayLike, flag: Floats) -> float:
    so_far = _running(y, effect, flag, by_block=True)
    ratio = np.nan_to_num(_ratio(so_far.n_treated, so_far.n_control))
    return _above_chord(so_far, so_far.y_treated - so_far.y_control * ratio)


def _uplift_area(y: Floats, effect: ArrayLike, flag: Floats) -> float:
    so_far = _running(y, effect, flag, by_block=True)
    treated_rate = np.nan_to_num(_ratio(so_far.y_treated, so_far.n_treated))
    control_rate = np.nan_to_num(_ratio(so_far.y_control, so_far.n_control))
    count = so_far.n_treated + so_far.n_control
    return _above_chord(so_far, (treated_rate - control_rate) * count)


def _above_chord(so_far: Running, curve: Floats) -> float:
    """Area between a curve over the number of customers and the chord to its last point."""
    at = np.r_[0.0, so_far.n_treated + so_far.n_control]
    height = np.r_[0.0, curve]
    return float(np.trapezoid(height, at) - height[-1] * at[-1] / 2)
