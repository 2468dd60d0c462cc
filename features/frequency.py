"""How often a customer buys, and how regularly."""

import ibis.expr.types as ir

from features.definition import feature, windowed_feature
from features.grains import baskets
from features.windows import WINDOWS


@feature(baskets, unit="orders", en="Orders so far", zh="累計訂單數", empty=0)
def order_count(rows: ir.Table) -> ir.Value:
    """Orders before the cut-off; 0 without one. An order counts once, returns not at all."""
    return rows.orders.sum()


@windowed_feature(
    baskets,
    days=WINDOWS,
    unit="orders",
    en="Orders in the last {days} days",
    zh="近 {days} 天訂單數",
    empty=0,
)
def order_count_within(rows: ir.Table, days: int) -> ir.Value:
    """Orders in the window that ends at the cut-off; 0 without one."""
    return rows.orders.sum(where=rows.days_before <= days)


@feature(baskets, unit="days", en="Days with a purchase", zh="有購買的天數", empty=0)
def purchase_days_count(rows: ir.Table) -> ir.Value:
    """Distinct local days with a sale before the cut-off; 0 without one."""
    return rows.event_on.nunique()


@feature(baskets, unit="days", en="Mean days between purchases", zh="平均購買間隔天數")
def mean_gap_days(rows: ir.Table) -> ir.Value:
    """Mean days from one purchase day to the next; null with fewer than two purchase days."""
    gaps = (rows.event_on.nunique() - 1).nullif(0)
    return (rows.days_before.max() - rows.days_before.min()) / gaps


@feature(
    baskets, unit="ratio", en="Time since purchase over usual gap", zh="距上次購買與平均間隔之比"
)
def elapsed_over_mean_gap_ratio(rows: ir.Table) -> ir.Value:
    """Days since the last purchase over the mean gap; null with fewer than two purchase days.

    Above 1 the customer is later than usual.
    """
    gaps = (rows.event_on.nunique() - 1).nullif(0)
    span = (rows.days_before.max() - rows.days_before.min()).nullif(0)
    return rows.days_before.min() * gaps / span
