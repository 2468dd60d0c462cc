"""What is known of a product: heat, stage of life, price, family, rhythm, companions.

Nothing depends on which product it is: one that nobody has sold yet has a full row, from its
attributes and from what is known of its like.
"""

import ibis
import ibis.expr.types as ir

from features.aggregates import change_of
from features.definition import feature, windowed_feature
from features.shelf import best_companions, best_season_companions, offers
from features.windows import MONTH, QUARTER, YEAR

#: A product is new for so long after its launch, or after its first sale.
NEW_DAYS = 90
#: Changes of half a year against the one before from which a curve rises or falls.
RISING, FALLING = 0.2, -0.2


@windowed_feature(
    offers,
    days=(MONTH, QUARTER, YEAR),
    unit="pieces",
    en="Pieces sold in the last {days} days",
    zh="近 {days} 天銷售件數",
)
def sold_pieces_count_within(rows: ir.Table, days: int) -> ir.Value:
    """Pieces sold in the window, to members or not; 0 without a sale, never null."""
    return rows[f"pieces_{days}"].max()


@feature(
    offers, unit="pieces", en="Pieces sold in the coming quarter last year", zh="去年同季銷售件數"
)
def season_pieces_count_90d(rows: ir.Table) -> ir.Value:
    """Pieces sold in the 90 days from a year before the cut-off on; 0 without, never null."""
    return rows.season_pieces.max()


@feature(offers, unit="customers", en="Buyers in the last 90 days", zh="近 90 天購買會員數")
def buyer_customer_count_90d(rows: ir.Table) -> ir.Value:
    """Distinct members who bought it in the last 90 days; 0 without one, never null."""
    return rows.buyers_90.max()


@feature(offers, unit="customers", en="Buyers in the last year", zh="近一年購買會員數")
def buyer_customer_count_365d(rows: ir.Table) -> ir.Value:
    """Distinct members who bought it in the last 365 days; 0 without one, never null."""
    return rows.buyers_365.max()


@feature(
    offers,
    unit="share",
    en="Heat: share of its category's pieces, last 30 days",
    zh="商品熱度（近 30 天占同類銷售件數）",  # noqa: RUF001
)
def heat_share(rows: ir.Table) -> ir.Value:
    """Pieces of the last 30 days over those of its narrowest category.

    Null without a category, or where nothing of the category was sold.
    """
    return rows.heat_share.max()


@feature(offers, unit="ratio", en="Trend of heat, last 30 days", zh="近 30 天熱度變化")
def heat_trend_ratio_30d(rows: ir.Table) -> ir.Value:
    """(recent - earlier) / (recent + earlier) of the pieces in two windows of 30 days.

    From -1 to 1; null without a sale in either.
    """
    return change_of(rows.pieces_30.max(), rows.pieces_60.max() - rows.pieces_30.max())


@feature(offers, unit="ratio", en="Trend of heat, last 90 days", zh="近 90 天熱度變化")
def heat_trend_ratio_90d(rows: ir.Table) -> ir.Value:
    """(recent - earlier) / (recent + earlier) of the pieces in two windows of 90 days.

    From -1 to 1; null without a sale in either.
    """
    return change_of(rows.pieces_90.max(), rows.pieces_180.max() - rows.pieces_90.max())


@feature(
    offers, unit="pieces", en="Pieces sold in its category, last 30 days", zh="同類近 30 天銷量"
)
def category_pieces_count_30d(rows: ir.Table) -> ir.Value:
    """Pieces sold in its narrowest category in the last 30 days; null without a category."""
    return rows.like_pieces_30.max()


@feature(offers, unit="pieces", en="Pieces sold in its category a year ago", zh="同類去年同季銷量")
def category_season_pieces_count_90d(rows: ir.Table) -> ir.Value:
    """Pieces sold in its narrowest category in the 90 days from a year before the cut-off on.

    A product that did not exist then has the season of its like. Null without a category.
    """
    return rows.like_season_pieces.max()


@feature(offers, unit="text", en="Category", zh="品類")
def product_category(rows: ir.Table) -> ir.Value:
    """First-level category of the product; null where none is known."""
    return rows.wide.max()


@feature(offers, unit="text", en="Narrowest category", zh="最小品類")
def product_narrow_category(rows: ir.Table) -> ir.Value:
    """Narrowest category of the product that is known; null without one."""
    return rows["like"].max()


@feature(offers, unit="text", en="Life-cycle stage", zh="商品生命週期階段")
def life_cycle_stage(rows: ir.Table) -> ir.Value:
    """Read from the dates and the sales curve; never null.

    `announced` before the launch; `withdrawn` from the day it left the range; `launch` in the
    first 90 days after the launch (or the first sale, where the launch is unknown); `unsold`
    without a sale in the last 180 days; then by the last 90 days against the 90 before:
    `growth` above 0.2, `decline` below -0.2, else `mature`.
    """
    age = rows.launch_days.max().coalesce(rows.first_sale_days.max())
    trend = change_of(rows.pieces_90.max(), rows.pieces_180.max() - rows.pieces_90.max())
    withdrawn = (rows.withdrawn_on < rows.as_of).max().fill_null(False)  # noqa: FBT003 - a value
    return ibis.cases(
        (age <= 0, "announced"),
        (withdrawn, "withdrawn"),
        (age <= NEW_DAYS, "launch"),
        (rows.pieces_180.max() == 0, "unsold"),
        (trend > RISING, "growth"),
        (trend < FALLING, "decline"),
        else_="mature",
    )


