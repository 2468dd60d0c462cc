"""What grains look like at a cut-off, reduced once more: one row a customer and thing."""

import ibis
import ibis.expr.types as ir
from ibis import _

from features.definition import view
from features.grains import baskets, lines, looks
from features.price_position import with_price_position
from features.windows import QUARTER, YEAR

_KEY = ["customer_id", "as_of"]


@view(baskets)
def purchase_days(rows: ir.Table) -> ir.Table:
    """One row per day with a purchase; `gap` is the days since the one before (null: first)."""
    days = rows.group_by([*_KEY, "event_on"]).aggregate(days_before=_.days_before.min())
    earlier = ibis.window(group_by=_KEY, order_by=_.days_before.desc())
    return days.mutate(gap=_.days_before.lag().over(earlier) - _.days_before)


@view(baskets)
def orders(rows: ir.Table) -> ir.Table:
    """One row per order, its late parts included."""
    return rows.group_by([*_KEY, "order_id"]).aggregate(
        amount=_.amount.sum(),
        lines=_.lines.sum(),
        pieces=_.pieces.sum(),
        days_before=_.days_before.max(),
    )


@view(baskets)
def shops(rows: ir.Table, stores: ir.Table) -> ir.Table:
    """One row per store, with its format and region; `place` 0 is the one visited most.

    Ties go to the store visited last, then to the smaller id. Orders without a store (the
    web) have no row.
    """
    visited = (
        rows.filter(_.store_id.notnull())
        .group_by([*_KEY, "store_id"])
        .aggregate(orders=_.orders.sum(), days_before=_.days_before.min())
    )
    best = ibis.window(
        group_by=_KEY, order_by=[_.orders.desc(), _.days_before.asc(), _.store_id.asc()]
    )
    return visited.mutate(place=ibis.row_number().over(best)).left_join(
        stores.select("store_id", "format", store_region="region"), "store_id"
    )


@view(lines)
def holdings(rows: ir.Table, products: ir.Table) -> ir.Table:
    """One row per product a customer ever bought, with the attributes of the product.

    `pieces_held` is what was bought and not brought back, at least 0: a return without its
    purchase, which older data may lack, takes nothing away. `first_days` and `last_days` are
    the days from the first and the last sale to the cut-off; `last_pieces` were bought on
    the last day; `purchase_days` are distinct days with a sale, at all and within a window. A
    product that was only returned has a row with no sale. Attributes of a product that the
    catalogue lacks are null. Products without history are frozen: attributes are as delivered
    today.
    """
    sold = _.sales > 0
    bought = rows.group_by([*_KEY, "product_id"]).aggregate(
        sales=_.sales.sum(),
        pieces=_.pieces.sum(),
        amount=_.amount.sum(),
        amount_365d=_.amount.sum(where=_.days_before <= YEAR).fill_null(0.0),
        returns=_.returns.sum(),
        pieces_returned=_.pieces_returned.sum(),
        first_days=_.days_before.max(where=sold),
        last_days=_.days_before.min(where=sold),
        purchase_days=_.event_on.nunique(where=sold),
        purchase_days_90=_.event_on.nunique(where=sold & (_.days_before <= QUARTER)),
        purchase_days_365=_.event_on.nunique(where=sold & (_.days_before <= YEAR)),
        last_on=_.event_on.max(where=sold),
        first_on=_.event_on.min(where=sold),
    )
    on_last_day = (
        rows.filter(sold)
        .group_by([*_KEY, "product_id", "event_on"])
        .aggregate(last_pieces=_.pieces.sum())
        .rename(last_on="event_on")
    )
    return (
        bought.mutate(pieces_held=ibis.greatest(_.pieces - _.pieces_returned, 0.0))
        .left_join(on_last_day, [*_KEY, "product_id", "last_on"])
        .drop("customer_id_right", "as_of_right", "product_id_right", "last_on_right")
        .left_join(
            with_price_position(products).select(
                "product_id",
                "brand",
                "category",
                "category_2",
                "category_3",
                "like",
                "list_price",
                "price_position",
                "price_band",
                "brand_premium",
                "launched_on",
                "family",
                "generation",
                "edition_language",
                "days_of_supply",
            ),
            "product_id",
        )
        .drop("product_id_right")
    )


