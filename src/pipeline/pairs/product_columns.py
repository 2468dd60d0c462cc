"""Whole columns of pairs: one product against all customers, and what came of it."""

import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend

from models.definition import PairModel
from models.learning import Learner
from models.measures import lift_at
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import Moment
from pipeline.pairs.rows import Bought

#: Customers that are looked at; of more, some are drawn and stand for all.
MOST_CUSTOMERS = 5_000
#: Products on sale that are looked at: those that sell best, and as many spread over the rest.
MOST_PRODUCTS = 15
#: Buyers below which a lift says nothing.
LEAST_BUYERS = 20
_TENTH = 0.1


def product_columns(
    connection: Backend,
    moment: Moment,
    model: PairModel,
    learner: Learner,
    bought: Bought,
    *,
    products: np.ndarray,
    seed: int,
) -> pd.DataFrame:
    """Score all customers for each of some products; return what was expected and what came.

    Returns
    -------
    DataFrame of shape (n_products, 5)
        By product id: `expected` and `buyers` among all customers (scaled up where some were
        drawn), `customers` that were looked at, and the lifts of the best tenth by
        probability (`lift`) and by orders of the last 180 days (`lift_by_activity`), missing
        where there are fewer than 20 buyers.
    """
    everybody = len(moment.customers)
    count = min(everybody, MOST_CUSTOMERS)
    drawn = np.random.default_rng(seed).choice(everybody, size=count, replace=False)
    customers = np.sort(drawn)
    activity = moment.of_customers["order_count_180d"].to_numpy(dtype=np.float64)[customers]
    X = features_of(
        connection,
        moment,
        model,
        np.repeat(customers, len(products)),
        np.tile(products.astype(np.int32), count),
    )
    # A column a product: rows come customer by customer.
    probability = learner.predict_proba(X)[:, 1].reshape(count, len(products)) if len(X) else None
    rows = []
    for column, product in enumerate(products):
        said = np.empty(0) if probability is None else probability[:, column]
        y = np.isin(customers, bought.customer[bought.product == product])
        told = LEAST_BUYERS <= y.sum() < count
        rows.append(
            {
                "product_id": moment.products[product],
                "expected": said.sum() * everybody / count,
                "buyers": y.sum() * everybody / count,
                "customers": count,
                "lift": lift_at(y, said, share=_TENTH) if told else np.nan,
                "lift_by_activity": lift_at(y, activity, share=_TENTH) if told else np.nan,
            }
        )
    names = ["product_id", "expected", "buyers", "customers", "lift", "lift_by_activity"]
    return pd.DataFrame(rows, columns=names).set_index("product_id")


def spread_products(moment: Moment) -> np.ndarray:
    """Return the places of products on sale: the best sellers, and some spread over the rest."""
    sold = moment.of_products["buyer_customer_count_90d"].to_numpy(dtype=np.float64)
    order = np.argsort(-np.where(moment.on_sale, sold, -1), kind="stable")[: moment.on_sale.sum()]
    rest = order[MOST_PRODUCTS:]
    step = max(1, len(rest) // MOST_PRODUCTS)
    return np.concatenate([order[:MOST_PRODUCTS], rest[::step][:MOST_PRODUCTS]])
