"""Customers and what they buy again, as known at a cut-off, and what followed."""

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
from ibis import _

from features.grains import baskets, profiles
from features.supplies import category_days
from pipeline.grain_store import Grains

#: What a row is: a customer, and what is bought again.
KEY = ["customer_id", "category"]

#: Whoever has not bought for so long has no row: nothing is due any more.
LONGEST_SILENCE_DAYS = 730


def timing_rows(
    grains: Grains, as_of: date, *, categories: Sequence[str] | None = None
) -> ir.Table:
    """Return one row per customer and category bought before, as known at a cut-off.

    Nothing available at or after the cut-off is seen. Only categories in `categories`, if
    given, and pairs with a purchase within the last two years.

    Returns
    -------
    Table
        `customer_id`, `category`; `elapsed_days` (since the last purchase, at least 1),
        `purchases` (days with one), `age_days` (since the first), `pieces` and `lasts_days` of
        the last purchase. Of gaps that closed, as logarithms of the gap over how long what had
        been bought lasts (over one day where nothing is used up): `category_log_gap`, the mean
        in the category; `gaps`, `log_gap_off` and `log_gap_deviation`, their number, mean
        distance from that and deviation for the pair; `other_gaps` and `other_log_gap_off`,
        for the customer's other categories; `last_gap_days`. And `visits_90`, `visits_365`,
        `visits_since` (after the last purchase), `since_visit_days`, `children` and
        `marital_status` of the customer. Null where nothing is known.
    """
    today = ibis.literal(as_of)
    seen = grains.rows(category_days).filter(_.available_on < today)
    if categories is not None:
        seen = seen.filter(_.category.isin(list(categories)))
    days = seen.group_by([*KEY, "event_on"]).aggregate(
        pieces=_.pieces.sum(), lasts_days=_.lasts_days.sum()
    )
    next_one = ibis.window(group_by=KEY, order_by="event_on")
    gaps = days.mutate(next_on=_.event_on.lead().over(next_one))
    gaps = gaps.mutate(gap=gaps.next_on.delta(gaps.event_on, unit="day").cast("float64"))
    gaps = gaps.mutate(log_gap=(_.gap / _.lasts_days.fill_null(1.0)).ln())
    usual = ibis.window(group_by="category")
    gaps = gaps.mutate(category_log_gap=_.log_gap.mean().over(usual))
    gaps = gaps.mutate(off=_.log_gap - _.category_log_gap)
    pairs = gaps.group_by(KEY).aggregate(
        purchases=_.count(),
        first_on=_.event_on.min(),
        last_on=_.event_on.max(),
        pieces=_.pieces.argmax(_.event_on),
        lasts_days=_.lasts_days.argmax(_.event_on),
        gaps=_.gap.count(),
        last_gap_days=_.gap.argmax(_.event_on, where=_.gap.notnull()),
        log_gap_off=_.off.mean(),
        log_gap_deviation=_.log_gap.std(how="sample"),
        category_log_gap=_.category_log_gap.max(),
        off_sum=_.off.sum().fill_null(0.0),
    )
    whole = ibis.window(group_by="customer_id")
    pairs = pairs.mutate(other_gaps=_.gaps.sum().over(whole) - _.gaps)
    pairs = pairs.mutate(
        other_log_gap_off=(_.off_sum.sum().over(whole) - _.off_sum) / _.other_gaps.nullif(0)
    )
    pairs = pairs.filter(_.last_on >= today - ibis.interval(days=LONGEST_SILENCE_DAYS))
    visits = grains.rows(baskets).filter(_.available_on < today)
    came = visits.group_by("customer_id").aggregate(
        visits_90=_.orders.sum(where=_.event_on >= ibis.literal(as_of - timedelta(days=90))),
        visits_365=_.orders.sum(where=_.event_on >= ibis.literal(as_of - timedelta(days=365))),
        last_visit_on=_.event_on.max(),
    )
    after = pairs.select(*KEY, "last_on").inner_join(
        visits.select("customer_id", "event_on", "orders"), "customer_id"
    )
    since = (
        after.filter(_.event_on > _.last_on).group_by(KEY).aggregate(visits_since=_.orders.sum())
    )
    table = pairs.left_join(came, "customer_id").drop("customer_id_right")
    table = table.left_join(_household(grains, today), "customer_id").drop("customer_id_right")
    table = table.left_join(since, KEY).drop("customer_id_right", "category_right")
    numbers = {
        "elapsed_days": today.delta(table.last_on, unit="day"),
        "purchases": _.purchases,
        "age_days": today.delta(table.first_on, unit="day"),
        "pieces": _.pieces,
        "lasts_days": _.lasts_days,
        "gaps": _.gaps,
        "last_gap_days": _.last_gap_days,
        "log_gap_off": _.log_gap_off,
        "log_gap_deviation": _.log_gap_deviation,
        "other_gaps": _.other_gaps,
        "other_log_gap_off": _.other_log_gap_off,
        "category_log_gap": _.category_log_gap,
        "visits_90": _.visits_90.fill_null(0),
        "visits_365": _.visits_365.fill_null(0),
        "visits_since": _.visits_since.fill_null(0),
        "children": _.children,
        "since_visit_days": today.delta(table.last_visit_on, unit="day"),
    }
    return table.select(
        *KEY,
        "marital_status",
        **{name: value.cast("float64") for name, value in numbers.items()},
    ).order_by(KEY)


