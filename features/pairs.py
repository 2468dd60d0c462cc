"""What is known of a customer and a product together; computed for the pairs that are scored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from features.aggregates import share_of
from features.pair_context import KnownState, offered, pair_context
from features.product import NEW_DAYS


@dataclass(frozen=True, kw_only=True, eq=False)
class PairFeature:
    """One column of a pair: a function of its row, whether or not the product was ever sold.

    Attributes
    ----------
    name, unit : str
        The column, and the unit of its values.
    value : callable
        Takes the rows of `pair_context`, returns a column of them.
    label : mapping
        What a marketer reads, by language.
    """

    name: str
    value: Callable[[ir.Table], ir.Value]
    unit: str
    label: Mapping[str, str]


def pair_feature(
    *, unit: str, en: str, zh: str
) -> Callable[[Callable[[ir.Table], ir.Value]], PairFeature]:
    """Declare a feature of pairs: the name of the function is the name of the column."""

    def declare(value: Callable[[ir.Table], ir.Value]) -> PairFeature:
        return PairFeature(
            name=value.__name__, value=value, unit=unit, label={"en": en, "zh-TW": zh}
        )

    return declare


@pair_feature(unit="text", en="State of the pair", zh="會員與商品關係")
def pair_state(pair: ir.Table) -> ir.Value:
    """REPEAT, UPGRADE, NEW or CROSS, the first that applies; never null.

    REPEAT: the customer bought this very product. UPGRADE: holds an older generation of its
    family. NEW: it was launched, or first sold, less than 90 days ago, or never. CROSS: the
    rest.
    """
    age = pair.launch_days.coalesce(pair.first_sale_days)
    return ibis.cases(
        (pair.own_purchase_days.notnull(), "REPEAT"),
        (pair.old_generation.notnull(), "UPGRADE"),
        ((age < NEW_DAYS) | age.isnull(), "NEW"),
        else_="CROSS",
    )


@pair_feature(unit="days", en="Days since it was bought", zh="距上次購買此商品天數")
def pair_last_purchase_days(pair: ir.Table) -> ir.Value:
    """Days since the customer bought this product, at least 1; null if never."""
    return pair.own_last_days


@pair_feature(unit="days", en="Days on which it was bought", zh="購買此商品的天數")
def pair_purchase_days_count(pair: ir.Table) -> ir.Value:
    """Distinct days on which the customer bought this product; 0 if never, never null."""
    return pair.own_purchase_days.fill_null(0)


@pair_feature(
    unit="days", en="Days on which it was bought, last 90 days", zh="近 90 天購買此商品的天數"
)
def pair_purchase_days_count_90d(pair: ir.Table) -> ir.Value:
    """Distinct days in the last 90 on which the customer bought it; 0 if never, never null."""
    return pair.own_purchase_days_90.fill_null(0)


@pair_feature(unit="days", en="Days on which it was bought, last year", zh="近一年購買此商品的天數")
def pair_purchase_days_count_365d(pair: ir.Table) -> ir.Value:
    """Distinct days in the last 365 on which the customer bought it; 0 if never, never null."""
    return pair.own_purchase_days_365.fill_null(0)


def expected_gap(pair: ir.Table) -> ir.FloatingValue:
    """Return the days after which the product is due.

    The first that is known: the days that the pieces bought last will last, the customer's
    own mean gap, the typical gap of the category.
    """
    supply = pair.days_of_supply * pair.own_last_pieces
    own = share_of(pair.own_first_days - pair.own_last_days, pair.own_purchase_days - 1)
    return ibis.coalesce(supply.nullif(0), own, pair.repurchase_gap)


@pair_feature(
    unit="ratio", en="Time elapsed over the expected interval", zh="已過時間與預期回購間隔之比"
)
def pair_elapsed_ratio(pair: ir.Table) -> ir.Value:
    """Days since the purchase over the days after which it is due; above 1 it is overdue.

    Null if it was never bought, or no interval is known. The interval is that of the supply,
    else of the customer, else of the category.
    """
    return share_of(pair.own_last_days, expected_gap(pair))


@pair_feature(unit="days", en="Days of supply left", zh="此商品剩餘可用天數")
def pair_supply_left_days(pair: ir.Table) -> ir.Value:
    """Days until what was bought last is used up, negative once it is.

    Null for what is not used up, or was never bought.
    """
    return pair.days_of_supply * pair.own_last_pieces - pair.own_last_days


@pair_feature(unit="flag", en="Owns a predecessor", zh="持有前一代商品")
def owns_predecessor(pair: ir.Table) -> ir.Value:
    """1 where the customer holds an older generation of the family, else 0; never null."""
    return pair.old_generation.notnull().cast("int64")


@pair_feature(unit="days", en="Age of the predecessor owned", zh="持有前一代商品天數")
def predecessor_age_days(pair: ir.Table) -> ir.Value:
    """Days since the newest older generation held was bought; null without one."""
    return pair.old_days


@pair_feature(unit="rank", en="Generations ahead of the one owned", zh="領先持有商品世代數")
def generations_ahead(pair: ir.Table) -> ir.Value:
    """Count generations from the newest older one held to the one offered; null without one."""
    return pair.generation - pair.old_generation


@pair_feature(unit="share", en="Affinity to its first-level category", zh="大品類偏好占比")
def category_affinity_share(pair: ir.Table) -> ir.Value:
    """Share of the customer's spending on its first-level category; 0 without a purchase of it.

    Null where the product has no category.
    """
    return pair.category.notnull().ifelse(pair.category_share.fill_null(0.0), ibis.null("float64"))


@pair_feature(
    unit="days", en="Days since its first-level category was bought", zh="距上次購買大品類天數"
)
def category_last_days(pair: ir.Table) -> ir.Value:
    """Days since the customer bought in its first-level category; null if never."""
    return pair.category_last_days


@pair_feature(unit="purchases", en="Purchases in its first-level category", zh="大品類購買次數")
def category_purchase_count(pair: ir.Table) -> ir.Value:
    """Purchase days of each product of its first-level category, added up; 0 without one.

    Null where the product has no category.
    """
    return pair.category.notnull().ifelse(pair.category_purchases.fill_null(0), ibis.null("int64"))


@pair_feature(unit="purchases", en="Purchases in its narrowest category", zh="小品類購買次數")
def like_purchase_count(pair: ir.Table) -> ir.Value:
    """Purchase days of each product of its narrowest category, added up; 0 without one.

    Null where the product has no category.
    """
    return pair["like"].notnull().ifelse(pair.like_purchases.fill_null(0), ibis.null("int64"))


@pair_feature(unit="share", en="Affinity to its narrowest category", zh="小品類偏好占比")
def like_affinity_share(pair: ir.Table) -> ir.Value:
    """Share of the customer's spending on its narrowest category; 0 without a purchase of it.

    Null where the product has no category.
    """
    return pair.like.notnull().ifelse(pair.like_share.fill_null(0.0), ibis.null("float64"))


@pair_feature(
    unit="days", en="Days since its narrowest category was bought", zh="距上次購買小品類天數"
)
def like_last_days(pair: ir.Table) -> ir.Value:
    """Days since the customer bought in its narrowest category; null if never."""
    return pair.like_last_days


@pair_feature(unit="share", en="Affinity to its brand", zh="品牌偏好占比")
def brand_affinity_share(pair: ir.Table) -> ir.Value:
    """Share of the customer's spending on its brand; 0 without a purchase of it.

    Null where the product has no brand.
    """
    return pair.brand.notnull().ifelse(pair.brand_share.fill_null(0.0), ibis.null("float64"))


@pair_feature(unit="days", en="Days since its brand was bought", zh="距上次購買品牌天數")
def brand_last_days(pair: ir.Table) -> ir.Value:
    """Days since the customer bought its brand; null if never."""
    return pair.brand_last_days


@pair_feature(unit="share", en="Affinity to its brand in its category", zh="同類中品牌偏好占比")
def like_brand_affinity_share(pair: ir.Table) -> ir.Value:
    """Share of the customer's spending on its brand within its narrowest category; else 0.

    Null where the product has no brand or no category.
    """
    known = pair.like_brand.notnull()
    return known.ifelse(pair.like_brand_share.fill_null(0.0), ibis.null("float64"))


@pair_feature(
    unit="days", en="Days since its brand was bought in its category", zh="距上次購買同類品牌天數"
)
def like_brand_last_days(pair: ir.Table) -> ir.Value:
    """Days since the customer bought its brand in its narrowest category; null if never."""
    return pair.like_brand_last_days


@pair_feature(unit="share", en="Share of looks at it or its categories", zh="瀏覽此品類占比")
def interest_share(pair: ir.Table) -> ir.Value:
    """Return looks at the product or its categories over all that the customer looked at.

    Null without one, or where nobody records looks.
    """
    return pair.interest_share


@pair_feature(unit="interactions", en="Looks at it or its categories", zh="瀏覽此品類次數")
def interest_look_count(pair: ir.Table) -> ir.Value:
    """Count what `interest_share` divides: searches, views, clicks, likes; null without one."""
    return pair.interest_looks


@pair_feature(unit="share", en="Affinity to its price band", zh="價格帶偏好占比")
def price_band_affinity_share(pair: ir.Table) -> ir.Value:
    """Share of the customer's spending in its price band; 0 without a purchase in it.

    Null where the product has no price or no category.
    """
    known = pair.price_band.notnull()
    return known.ifelse(pair.price_band_share.fill_null(0.0), ibis.null("float64"))


@pair_feature(unit="score", en="Goes with what was bought", zh="與已購商品搭配度")
def co_purchase_score(pair: ir.Table) -> ir.Value:
    """Highest confidence with which something the customer bought draws its category, in [0, 1].

    0 where nothing does; never null.
    """
    return pair.go_confidence.fill_null(0.0)


@pair_feature(unit="ratio", en="Lift from what was bought", zh="與已購商品搭配提升度")
def co_purchase_lift_ratio(pair: ir.Table) -> ir.Value:
    """Highest lift from something the customer bought to its category; null where nothing draws it.

    1 is chance.
    """
    return pair.go_lift


PAIR_FEATURES: dict[str, PairFeature] = {
    one.name: one for one in tuple(globals().values()) if isinstance(one, PairFeature)
}


def pair_table(
    pairs: ir.Table,
    state: KnownState,
    *,
    passed_in: ir.Table | None = None,
    features: Sequence[PairFeature] = tuple(PAIR_FEATURES.values()),
) -> ir.Table:
    """Return the features of some pairs: the same for products sold and for those passed in.

    Parameters
    ----------
    pairs : Table
        Distinct `customer_id` and `product_id`; of products in the catalogue or passed in.
    state : KnownState
        What the snapshot of one cut-off keeps.
    passed_in : Table, optional
        Products that no snapshot has seen, with the columns of `products`.
    features : sequence of PairFeature
        The columns.

    Returns
    -------
    Table
        `customer_id`, `product_id`, and one column a feature.
    """
    context = pair_context(pairs, state, offered(state, passed_in))
    return context.select(
        "customer_id", "product_id", **{one.name: one.value(context) for one in features}
    )
