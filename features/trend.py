"""Whether a customer buys more or less than before: a window against the one before it."""

import ibis.expr.types as ir

from features.aggregates import change_of
from features.definition import windowed_feature
from features.grains import baskets

_DAYS = (30, 90, 180)


@windowed_feature(
    baskets,
    days=_DAYS,
    unit="ratio",
    en="Change in orders, last {days} days against the {days} before",
    zh="近 {days} 天與前 {days} 天訂單數變化",
)
def order_trend_ratio_within(rows: ir.Table, days: int) -> ir.Value:
    """(recent - earlier) / (recent + earlier) of the orders in two windows in a row.

    From -1 (stopped) over 0 (as before) to 1 (new or back); null without an order in either.
    """
    recent = rows.orders.sum(where=rows.days_before <= days)
    earlier = rows.orders.sum(where=(rows.days_before > days) & (rows.days_before <= 2 * days))
    return change_of(recent, earlier)


@windowed_feature(
    baskets,
    days=_DAYS,
    unit="ratio",
    en="Change in spending, last {days} days against the {days} before",
    zh="近 {days} 天與前 {days} 天消費金額變化",
)
def spend_trend_ratio_within(rows: ir.Table, days: int) -> ir.Value:
    """(recent - earlier) / (recent + earlier) of the amounts paid in two windows in a row.

    From -1 to 1, as for orders; null where nothing was paid in either. Returns are left out.
    """
    recent = rows.amount.sum(where=rows.days_before <= days)
    earlier = rows.amount.sum(where=(rows.days_before > days) & (rows.days_before <= 2 * days))
    return change_of(recent, earlier)