@view(lines)
def categories(rows: ir.Table, products: ir.Table) -> ir.Table:
    """One row per first-level category bought; the least `order` is where most was spent.

    Ties go to the category bought last, then to the first in the alphabet. Products without
    a category have no row. Made of the lines themselves: there are hardly fewer products than
    lines to a customer, but far fewer categories.
    """
    return _by_attribute(rows, products, "category")


@view(lines)
def brands(rows: ir.Table, products: ir.Table) -> ir.Table:
    """One row per brand bought; the least `order` is where most was spent, as for categories."""
    return _by_attribute(rows, products, "brand")


@view(holdings)
def tastes(rows: ir.Table) -> ir.Table:
    """One row per customer, attribute and value bought: the state that pairs are scored with.

    `attribute` is `category`, `like` (the narrowest category), `brand`, `like_brand` (the brand
    within the narrowest category) or `price_band`.
    `share` is of what the customer spent on products of which the attribute is known; null
    where nothing was paid.
    """
    rows = rows.mutate(like_brand=like_brand(rows.like, rows.brand))
    known = [
        rows.filter(_.sales > 0, _[name].notnull()).select(
            *_KEY,
            "amount",
            "purchase_days",
            "last_days",
            attribute=ibis.literal(name),
            value=_[name],
        )
        for name in ("category", "like", "brand", "like_brand", "price_band")
    ]
    spent = (
        ibis.union(*known)
        .group_by([*_KEY, "attribute", "value"])
        .aggregate(
            amount=_.amount.sum(), purchases=_.purchase_days.sum(), last_days=_.last_days.min()
        )
    )
    whole = ibis.window(group_by=[*_KEY, "attribute"])
    return spent.mutate(share=_.amount / _.amount.sum().over(whole).nullif(0))


def like_brand(like: ir.StringValue, brand: ir.StringValue) -> ir.StringValue:
    """Return a brand within a narrowest category, one value; null without either."""
    return like + " / " + brand


@view(looks)
def interests(rows: ir.Table) -> ir.Table:
    """One row per customer and subject searched for, viewed, clicked, liked or commented on.

    Subjects are products and categories, as the data name them, and pages. `share` is of all
    that the customer looked at; opened messages are not counted.
    """
    own = rows.filter(_.kind != "open")
    looked = own.group_by([*_KEY, "subject"]).aggregate(
        looks=_.interactions.sum(), last_days=_.days_before.min()
    )
    whole = ibis.window(group_by=_KEY)
    return looked.mutate(share=_.looks / _.looks.sum().over(whole))


@view(holdings)
def families(rows: ir.Table, products: ir.Table) -> ir.Table:
    """One row per product family held, with the newest generation held and the newest launched.

    Only what was not brought back counts. `newest` is the highest generation launched before
    the cut-off; a product without a launch day counts as launched.
    """
    held = (
        rows.filter(_.pieces_held > 0, _.family.notnull())
        .group_by([*_KEY, "family"])
        .aggregate(generation=_.generation.max(), last_days=_.last_days.min())
    )
    launched = (
        products.filter(_.family.notnull(), _.generation.notnull())
        .group_by(["family", "generation"])
        .aggregate(since=_.launched_on.min())
        .mutate(since=_.since.coalesce(ibis.date(1900, 1, 1)))
    )
    offered = (
        launched.join(rows.select("as_of").distinct(), _.since < rows.as_of)
        .group_by(["family", "as_of"])
        .aggregate(newest=_.generation.max())
    )
    return held.left_join(offered, ["family", "as_of"]).drop("family_right", "as_of_right")


def _by_attribute(rows: ir.Table, products: ir.Table, attribute: str) -> ir.Table:
    named = products.filter(_[attribute].notnull()).select("product_id", attribute)
    spent = (
        rows.filter(_.sales > 0)
        .join(named, "product_id")
        .group_by([*_KEY, attribute])
        .aggregate(
            amount=_.amount.sum(),
            amount_365d=_.amount.sum(where=_.days_before <= YEAR).fill_null(0.0),
            last_days=_.days_before.min(),
            first_days=_.days_before.max(),
        )
    )
    # The least of it is found in one pass; a rank would sort the rows of everybody.
    order = {"spent": -_.amount, "last_days": _.last_days, "name": _[attribute]}
    return spent.mutate(order=ibis.struct(order))
