"""Which prices a customer pays: the tier, and the taste for a bargain."""

import ibis.expr.types as ir

from features.aggregates import share_of
from features.definition import feature, windowed_feature
from features.grains import baskets
from features.views import holdings

#: A product is of the upper tier where it is dearer than so many of its like.
UPPER_TIER = 0.75


@windowed_feature(
    baskets,
    days=(90, 365),
    unit="share",
    en="Share of the list price saved, last {days} days",
    zh="近 {days} 天節省定價之比例",
)
def discount_share_within(rows: ir.Table, days: int) -> ir.Value:
    """Taken off the list price over the list price, of what was bought in the window.

    Null without a sale whose discount is known.
    """
    inside = rows.days_before <= days
    return share_of(rows.discount.sum(where=inside), rows.list_amount.sum(where=inside))


@feature(baskets, unit="share", en="Share of items bought at a discount", zh="折扣品項占比")
def discounted_line_share(rows: ir.Table) -> ir.Value:
    """Lines sold below the list price over the lines whose discount is known.

    Null without such a line.
    """
    return share_of(rows.reduced_lines.sum(), rows.priced_lines.sum())


@feature(baskets, unit="share", en="Share of items bought on promotion", zh="促銷品項占比")
def promoted_line_share(rows: ir.Table) -> ir.Value:
    """Lines to which a promotion applied over all lines sold; null without a sale."""
    return share_of(rows.promoted_lines.sum(), rows.lines.sum())


@feature(holdings, unit="share", en="Price tier chosen", zh="選購價位")
def price_tier_share(rows: ir.Table) -> ir.Value:
    """Mean position of what was bought among the prices of its like, weighted by pieces.

    0 is always the cheapest of the category, 1 always the dearest. Null without a sale of a
    product whose position is known; see `features.price_position`.
    """
    known = rows.price_position.notnull()
    weighted = (rows.price_position * rows.pieces).sum()
    return share_of(weighted, rows.pieces.sum(where=known))


@feature(
    holdings, unit="share", en="Share of pieces from the upper price tier", zh="高價位商品件數占比"
)
def upper_tier_piece_share(rows: ir.Table) -> ir.Value:
    """Pieces dearer than three quarters of their like over pieces whose position is known.

    Null without such a piece.
    """
    upper = rows.pieces.sum(where=rows.price_position > UPPER_TIER).fill_null(0)
    return share_of(upper, rows.pieces.sum(where=rows.price_position.notnull()))


@feature(holdings, unit="ratio", en="Price level of the brands chosen", zh="選購品牌價格水準")
def brand_premium_ratio(rows: ir.Table) -> ir.Value:
    """Mean price of the brands bought over that of their categories, weighted by pieces.

    Above 1 the customer takes dearer brands than there are; null without a sale of a product
    with a price and a category.
    """
    known = rows.brand_premium.notnull()
    return share_of((rows.brand_premium * rows.pieces).sum(), rows.pieces.sum(where=known))


@feature(holdings, unit="currency", en="Mean list price of what is bought", zh="購買商品平均定價")
def mean_list_price_amount(rows: ir.Table) -> ir.Value:
    """List price of a piece on average over all pieces sold; null where no price is known.

    Prices are as listed today.
    """
    weighted = (rows.list_price * rows.pieces).sum()
    return share_of(weighted, rows.pieces.sum(where=rows.list_price.notnull()))