@feature(offers, unit="flag", en="New product", zh="新商品")
def is_new_product(rows: ir.Table) -> ir.Value:
    """1 up to 90 days after the launch, and before it; else 0; never null.

    Where the launch is unknown the first sale counts; without either the product is new.
    """
    age = rows.launch_days.max().coalesce(rows.first_sale_days.max())
    return (age <= NEW_DAYS).fill_null(True).cast("int64")  # noqa: FBT003 - a value


@feature(offers, unit="days", en="Days since launch", zh="上市天數")
def days_since_launch(rows: ir.Table) -> ir.Value:
    """Days from the launch to the cut-off, negative before it; null where it is unknown."""
    return rows.launch_days.max()


@feature(offers, unit="days", en="Days since the last sale", zh="距上次售出天數")
def days_since_last_sale(rows: ir.Table) -> ir.Value:
    """Days from the latest sale to the cut-off, at least 1; null without a sale."""
    return rows.last_sale_days.max()


@feature(offers, unit="currency", en="List price", zh="定價")
def product_list_price_amount(rows: ir.Table) -> ir.Value:
    """List price of a piece as delivered today; null where it is unknown."""
    return rows.list_price.max()


@feature(offers, unit="share", en="Price position in its category", zh="同類價格定位")
def product_price_position_share(rows: ir.Table) -> ir.Value:
    """0 is the cheapest of its narrowest category, 1 the dearest; null without price or category.

    0.5 where it stands alone.
    """
    return rows.price_position.max()


@feature(offers, unit="ratio", en="Price level of its brand", zh="品牌價格水準")
def product_brand_premium_ratio(rows: ir.Table) -> ir.Value:
    """Mean price of the brand over that of the category; null without price or category."""
    return rows.brand_premium.max()


@feature(offers, unit="rank", en="Generation within its family", zh="系列中的世代")
def product_generation(rows: ir.Table) -> ir.Value:
    """Position within its family, from 1; null where it has no family."""
    return rows.generation.max()


@feature(offers, unit="flag", en="Has a predecessor", zh="有前一代商品")
def has_predecessor_product(rows: ir.Table) -> ir.Value:
    """1 where its family has a lower generation; else 0, also without a family; never null."""
    return rows.has_predecessor.max().fill_null(False).cast("int64")  # noqa: FBT003 - a value


@feature(offers, unit="days", en="Days since its successor was launched", zh="後繼商品上市天數")
def days_since_successor_launch(rows: ir.Table) -> ir.Value:
    """Days from the launch of the next generation to the cut-off.

    Null before that launch, and without a next generation.
    """
    days = rows.as_of.max().delta(rows.successor_on.max(), unit="day")
    return (days > 0).ifelse(days, ibis.null("int64"))


@feature(offers, unit="days", en="Typical days until bought again", zh="典型回購間隔天數")
def typical_repurchase_days(rows: ir.Table) -> ir.Value:
    """Median days between two purchases of a customer in its category.

    Of the narrowest category with 20 gaps; null where there are not so many.
    """
    return rows.repurchase_gap.max()


@feature(offers, unit="days", en="Days that a piece lasts", zh="每件可用天數")
def supply_of_piece_days(rows: ir.Table) -> ir.Value:
    """Days of supply as delivered; null for what is not used up."""
    return rows.days_of_supply.max()


@feature(best_companions, unit="text", en="Category it is best combined with", zh="最佳搭配品類")
def companion_category(rows: ir.Table) -> ir.Value:
    """Category that its own attracts most in the same order; null below 10 joint orders."""
    return rows.companion.max()


@feature(best_companions, unit="share", en="Support of the best companion", zh="最佳搭配支持度")
def companion_support_share(rows: ir.Table) -> ir.Value:
    """Share of all orders that hold its category and the companion; null without a companion."""
    return rows.support.max()


@feature(best_companions, unit="share", en="Confidence of the best companion", zh="最佳搭配信心度")
def companion_confidence_share(rows: ir.Table) -> ir.Value:
    """Share of orders with its category that hold the companion too; null without a companion."""
    return rows.confidence.max()


@feature(best_companions, unit="ratio", en="Lift of the best companion", zh="最佳搭配提升度")
def companion_lift_ratio(rows: ir.Table) -> ir.Value:
    """Confidence over the companion's share of all orders; null without a companion.

    1 is chance.
    """
    return rows.lift.max()


@feature(
    best_season_companions,
    unit="text",
    en="Category it is best combined with in this season",
    zh="當季最佳搭配品類",
)
def season_companion_category(rows: ir.Table) -> ir.Value:
    """Category that its own attracts most in orders of the cut-off's season, in any year.

    Null below 10 joint orders in that season.
    """
    return rows.companion.max()


@feature(
    best_season_companions,
    unit="ratio",
    en="Lift of the best companion in this season",
    zh="當季最佳搭配提升度",
)
def season_companion_lift_ratio(rows: ir.Table) -> ir.Value:
    """Confidence over the companion's share of the season's orders; null without a companion.

    1 is chance.
    """
    return rows.lift.max()
