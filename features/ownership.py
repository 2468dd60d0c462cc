"""What a customer has, and has not: products, families, generations and editions held."""

import ibis.expr.types as ir

from features.aggregates import latest_text
from features.definition import feature
from features.views import families, holdings

#: Whoever buys within so many days of the launch is an early adopter.
EARLY_DAYS = 90


@feature(holdings, unit="products", en="Products held", zh="持有商品數", empty=0)
def held_product_count(rows: ir.Table) -> ir.Value:
    """Distinct products bought and not brought back; 0 without one."""
    return (rows.pieces_held > 0).cast("int64").sum()


@feature(families, unit="families", en="Product families held", zh="持有商品系列數", empty=0)
def held_family_count(rows: ir.Table) -> ir.Value:
    """Distinct product families held; 0 without one. Products without a family do not count."""
    return rows.count()


@feature(
    families, unit="families", en="Families with a newer generation", zh="可升級系列數", empty=0
)
def outdated_family_count(rows: ir.Table) -> ir.Value:
    """Families held of which a newer generation was launched before the cut-off; 0 without one.

    These are the upgrades to offer: the customer has the family and has not the newest.
    """
    return (rows.newest > rows.generation).cast("int64").sum()


@feature(families, unit="rank", en="Generations behind", zh="落後世代數")
def max_generations_behind(rows: ir.Table) -> ir.Value:
    """Most generations by which a family held lags the newest; null without a family held.

    0 where everything held is the newest of its family.
    """
    return (rows.newest - rows.generation).max()


@feature(families, unit="days", en="Age of the oldest outdated product", zh="最舊可升級商品天數")
def oldest_outdated_days(rows: ir.Table) -> ir.Value:
    """Days since the last purchase of the outdated family bought longest ago.

    Null where nothing held is outdated.
    """
    return rows.last_days.max(where=rows.newest > rows.generation)


@feature(holdings, unit="days", en="Mean days from launch to purchase", zh="上市後平均購買天數")
def mean_adoption_days(rows: ir.Table) -> ir.Value:
    """Days from a product's launch to the customer's first purchase of it, on average.

    Null without a sale of a product whose launch is known; a purchase before the launch
    counts as 0.
    """
    days = rows.first_on.delta(rows.launched_on, unit="day")
    return (days < 0).ifelse(0, days).mean()  # an unknown launch stays null


@feature(holdings, unit="share", en="Share bought soon after launch", zh="新品早鳥購買占比")
def early_adoption_product_share(rows: ir.Table) -> ir.Value:
    """Products first bought within 90 days of their launch, over products with a known launch.

    Null without a sale of such a product.
    """
    days = rows.first_on.delta(rows.launched_on, unit="day")
    return (days <= EARLY_DAYS).cast("float64").mean()


@feature(holdings, unit="text", en="Language of the last edition bought", zh="最近購買版本語言")
def last_edition_language(rows: ir.Table) -> ir.Value:
    """Language of the edition bought last; null without a sale of a product with a language.

    Of editions bought on the same day, the last in the alphabet.
    """
    return latest_text(rows.edition_language, rows.last_days)
