"""What a campaign earns at every depth, and the depth at which it earns most."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.measures.uplift_curve import blocks


def net_gain(
    gain: ArrayLike,
    *,
    value: ArrayLike = 1.0,
    contact_cost: ArrayLike = 0.0,
    redemption: ArrayLike = 0.0,
    redemption_cost: ArrayLike = 0.0,
) -> np.ndarray:
    """Turn effect scores into money: value of the effect, less contact and redemption.

    A coupon is also redeemed by those who would have bought anyway. That is why the
    redemptions that cost money are all of them, and not only the incremental ones.

    Parameters
    ----------
    gain : array-like of shape (n_customers,)
        Effect scores, in the unit of the outcome.
    value : float or array-like
        Money per unit of the outcome, such as the margin of a purchase.
    contact_cost : float or array-like
        Money per customer treated.
    redemption : float or array-like
        Estimated redemptions of a customer if treated: the score of the treated arm from
        `arm_scores`, or a prediction.
    redemption_cost : float or array-like
        Money per redemption.

    Returns
    -------
    ndarray of shape (n_customers,)
        Money gained by treating the customer, net of both costs.

    Examples
    --------
    >>> net_gain([0.1, 0.3], value=20, contact_cost=1, redemption=0.5, redemption_cost=2)
    array([0., 4.])
    """
    scores = np.asarray(gain, dtype=np.float64)
    paid = np.asarray(contact_cost) + np.asarray(redemption) * np.asarray(redemption_cost)
    return np.asarray(scores * np.asarray(value) - paid, dtype=np.float64)


def uplift_profit_curve(net: ArrayLike, effect: ArrayLike) -> pd.DataFrame:
    """Money earned by treating the best share, per customer of the base, at every depth.

    Parameters
    ----------
    net : array-like of shape (n_customers,)
        Net scores, see `net_gain`.
    effect : array-like of shape (n_customers,)
        Ranking: predicted net value, or predicted effect where all customers cost the same.

    Returns
    -------
    DataFrame
        `share` in [0, 1] and `profit`, in the unit of `net`.

    Examples
    --------
    >>> uplift_profit_curve([2.0, 1.0, -6.0], effect=[3, 2, 1])["profit"].round(2).tolist()
    [0.0, 0.67, 1.0, -1.0]
    """
    cut = blocks(np.asarray(net, dtype=np.float64), effect)
    return pd.DataFrame({"share": cut.edges, "profit": np.r_[0.0, np.cumsum(cut.gain)]})
