"""What of the state has to do with one product: all that its pairs are computed from."""

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir
from ibis import _

from features.pair_context import ATTRIBUTES, KnownState

#: What customers may have looked at of a product.
_LEVELS = ("product_id", "category", "category_2", "like")


def leads_to(state: KnownState, like: str | None) -> ir.StringColumn:
    """Return the categories whose buyers are drawn to a category."""
    drawn = state.associations.filter(_.season == "all", _.companion == like)
    return drawn.lead


def near_product(
    state: KnownState, product: Mapping[str, str | None], leads: Sequence[str]
) -> KnownState:
    """Return the rows of a state that a pair with one product may look at.

    `pair_context` finds the same in it as in the whole. Values are compared with constants,
    which an engine checks while it reads, instead of with those of a million pairs.

    Parameters
    ----------
    state : KnownState
        Of one cut-off.
    product : mapping
        The row of `offered` for the product; what is missing is None.
    leads : sequence of str
        What `leads_to` returned.

    Returns
    -------
    KnownState
        As the one given, with fewer rows and, of holdings and tastes, fewer columns.
    """
    holdings, tastes, interests = state.holdings, state.tastes, state.interests
    own = holdings.product_id == product["product_id"]
    if product["family"] is not None:
        own |= holdings.family == product["family"]
    liked = {product[name] for name in ATTRIBUTES} | set(leads)
    if interests is not None:
        looked = {product[level] for level in _LEVELS}
        interests = interests.filter(_among(interests.subject, looked))
    return state._replace(
        holdings=holdings.filter(own).drop("as_of"),
        tastes=tastes.filter(_among(tastes.value, liked)).select(
            "customer_id", "attribute", "value", "share", "purchases", "last_days"
        ),
        interests=interests,
    )


def _among(column: ir.Value, values: set[str | None]) -> ir.BooleanValue:
    known = sorted(value for value in values if value is not None)
    return column.isin(known) if known else ibis.literal(False)  # noqa: FBT003 - a value
