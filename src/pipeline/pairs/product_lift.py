"""How well a model finds the buyers of one product among all customers."""

from typing import Any

import numpy as np
from ibis.backends.duckdb import Backend

from models.definition import Learner, PairModel
from models.measures import lift_at
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import Moment
from pipeline.pairs.rows import Bought

#: Products that are judged, those with most buyers, and the buyers that each must have.
MOST_PRODUCTS = 20
LEAST_BUYERS = 20
#: Customers that are looked at; of more, some are drawn.
MOST_CUSTOMERS = 20_000
_TENTH = 0.1


def product_lifts(
    connection: Backend,
    moment: Moment,
    model: PairModel,
    learner: Learner,
    bought: Bought,
    *,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Return the lift of the best tenth of all customers for each of some products.

    Everybody is ranked, not only those for whom a route finds the product.

    Returns
    -------
    dict
        `products`, how many were judged; `median` of their lifts with its interval `low` and
        `high` (order statistics; missing where there are too few products); `median_activity`,
        the same where customers are ranked by their orders of the last 180 days.
    """
    random = np.random.default_rng(seed)
    everybody = len(moment.customers)
    customers = np.sort(
        random.choice(everybody, size=min(everybody, MOST_CUSTOMERS), replace=False)
    )
    own = np.isin(bought.customer, customers)
    buyers = np.bincount(bought.product[own], minlength=len(moment.products))
    buyers[~moment.on_sale] = 0
    chosen = np.argsort(-buyers, kind="stable")[:MOST_PRODUCTS]
    chosen = chosen[buyers[chosen] >= LEAST_BUYERS]
    lifts, by_activity = [], []
    activity = moment.of_customers["order_count_180d"].to_numpy(dtype=np.float64)[customers]
    for product in chosen:
        X = features_of(
            connection, moment, model, customers, np.full(len(customers), product, np.int32)
        )
        y = np.isin(customers, bought.customer[own & (bought.product == product)])
        lifts.append(float(lift_at(y, learner.predict_proba(X)[:, 1], share=_TENTH)))
        by_activity.append(float(lift_at(y, activity, share=_TENTH)))
    low, high = median_interval(np.asarray(lifts), level=level)
    return {
        "products": len(lifts),
        "median": float(np.median(lifts)) if lifts else None,
        "low": low,
        "high": high,
        "median_activity": float(np.median(by_activity)) if by_activity else None,
    }


def median_interval(values: np.ndarray, *, level: float) -> tuple[float | None, float | None]:
    """Return the interval of a median between two order statistics, exact for any distribution.

    Examples
    --------
    >>> median_interval(np.arange(20.0), level=0.95)
    (5.0, 14.0)
    """
    from scipy.stats import binom

    count = len(values)
    rank = int(binom.ppf((1 - level) / 2, count, 0.5)) if count else 0
    if rank < 1:
        return None, None
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[count - rank])
