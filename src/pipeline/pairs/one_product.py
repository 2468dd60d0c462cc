"""One cut-off, reduced to what has to do with one product."""

import ibis
from ibis import _
from ibis.backends.duckdb import Backend

from features.near_product import leads_to, near_product
from pipeline.pairs.moment import Moment


def about_product(connection: Backend, moment: Moment, place: int) -> Moment:
    """Return a moment from which pairs with one product come out the same, and sooner.

    The state is read once, and what is left of it is held by the engine, however many blocks
    of customers follow.

    Parameters
    ----------
    connection : Backend
        The engine that the moment was read with.
    moment : Moment
        The cut-off.
    place : int
        Of the product.
    """
    offer = moment.offers.filter(_.product_id == str(moment.products[place]))
    row = offer.to_pyarrow().to_pylist()[0]
    leads = leads_to(moment.state, row["like"]).to_pyarrow().to_pylist() if row["like"] else []
    near = near_product(moment.state, row, leads)
    kept = {
        name: connection.create_table(ibis.util.gen_name(name), rows, temp=True)
        for name, rows in near._asdict().items()
        if name in {"holdings", "tastes", "interests"} and rows is not None
    }
    held = connection.create_table(ibis.util.gen_name("offer"), offer, temp=True)
    return moment._replace(state=near._replace(**kept), offers=held)
