"""Products as rows to count: what is listed, and what was sold of it."""

import ibis
import ibis.expr.types as ir
from ibis import _

from features.definition import grain, view
from features.price_position import with_price_position
from features.windows import HALF_YEAR, MONTH, QUARTER, YEAR

_KEY = ["product_id", "as_of"]
#: The catalogue has no history: what is listed today was always listed.
_ALWAYS = ibis.date(1900, 1, 1)
#: More days than there are since then.
_MANY_DAYS = 10**6
#: Gaps of which a typical one may be taken.
LEAST_GAPS = 20
#: Joint orders below which an association may be chance.
LEAST_JOINT_ORDERS = 10


@grain("product", within="order_id")
def shelf(products: ir.Table, transactions: ir.Table) -> ir.Table:
    """One row per product listed, and one per product, customer and day it was sold.

    The listed row carries the attributes; its `event_on` is the launch, null where unknown,
    and may lie ahead. Sales without a customer count as those of one anonymous buyer a day.
    """
    listed = _with_successor(with_price_position(products)).select(
        "product_id",
        event_on=_.launched_on,
        available_on=_ALWAYS,
        listed=True,
        customer_id=ibis.null("string"),
        pieces=0.0,
        like=_.like,
        wide=_.category,
        price_position=_.price_position,
        brand_premium=_.brand_premium,
        price_band=_.price_band,
        list_price=_.list_price,
        generation=_.generation,
        has_predecessor=_.has_predecessor,
        successor_on=_.successor_on,
        withdrawn_on=_.withdrawn_on,
        days_of_supply=_.days_of_supply,
    )
    sold = (
        transactions.filter(_.kind == "sale")
        .group_by(["product_id", "event_on", "available_on", "customer_id"])
        .aggregate(pieces=_.quantity.sum())
        .mutate(listed=False)
    )
    missing = {
        name: ibis.null(kind) for name, kind in listed.schema().items() if name not in sold.columns
    }
    return listed.union(sold.mutate(**missing).select(listed.columns))


def _with_successor(products: ir.Table) -> ir.Table:
    """Add `successor_on`, the launch of the next generation, and `has_predecessor`.

    A higher generation of the same family succeeds; generations are numbers, so that a
    family has no cycles. A successor without a launch day is not known to be launched.
    """
    others = products.filter(_.family.notnull(), _.generation.notnull()).select(
        "family", other="generation", other_on="launched_on"
    )
    related = (
        products.select("product_id", "family", "generation")
        .join(others, "family")
        .group_by("product_id")
        .aggregate(
            successor_on=_.other_on.min(where=_.other > _.generation),
            has_predecessor=(_.other < _.generation).any(),
        )
    )
    return products.left_join(related, "product_id").drop("product_id_right")


@view(shelf)
def offers(rows: ir.Table) -> ir.Table:
    """One row per product, sold or not, with its attributes and what was sold in each window.

    `repurchase_gap` is the median of the days between two purchases of the same customer in
    the product's narrowest category, and where those are too few in its first-level
    category (`wide_gap`); it never depends on the product itself, so that an unsold one has
    it too.
    """
    sold = ~_.listed
    windows = {
        f"pieces_{days}": _.pieces.sum(where=sold & (_.days_before <= days)).fill_null(0.0)
        for days in (MONTH, 2 * MONTH, QUARTER, HALF_YEAR, YEAR)
    }
    coming = (_.days_before <= YEAR) & (_.days_before > YEAR - QUARTER)
    facts = rows.group_by(_KEY).aggregate(
        **windows,
        season_pieces=_.pieces.sum(where=sold & coming).fill_null(0.0),
        buyers_90=_.customer_id.nunique(where=sold & (_.days_before <= QUARTER)),
        buyers_365=_.customer_id.nunique(where=sold & (_.days_before <= YEAR)),
        first_sale_days=_.days_before.max(where=sold),
        last_sale_days=_.days_before.min(where=sold),
    )
    listed = rows.filter(_.listed).select(
        *_KEY, "like", "wide", "price_position", "brand_premium", "price_band", "list_price",
        "generation", "has_predecessor", "successor_on", "withdrawn_on", "days_of_supply",
        launch_days="days_before",
    )  # fmt: skip
    whole = listed.join(facts, _KEY)
    gaps = _typical_gaps(rows, "like"), _typical_gaps(rows, "wide")
    for gap, level in zip(gaps, ("like", "wide"), strict=True):
        whole = whole.left_join(gap, ["as_of", level]).drop("as_of_right", f"{level}_right")
    return (
        whole.mutate(
            repurchase_gap=_.gap_like.coalesce(_.gap_wide),
            # Products without a category are not alike for that.
            heat_share=_.like.notnull().ifelse(
                _.pieces_30 / _.pieces_30.sum().over(group_by=["as_of", "like"]).nullif(0),
                ibis.null("float64"),
            ),
            like_pieces_30=_of_like(_.pieces_30),
            like_season_pieces=_of_like(_.season_pieces),
        )
        .drop("gap_like")
        .rename(wide_gap="gap_wide")
    )


def _of_like(pieces: ir.Value) -> ir.Value:
    """Return what was sold in the narrowest category of each product; null without one."""
    whole = pieces.sum().over(group_by=["as_of", "like"])
    return _.like.notnull().ifelse(whole, ibis.null("float64"))


