"""A customer beside a product: all that functions of the pair may look at, in one row."""

from typing import NamedTuple

import ibis
import ibis.expr.types as ir
from ibis import _

from features.price_position import with_price_position
from features.views import like_brand

ATTRIBUTES = ("category", "like", "brand", "like_brand", "price_band")


class KnownState(NamedTuple):
    """What a snapshot keeps of customers and products so that any pair can be scored.

    Attributes
    ----------
    holdings : Table
        Products that customers bought; see `features.views.holdings`.
    tastes : Table
        Shares of attributes in what customers bought; see `features.views.tastes`.
    offers : Table
        Products with their sales and typical gaps; see `features.shelf.offers`.
    associations : Table
        Categories that go together; see `features.shelf.associations`.
    products : Table
        The catalogue, with which a product that is passed in is compared.
    interests : Table, optional
        What customers looked at; see `features.views.interests`.

    All but the products are of one cut-off; `as_of` is dropped.
    """

    holdings: ir.Table
    tastes: ir.Table
    offers: ir.Table
    associations: ir.Table
    products: ir.Table
    interests: ir.Table | None = None


def offered(state: KnownState, passed_in: ir.Table | None = None) -> ir.Table:
    """Return the products of pairs, with what is known of them and of their like.

    Parameters
    ----------
    state : KnownState
        Of one cut-off.
    passed_in : Table, optional
        Rows with the columns of `products` that no snapshot has seen: a product nobody has
        sold. They take the place of products with the same id. Their price position is among
        the catalogue, their typical gap is that of their category.

    Returns
    -------
    Table
        `product_id`, the attributes, `launch_days` (null where unknown), `first_sale_days`,
        `pieces_30` and `repurchase_gap`.
    """
    catalogue = state.products
    if passed_in is not None:
        passed_in = passed_in.select(catalogue.columns).cast(dict(catalogue.schema().items()))
        kept = catalogue.anti_join(passed_in.select("product_id"), "product_id")
        catalogue = kept.union(passed_in)
    placed = with_price_position(catalogue)
    attributes = placed.mutate(like_brand=like_brand(placed.like, placed.brand)).select(
        "product_id", "category", "category_2", "like", "like_brand", "brand", "price_band",
        "price_position", "family", "generation", "days_of_supply", "launched_on",
    )  # fmt: skip
    sold = state.offers.select(
        "product_id", "as_of", "first_sale_days", "pieces_30", "repurchase_gap"
    )
    # The like of a product that nobody has sold knows how soon it is bought again.
    of_like = _typical(state.offers, "like", "repurchase_gap")
    of_wide = _typical(state.offers, "wide", "wide_gap")
    day = state.offers.as_of.max().name("day")
    whole = (
        attributes.left_join(sold, "product_id")
        .drop("product_id_right")
        .left_join(of_like, "like")
        .drop("like_right")
        .left_join(of_wide, _.category == of_wide.wide)
        .drop("wide")
        .cross_join(state.offers.aggregate(day))
    )
    return whole.mutate(
        launch_days=_.day.delta(_.launched_on, unit="day"),
        pieces_30=_.pieces_30.fill_null(0.0),
        repurchase_gap=_.repurchase_gap.coalesce(_.like_gap, _.gap_of_wide),
    ).drop("like_gap", "gap_of_wide", "launched_on", "as_of", "day")


def _typical(offers: ir.Table, level: str, gap: str) -> ir.Table:
    """Return the typical gap of each category at a level."""
    known = offers.filter(_[level].notnull(), _[gap].notnull())
    name = {"like": "like_gap", "wide": "gap_of_wide"}[level]
    return known.group_by(level).aggregate(_[gap].min().name(name))


