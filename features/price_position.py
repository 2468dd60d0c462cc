"""Where a product's price stands among its like: 0 is the cheapest, 1 the dearest."""

import ibis
import ibis.expr.types as ir
from ibis import _

#: Thirds of the position among like products.
LOW_BAND, HIGH_BAND = 1 / 3, 2 / 3


def with_price_position(products: ir.Table) -> ir.Table:
    """Return the products with `price_position` and `brand_premium`.

    Parameters
    ----------
    products : Table
        Rows of `products`. Prices have no history: they are as delivered today.

    Returns
    -------
    Table
        The products, and beside them: `like`, the narrowest category that is known.
        `price_position` in [0, 1]: the share of the other priced products of the same `like`
        that are cheaper, ties counted half; null without a price or a category, 0.5 where it
        stands alone. `price_band`: `low`, `middle` or `high`, the thirds of the position.
        `brand_premium`: mean price of the brand in that category over the mean of the
        category; null likewise. `edition_language`: the language of the edition (`language`
        is the member's).
    """
    like = _.category_3.coalesce(_.category_2, _.category)
    placed = products.mutate(like=like, edition_language=_.language)
    priced = placed.filter(_.list_price.notnull(), _.like.notnull()).select(
        "product_id", "like", "brand", "list_price"
    )
    up = ibis.window(group_by="like", order_by="list_price")
    among = ibis.window(group_by="like")
    cheaper = ibis.rank().over(up)
    equal = ibis.window(group_by=["like", "list_price"])
    ranked = priced.mutate(
        cheaper=cheaper, ties=_.count().over(equal), size=_.count().over(among)
    ).mutate(
        price_position=(_.size > 1).ifelse(
            (_.cheaper + (_.ties - 1) / 2) / (_.size - 1).nullif(0), 0.5
        ),
        brand_premium=_.list_price.mean().over(ibis.window(group_by=["like", "brand"]))
        / _.list_price.mean().over(among).nullif(0),
    )
    joined = placed.left_join(
        ranked.select("product_id", "price_position", "brand_premium"), "product_id"
    ).drop("product_id_right")
    return joined.mutate(
        price_band=ibis.cases(
            (_.price_position < LOW_BAND, "low"),
            (_.price_position <= HIGH_BAND, "middle"),
            (_.price_position > HIGH_BAND, "high"),
        )
    )
