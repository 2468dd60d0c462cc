"""How widely a customer chooses: products, categories and brands.

No category has a name here. A share per named category would tie the catalogue to one
retailer and break with the first new category, so three things stand for the whole: the
favourite (its name and its share), breadth (how many) and concentration (how even). The
complete mix reaches the models through the codings `affinity` and `lifestyle`, which learn
the categories once from the earliest training cut-off and are versioned.
"""

import ibis.expr.types as ir

from features.aggregates import share_of
from features.definition import feature
from features.grains import lines
from features.views import brands, categories
from features.windows import HALF_YEAR, YEAR


@feature(lines, unit="products", en="Products bought", zh="購買過的商品數", empty=0)
def bought_product_count(rows: ir.Table) -> ir.Value:
    """Distinct products ever bought; 0 without one. What was only returned does not count."""
    return rows.product_id.nunique(where=rows.sales > 0)


@feature(categories, unit="categories", en="Categories bought", zh="購買過的品類數", empty=0)
def bought_category_count(rows: ir.Table) -> ir.Value:
    """Distinct first-level categories ever bought; 0 without one."""
    return rows.count()


@feature(
    categories,
    unit="categories",
    en="Categories bought in the last year",
    zh="近一年品類數",
    empty=0,
)
def bought_category_count_365d(rows: ir.Table) -> ir.Value:
    """Distinct first-level categories bought in the last 365 days; 0 without one."""
    return (rows.last_days <= YEAR).cast("int64").sum()


@feature(
    categories,
    unit="categories",
    en="New categories in the last 180 days",
    zh="近 180 天新品類數",
    empty=0,
)
def new_category_count_180d(rows: ir.Table) -> ir.Value:
    """Categories bought for the first time in the last 180 days; 0 without one."""
    return (rows.first_days <= HALF_YEAR).cast("int64").sum()


@feature(categories, unit="text", en="Favourite category", zh="消費最多品類")
def favourite_category(rows: ir.Table) -> ir.Value:
    """First-level category on which most was spent; null without a sale in a category.

    Ties go to the category bought last, then to the first in the alphabet.
    """
    return rows.category.argmin(rows.order)


@feature(categories, unit="share", en="Share of the favourite category", zh="消費最多品類消費占比")
def favourite_category_spend_share(rows: ir.Table) -> ir.Value:
    """Spent on the favourite category over all that was spent in categories.

    Null where nothing was paid in a category.
    """
    return share_of(rows.amount.max(), rows.amount.sum())


@feature(
    categories,
    unit="share",
    en="Favourite category, share in the last year",
    zh="消費最多品類近一年消費占比",
)
def favourite_category_spend_share_365d(rows: ir.Table) -> ir.Value:
    """As `favourite_category_spend_share`, of what was spent in the last 365 days.

    The favourite is that of the whole history: a falling share says that taste moved on.
    Null where nothing was paid in a category in the window.
    """
    favourite = rows.amount_365d.argmin(rows.order)
    return share_of(favourite, rows.amount_365d.sum())


@feature(categories, unit="share", en="Concentration on few categories", zh="品類集中度")
def category_concentration_share(rows: ir.Table) -> ir.Value:
    """Sum of squared spend shares of the categories (Herfindahl): 1 is a single category.

    Null where nothing was paid in a category.
    """
    total = rows.amount.sum()
    return share_of((rows.amount * rows.amount).sum(), total * total)


@feature(
    categories, unit="days", en="Days since the favourite category", zh="距上次購買消費最多品類天數"
)
def days_since_favourite_category(rows: ir.Table) -> ir.Value:
    """Days since a sale in the favourite category, at least 1; null without such a sale."""
    return rows.last_days.argmin(rows.order)


@feature(brands, unit="brands", en="Brands bought", zh="購買過的品牌數", empty=0)
def bought_brand_count(rows: ir.Table) -> ir.Value:
    """Distinct brands ever bought; 0 without one."""
    return rows.count()


@feature(brands, unit="text", en="Favourite brand", zh="消費最多品牌")
def favourite_brand(rows: ir.Table) -> ir.Value:
    """Brand on which most was spent; null without a sale of a brand. Ties as for categories."""
    return rows.brand.argmin(rows.order)


@feature(brands, unit="share", en="Share of the favourite brand", zh="消費最多品牌消費占比")
def favourite_brand_spend_share(rows: ir.Table) -> ir.Value:
    """Spent on the favourite brand over all spent on brands; null where nothing was spent."""
    return share_of(rows.amount.max(), rows.amount.sum())