def _typical_gaps(rows: ir.Table, level: str) -> ir.Table:
    """Return the median days between purchases of a customer at a level; rows: as_of, level."""
    attributes = rows.filter(_.listed, _[level].notnull()).select("product_id", "as_of", level)
    days = (
        rows.filter(~_.listed, _.customer_id.notnull())
        .select(*_KEY, "customer_id", "days_before")
        .join(attributes, _KEY)
        .select("as_of", level, "customer_id", "days_before")
        .distinct()
    )
    earlier = ibis.window(
        group_by=["as_of", level, "customer_id"], order_by=ibis.desc("days_before")
    )
    return (
        days.mutate(gap=_.days_before.lag().over(earlier) - _.days_before)
        .filter(_.gap.notnull())
        .group_by(["as_of", level])
        .having(_.count() >= LEAST_GAPS)
        .aggregate(_.gap.quantile(0.5).name(f"gap_{level}"))
    )


@grain("product", within="order_id")
def order_items(transactions: ir.Table, products: ir.Table) -> ir.Table:
    """One row per order and narrowest category in it, from the day it was known.

    `season` is of the day of the line that was known first, so that a line which is delivered
    late does not move the others. Products without a category go with nothing.
    """
    known_first = _days(_.available_on) * _MANY_DAYS + _days(_.event_on)
    return (
        transactions.filter(_.kind == "sale")
        .join(with_price_position(products).select("product_id", "like"), "product_id")
        .filter(_.like.notnull())
        .group_by(["order_id", "like"])
        .aggregate(event_on=_.event_on.argmin(known_first), available_on=_.available_on.min())
        .mutate(season=season_of(_.event_on.month()))
    )


def _days(day: ir.DateValue) -> ir.IntegerValue:
    return day.delta(_ALWAYS, unit="day")


def season_of(month: ir.IntegerValue) -> ir.StringValue:
    """Return `spring` from March, `summer` from June, `autumn` from September, or `winter`."""
    return ibis.cases(
        (month.isin((3, 4, 5)), "spring"),
        (month.isin((6, 7, 8)), "summer"),
        (month.isin((9, 10, 11)), "autumn"),
        else_="winter",
    )


@view(order_items)
def associations(rows: ir.Table) -> ir.Table:
    """One row per season and ordered pair of categories found in the same orders.

    `season` is `all` or one of the four. `joint` counts orders with both, at least 10;
    `support` is their share of all orders, `confidence` their share of the orders with
    `lead`, `lift` the confidence over the share of orders with `companion`: above 1 they
    attract each other. Categories instead of products: a product nobody sold has its like.
    """
    items = rows.select("as_of", "order_id", "like", "season")
    # Each pair once, in the order of the alphabet; `None` is a pair across two seasons.
    other = items.rename(other="like", other_season="season")
    pairs = (
        items.join(other, ["as_of", "order_id"])
        .filter(_.like < _.other)
        .mutate(season=(_.season == _.other_season).ifelse(_.season, ibis.null("string")))
        .group_by(["as_of", "season", "like", "other"])
        .aggregate(joint=_.count())
    )
    pairs = _with_all_seasons(pairs, ["like", "other"], "joint").filter(
        _.joint >= LEAST_JOINT_ORDERS
    )
    joint = pairs.rename(lead="like", companion="other").union(
        pairs.rename(lead="other", companion="like").select(
            "as_of", "season", "lead", "companion", "joint"
        )
    )
    single = items.group_by(["as_of", "season", "like"]).aggregate(alone=_.count())
    single = _with_all_seasons(single, ["like"], "alone")
    orders = items.group_by(["as_of", "season"]).aggregate(orders=_.order_id.nunique())
    ever = items.group_by("as_of").aggregate(orders=_.order_id.nunique())
    orders = orders.union(ever.mutate(season=ibis.literal("all")).select(orders.columns))
    among = ["as_of", "season"]
    whole = (
        joint.join(orders, among)
        .join(single.rename(lead="like", of_lead="alone"), [*among, "lead"])
        .join(single.rename(companion="like", of_companion="alone"), [*among, "companion"])
    )
    return whole.select(
        *among,
        "lead",
        "companion",
        "joint",
        support=_.joint / _.orders.nullif(0),
        confidence=_.joint / _.of_lead.nullif(0),
        lift=_.joint * _.orders / (_.of_lead * _.of_companion).nullif(0),
    )


def _with_all_seasons(counts: ir.Table, of: list[str], name: str) -> ir.Table:
    """Return counts by season, and beside them those of the season `all`."""
    ever = counts.group_by(["as_of", *of]).aggregate(counts[name].sum().name(name))
    columns = ["as_of", "season", *of, name]
    in_one = counts.filter(_.season.notnull()).select(columns)
    return in_one.union(ever.mutate(season=ibis.literal("all")).select(columns))


@view(associations)
def best_companions(rows: ir.Table, products: ir.Table) -> ir.Table:
    """One row per product whose category has a companion: the one with the highest lift.

    Ties go to the more frequent, then to the first in the alphabet.
    """
    return _best(rows.filter(_.season == "all"), products)


@view(associations)
def best_season_companions(rows: ir.Table, products: ir.Table) -> ir.Table:
    """One row per product whose category has a companion in the season of the cut-off.

    Ties as for `best_companions`.
    """
    return _best(rows.filter(_.season == season_of(_.as_of.month())), products)


def _best(pulls: ir.Table, products: ir.Table) -> ir.Table:
    best = ibis.window(
        group_by=["as_of", "lead"], order_by=[_.lift.desc(), _.joint.desc(), _.companion.asc()]
    )
    first = pulls.mutate(place=ibis.row_number().over(best)).filter(_.place == 0)
    like = with_price_position(products).select("product_id", lead="like")
    return first.join(like, "lead")