def pair_context(pairs: ir.Table, state: KnownState, products: ir.Table) -> ir.Table:
    """Return one row per pair with all that `features.pairs` looks at.

    Parameters
    ----------
    pairs : Table
        Distinct `customer_id` and `product_id`; further columns are kept.
    state : KnownState
        Of one cut-off.
    products : Table
        What `offered` returned.

    Returns
    -------
    Table
        The attributes of the product, and with the prefix `own_` the customer's holding of
        this very product, `old_` the newest older generation of its family that is held,
        `category_`, `like_`, `brand_`, `like_brand_`, `price_band_` the customer's taste for its
        attributes (`share`, `purchases`, `last_days`), `interest_` what was looked at, `go_`
        the best association from what the customer bought.
    """
    wanted = pairs.join(products, "product_id")
    own = state.holdings.filter(_.sales > 0).select(
        "customer_id", "product_id", own_last_days="last_days", own_first_days="first_days",
        own_purchase_days="purchase_days", own_purchase_days_90="purchase_days_90",
        own_purchase_days_365="purchase_days_365", own_last_pieces="last_pieces",
        own_pieces_held="pieces_held",
    )  # fmt: skip
    key = ["customer_id", "product_id"]
    whole = wanted.left_join(own, key).drop(*(f"{name}_right" for name in key))
    whole = whole.left_join(_predecessor_held(wanted, state), key).drop(
        *(f"{name}_right" for name in key)
    )
    for attribute in ATTRIBUTES:
        taste = state.tastes.filter(_.attribute == attribute).select(
            "customer_id", value="value",
            **{f"{attribute}_{of}": of for of in ("share", "purchases", "last_days")},
        )  # fmt: skip
        whole = whole.left_join(
            taste, [whole.customer_id == taste.customer_id, whole[attribute] == taste.value]
        ).drop("customer_id_right", "value")
    drawn = ["customer_id", "like"]
    if state.interests is None:
        whole = whole.mutate(interest_share=ibis.null("float64"), interest_looks=ibis.null("int64"))
    else:
        whole = whole.left_join(_interest(wanted, state.interests), key).drop(
            *(f"{name}_right" for name in key)
        )
    return whole.left_join(_goes_with(wanted, state), drawn).drop(
        *(f"{name}_right" for name in drawn)
    )


def _predecessor_held(wanted: ir.Table, state: KnownState) -> ir.Table:
    held = state.holdings.filter(
        _.pieces_held > 0, _.family.notnull(), _.generation.notnull()
    ).select("customer_id", "family", held="generation", old_days="last_days")
    older = (
        wanted.select("customer_id", "product_id", "family", "generation")
        .join(held, ["customer_id", "family"])
        .filter(_.held < _.generation)
    )
    newest = ibis.window(
        group_by=["customer_id", "product_id"], order_by=[_.held.desc(), _.old_days.asc()]
    )
    return (
        older.mutate(place=ibis.row_number().over(newest))
        .filter(_.place == 0)
        .select("customer_id", "product_id", old_generation="held", old_days="old_days")
    )


def _interest(wanted: ir.Table, interests: ir.Table) -> ir.Table:
    """Return how much each customer looked at a product, or at one of its categories."""
    looked = interests.semi_join(wanted, "customer_id").drop("last_days")
    levels = ("product_id", "category", "category_2", "like")
    subjects = [
        wanted.select("customer_id", "product_id", subject=wanted[level]) for level in levels
    ]
    return (
        ibis.union(*subjects, distinct=True)
        .join(looked, ["customer_id", "subject"])
        .group_by(["customer_id", "product_id"])
        .aggregate(interest_share=_.share.sum(), interest_looks=_.looks.sum())
    )


def _goes_with(wanted: ir.Table, state: KnownState) -> ir.Table:
    """Return the strongest association of each category with what its customer bought.

    By customer and category: a customer is offered many products of the same one.
    """
    bought = (
        state.tastes.filter(_.attribute == "like")
        .semi_join(wanted, "customer_id")
        .select("customer_id", lead="value", go_days="last_days")
    )
    pulls = (
        state.associations.filter(_.season == "all")
        .select("lead", "confidence", "lift", like="companion")
        .semi_join(wanted, "like")
    )
    return (
        bought.join(pulls, "lead")
        .group_by(["customer_id", "like"])
        .aggregate(
            go_confidence=_.confidence.max(), go_lift=_.lift.max(), go_last_days=_.go_days.min()
        )
    )
