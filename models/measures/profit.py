"""Profit of mailing the best-scored customers, and how deep to mail.

Costs follow the project's expected value: margin for each response, the cost of each
contact, and the cost of each redemption, which in a response campaign is each response.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import (
    FloatArray,
    MeasureError,
    Ranked,
    figure,
    ranked,
    sample,
    taken,
    vectorised,
)


class ProfitCurve(NamedTuple):
    """Profit by depth: two arrays of shape (m + 1,), starting with nobody mailed."""

    share: FloatArray
    profit: FloatArray


@vectorised
def profit_at(
    y: ArrayLike,
    score: ArrayLike,
    *,
    share: float,
    margin: float,
    contact_cost: float,
    redemption_cost: float = 0.0,
    weight: ArrayLike | None = None,
) -> float:
    r"""Profit of mailing the best-scored share, per customer of the whole base.

    .. math:: \frac{1}{n} \left( (m - r) \sum_{i \in \text{top}} y_i - c \, |\text{top}| \right)

    It counts every response as won by the mailing: the profit of a *response*, not of the
    contact. Where a control group exists, use `policy_value`.

    Parameters
    ----------
    y : array-like of shape (n,)
        1 for a responder, 0 otherwise.
    score : array-like of shape (n,)
        Higher means more likely to respond.
    share : float
        Share of the base that is mailed, in (0, 1].
    margin, contact_cost, redemption_cost : float
        Money per response, per mailed customer, per response.
    weight : array-like of shape (n,) or (draws, n), optional
        How often each row counts.

    Returns
    -------
    float
        Money per customer of the base; multiply by the size of the base.

    References
    ----------
    .. [1] Bult, J. R. and Wansbeek, T. (1995). Optimal selection for direct mail.
       Marketing Science 14, 378-394.

    Examples
    --------
    >>> profit_at([1, 0, 0, 0], [0.9, 0.5, 0.2, 0.1], share=0.5, margin=10, contact_cost=1)
    2.0
    """
    rows = ranked(sample(y, score, weight))
    inside = taken(rows, share)
    won = (inside * rows.positives).sum(axis=-1) * (margin - redemption_cost)
    spent = (inside * rows.weight).sum(axis=-1) * contact_cost
    return figure(np.asarray((won - spent) / rows.weight.sum(axis=-1)))


@vectorised
def best_depth(
    y: ArrayLike,
    score: ArrayLike,
    *,
    margin: float,
    contact_cost: float,
    redemption_cost: float = 0.0,
    weight: ArrayLike | None = None,
) -> float:
    """Share of the base whose mailing would have been most profitable; 0 if none was.

    The whole of a tied score is mailed or none of it. The profit at a depth that was chosen
    on the same rows flatters: read it at this depth on other rows, or read the interval.

    Examples
    --------
    >>> best_depth([1, 0, 1, 0], [0.9, 0.5, 0.2, 0.1], margin=10, contact_cost=1)
    0.75
    """
    rows = ranked(sample(y, score, weight))
    profit = _cumulated(rows, margin - redemption_cost, contact_cost)
    depth = np.cumsum(rows.weight, axis=-1)
    best = np.argmax(profit, axis=-1)
    reached = np.take_along_axis(depth / depth[..., -1:], best[..., None], axis=-1)[..., 0]
    gain = np.take_along_axis(profit, best[..., None], axis=-1)[..., 0]
    return figure(np.asarray(np.where(gain > 0, reached, 0.0)))


def profit_curve(
    y: ArrayLike,
    score: ArrayLike,
    *,
    margin: float,
    contact_cost: float,
    redemption_cost: float = 0.0,
    points: int = 200,
    weight: ArrayLike | None = None,
) -> ProfitCurve:
    """Return `profit_at` for equal steps of depth, from nobody to everybody.

    Raises
    ------
    MeasureError
        If `points` is below 1.

    Examples
    --------
    >>> y, scores = [1, 0, 1, 0], [0.9, 0.5, 0.2, 0.1]
    >>> profit_curve(y, scores, margin=10, contact_cost=1, points=4).profit
    array([0.  , 2.25, 2.  , 4.25, 4.  ])
    """
    if points < 1:
        raise MeasureError(f"points is {points}, but a curve needs at least 1 step")
    rows = ranked(sample(y, score, weight))
    total = rows.weight.sum()
    depth = np.concatenate(([0.0], np.cumsum(rows.weight) / total))
    profit = np.concatenate(([0.0], _cumulated(rows, margin - redemption_cost, contact_cost)))
    share = np.linspace(0, 1, points + 1)
    return ProfitCurve(share, np.interp(share, depth, profit / total))


def _cumulated(rows: Ranked, net_margin: float, contact_cost: float) -> FloatArray:
    """Money earned down to each distinct score, the best first."""
    earned: FloatArray = np.cumsum(
        rows.positives * net_margin - rows.weight * contact_cost, axis=-1
    )
    return earned
