"""One cut-off, reduced to what has to do with one product."""

from collections.abc import Iterator
from contextlib import contextmanager

import ibis
from ibis import _
from ibis.backends.duckdb import Backend

from features.near_product import leads_to, near_product
from pipeline.pairs.moment import Moment


@contextmanager
def about_product(connection: Backend, moment: Moment, place: int) -> Iterator[Moment]:
    """Yield a moment from which pairs with one product come out the same, and sooner.

    The state is read once, and what is left of it is held by the engine until the block ends,
    however many customers are asked for.

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
    some = {"holdings": near.holdings, "tastes": near.tastes, "offers": offer}
    if near.interests is not None:
        some["interests"] = near.interests
    called = {name: ibis.util.gen_name(name) for name in some}
    try:
        held = {
            name: connection.create_table(called[name], rows, temp=True)
            for name, rows in some.items()
        }
        offers = held.pop("offers")
        yield moment._replace(state=near._replace(**held), offers=offers)
    finally:
        for name in called.values():
            connection.drop_table(name, force=True)