def category_habits(grains: Grains, as_of: date, *, within_days: int) -> ir.Table:
    """Return how each category is bought, as known at a cut-off.

    Returns
    -------
    Table
        `category`; `used_up`, whether its products say for how many days they last; `gaps`
        between purchases of one customer; `customers` whose first purchase lies at least
        `within_days` back, and how many of them are `regular`: they came back, within so many
        days on average.
    """
    today = ibis.literal(as_of)
    seen = grains.rows(category_days).filter(_.available_on < today)
    pairs = seen.group_by(KEY).aggregate(
        purchases=_.event_on.nunique(),
        first_on=_.event_on.min(),
        last_on=_.event_on.max(),
        used_up=_.lasts_days.max().notnull(),
    )
    pairs = pairs.mutate(
        old=today.delta(pairs.first_on, unit="day") >= within_days,
        span=pairs.last_on.delta(pairs.first_on, unit="day"),
    )
    back = (_.purchases > 1) & (_.span <= within_days * (_.purchases - 1))
    return (
        pairs.group_by("category")
        .aggregate(
            used_up=_.used_up.any(),
            gaps=(_.purchases - 1).sum(),
            customers=_.old.sum(),
            regular=(_.old & back).sum(),
        )
        .order_by("category")
    )


def _household(grains: Grains, today: ir.DateScalar) -> ir.Table:
    """Return what is recorded of each customer's household on a day."""
    known = grains.rows(profiles)
    known = known.filter(
        known.available_on < today, known.until_on.isnull() | (known.until_on >= today)
    )
    return known.group_by("customer_id").aggregate(
        children=_.children.max(), marital_status=_.marital_status.max()
    )


def next_purchases(grains: Grains, as_of: date, *, until: date, known_before: date) -> ir.Table:
    """Return when each pair bought next, in `[as_of, until)`, as far as known before a day.

    `next_days` counts from the cut-off: 1 is the day of the cut-off itself.
    """
    bought = grains.rows(category_days).filter(
        _.event_on >= ibis.literal(as_of),
        _.event_on < ibis.literal(until),
        _.available_on < ibis.literal(known_before),
    )
    first = bought.group_by(KEY).aggregate(next_on=_.event_on.min())
    return first.select(
        *KEY, next_days=(first.next_on.delta(ibis.literal(as_of), unit="day") + 1).cast("float64")
    )
