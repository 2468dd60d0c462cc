"""A product against all that its customer bought: what no row of the pair alone can tell.

Some are computed from arrays, not tables: `models.candidates` works out for the pairs that are
scored how strongly what a customer holds draws a product, and the stage hands it on as columns
of the pair. A customer who bought nothing is drawn to nothing: these are 0, never null.
"""

import ibis.expr.types as ir

from features.aggregates import share_of
from features.pairs import PairFeature, pair_feature


@pair_feature(unit="score", en="Bought by the same customers", zh="同好會員共購度")
def together_pull_score(pair: ir.Table) -> ir.Value:
    """Nearness to all that the customer bought, by who buys both; 0 if none, never null."""
    return pair.together_pull


@pair_feature(unit="score", en="Alike to what was bought", zh="與已購商品相似度")
def likeness_pull_score(pair: ir.Table) -> ir.Value:
    """Nearness to all that the customer bought, by name and attributes; 0 if none, never null."""
    return pair.likeness_pull


@pair_feature(unit="products", en="New products bought early", zh="新品早購數")
def early_product_count(pair: ir.Table) -> ir.Value:
    """Products bought within 30 days of their first sale to anybody; 0 without, never null."""
    return pair.early_products


@pair_feature(unit="share", en="Share of products bought early", zh="新品早購占比")
def early_product_share(pair: ir.Table) -> ir.Value:
    """Early products over all that were bought, drawn to 0 where these are few; never null."""
    return pair.early_share


@pair_feature(unit="share", en="Share of shopping days with it", zh="含此商品購物日占比")
def pair_purchase_share(pair: ir.Table) -> ir.Value:
    """Days with a purchase of it over all days with a purchase; 0 if never bought.

    Null for who never bought anything.
    """
    return share_of(pair.own_purchase_days.fill_null(0), pair.shopping_days)


@pair_feature(unit="days", en="Last bought before the last visit", zh="距最近購物日購買此商品天數")
def pair_before_last_visit_days(pair: ir.Table) -> ir.Value:
    """Days from its last purchase to the customer's latest one; 0: it was in the last basket.

    Null if never bought.
    """
    return pair.own_last_days - pair.last_visit_days


@pair_feature(unit="share", en="Dearer than what is usually bought", zh="高於慣常價格程度")
def price_gap_share(pair: ir.Table) -> ir.Value:
    """Its price position in its category minus the customer's mean one, in [-1, 1].

    Null where either is not known.
    """
    return pair.price_position - pair.price_tier


PULLS: tuple[PairFeature, ...] = (
    together_pull_score,
    likeness_pull_score,
    early_product_count,
    early_product_share,
    pair_purchase_share,
    pair_before_last_visit_days,
    price_gap_share,
)
