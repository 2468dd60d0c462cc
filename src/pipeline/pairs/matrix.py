"""The features of pairs: those of the customer, of the product, and of both together."""

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend

from features.pair_context import KnownState, pair_context
from features.product import days_since_launch
from models.candidates import pulls
from models.definition import PairModel
from pipeline.pairs.moment import Moment, of_unit, pair_features

#: What the engine calls the pairs that are scored, and the customers that they are of.
_PAIRS, _ASKED = "scored_pairs", "asked_customers"


def features_of(
    connection: Backend,
    moment: Moment,
    model: PairModel,
    customer: np.ndarray,
    product: np.ndarray,
) -> pd.DataFrame:
    """Return the features of some pairs, in their order.

    Parameters
    ----------
    connection : Backend
        The engine that the moment was read with.
    moment : Moment
        The cut-off.
    model : PairModel
        Says which features.
    customer, product : array of shape (n_pairs,)
        Places within the moment; ordered by customer, a pair occurs once.

    Returns
    -------
    DataFrame of shape (n_pairs, n_features)
        Columns in the order in which the model declares them; those whose tables were not
        delivered are left out.
    """
    of_pairs = _of_pairs(connection, moment, model, customer, product)
    names = {one.name for one in of_unit(model, "product")}
    of_products = moment.of_products[[n for n in moment.of_products if n in names]]
    parts = [
        of_pairs,
        of_products.take(product).reset_index(drop=True),
        moment.of_customers.take(customer).reset_index(drop=True),
    ]
    whole = pd.concat(parts, axis=1)
    # A product that is not launched yet is scored as if it were launched today.
    if (launch := days_since_launch.name) in whole:
        whole[launch] = whole[launch].clip(lower=0)
    return whole[[one.name for one in model.features if one.name in whole.columns]]


def _of_pairs(
    connection: Backend,
    moment: Moment,
    model: PairModel,
    customer: np.ndarray,
    product: np.ndarray,
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "place": np.arange(len(customer)),
            "customer_id": moment.customers.take(customer),
            "product_id": moment.products.take(product),
            "together_pull": pulls(moment.holdings, moment.together, customer, product),
            "likeness_pull": pulls(moment.holdings, moment.alike, customer, product),
            "early_products": moment.early_products[customer],
            "early_share": moment.early_share[customer],
            "shopping_days": moment.shopping_days[customer],
            "last_visit_days": moment.last_visit_days[customer],
            "price_tier": moment.price_tier[customer],
        }
    )
    pairs = connection.create_table(_PAIRS, frame, temp=True, overwrite=True)
    state = _of_asked(connection, moment, customer)
    context = pair_context(pairs, state, moment.offers)
    columns = {one.name: one.value(context) for one in pair_features(model)}
    table: pd.DataFrame = context.select("place", **columns).order_by("place").to_pandas()
    return table.drop(columns="place")


def _of_asked(connection: Backend, moment: Moment, customer: np.ndarray) -> KnownState:
    """Return the state of the customers of some pairs, held by the engine.

    It is looked at in many joins, each of which would read the rows of everybody anew. Rows of
    a customer lie together, so that the engine reads little where they are neighbours.
    """
    state, asked = moment.state, moment.customers.take(np.unique(customer))
    if not len(asked) or 2 * len(asked) >= len(moment.customers):
        return state
    who = connection.create_table(
        _ASKED, pd.DataFrame({"customer_id": asked}), temp=True, overwrite=True
    )

    def theirs(name: str, rows: ir.Table) -> ir.Table:
        near = rows.filter(rows.customer_id >= asked[0], rows.customer_id <= asked[-1])
        return connection.create_table(
            f"{_ASKED}_{name}", near.semi_join(who, "customer_id"), temp=True, overwrite=True
        )

    return state._replace(
        holdings=theirs("holdings", state.holdings),
        tastes=theirs("tastes", state.tastes),
        interests=None if state.interests is None else theirs("interests", state.interests),
    )
