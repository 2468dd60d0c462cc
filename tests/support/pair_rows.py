"""Features of some pairs in a tiny shop, by the engine that is asked for."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import on_spark
import pandas as pd
from shop import AS_OF, Row, table

from features.pair_context import KnownState
from features.pairs import pair_table
from features.shelf import associations, offers
from features.views import holdings, interests, tastes
from pipeline.snapshot_table import Looks, seen

KEYS = ["customer_id", "product_id"]


def pair_rows(
    grains: Any,
    pairs: Iterable[Sequence[str]],
    *,
    passed_in: Iterable[Row | dict[str, Any]] | None = None,
    looked: bool = False,
    as_of: date = AS_OF,
) -> pd.DataFrame:
    """Return every feature of some customers and products, by both.

    Parameters
    ----------
    grains : object
        What `shop` returned.
    pairs : iterable of (customer, product)
        What is asked for.
    passed_in : iterable of rows, optional
        Products that the shop does not list.
    looked : bool
        Whether what customers looked at was delivered.
    as_of : date
        The cut-off.
    """
    wanted = ibis.memtable(pd.DataFrame(pairs, columns=KEYS), schema=dict.fromkeys(KEYS, "string"))
    extra = None if passed_in is None else table("products", passed_in)
    if on_spark.WANTED:
        frame = _by_spark(grains, wanted, extra, looked=looked, as_of=as_of)
    else:
        with seen(grains, [as_of]) as at:
            products = grains.table("products")
            asked = _asked(at, products, wanted, extra, looked=looked)
            frame = grains.connection.to_pandas(asked)
    return frame.set_index(KEYS)


def _by_spark(
    grains: Any, wanted: ir.Table, extra: ir.Table | None, *, looked: bool, as_of: date
) -> pd.DataFrame:
    at = on_spark.seen_at(grains, as_of)
    (products,) = grains.tables(["products"])
    wanted = on_spark.given("wanted", wanted)
    extra = None if extra is None else on_spark.given("passed_in", extra)
    asked = _asked(at, products, wanted, extra, looked=looked)
    return on_spark.opened().arrow(asked).to_pandas()


def _asked(
    at: Looks, products: ir.Table, wanted: ir.Table, extra: ir.Table | None, *, looked: bool
) -> ir.Table:
    known = (at.rows(view) for view in (holdings, tastes, offers, associations))
    state = KnownState(*known, products, at.rows(interests) if looked else None)
    return pair_table(wanted, state, passed_in=extra)
