"""What the plain alternatives would show: the last basket, the own habit, what sells."""

import numpy as np
import pandas as pd

from pipeline.pairs.moment import Moment
from pipeline.pairs.popular import POPULAR_DAYS

#: The plain rankings, in the order in which they are printed.
BASELINES = ("last_basket", "personal_frequency", "store_popularity")


def plain_rankings(
    moment: Moment, X: pd.DataFrame, customer: np.ndarray, product: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the scores of each plain ranking for some pairs; only their order means anything.

    `last_basket` puts what was bought last first, `personal_frequency` what was bought on
    most days; both break ties by each other and go on with what sells best.
    `store_popularity` counts the buyers of the last 90 days in the customer's segment, ties
    broken by everybody's.

    Parameters
    ----------
    moment : Moment
        The cut-off.
    X : DataFrame of shape (n_pairs, n_features)
        Features of the pairs.
    customer, product : array of shape (n_pairs,)
        Places within the moment.
    """
    popular = _popularity(moment, customer, product)
    days = X["pair_purchase_days_count"].to_numpy(dtype=np.float64, na_value=0.0)
    last = X["pair_last_purchase_days"].to_numpy(dtype=np.float64, na_value=np.inf)
    recent = 1 / (1 + last)
    often = days / (1 + days)
    return {
        "last_basket": np.where(days > 0, 1 + recent + 1e-6 * often, 1e-9 * popular),
        "personal_frequency": np.where(days > 0, 1 + days + 0.5 * recent, 1e-9 * popular),
        "store_popularity": popular,
    }


def _popularity(moment: Moment, customer: np.ndarray, product: np.ndarray) -> np.ndarray:
    products = len(moment.products)
    late = moment.held.last_days <= POPULAR_DAYS
    who, what = moment.held.customer[late], moment.held.product[late]
    crowd = np.bincount(what, minlength=products)
    of_pair = moment.segment[who].astype(np.int64) * products + what
    counts = np.bincount(of_pair, minlength=(int(moment.segment.max()) + 1) * products)
    own = counts[moment.segment[customer].astype(np.int64) * products + product]
    return np.asarray(own + crowd[product] / (crowd.max() + 1))
