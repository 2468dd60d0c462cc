"""How much a customer spends."""

import ibis.expr.types as ir

from features.definition import feature, windowed_feature
from features.grains import baskets
from features.windows import WINDOWS


@feature(baskets, unit="currency", en="Spent so far", zh="累計消費金額", empty=0.0)
def spend_amount(rows: ir.Table) -> ir.Value:
    """Paid for all sales before the cut-off; 0 without one. Returns are not deducted."""
    return rows.amount.sum()


@windowed_feature(
    baskets,
    days=WINDOWS,
    unit="currency",
    en="Spent in the last {days} days",
    zh="近 {days} 天消費金額",
    empty=0.0,
)
def spend_amount_within(rows: ir.Table, days: int) -> ir.Value:
    """Paid for sales in the window that ends at the cut-off; 0 without one."""
    return rows.amount.sum(where=rows.days_before <= days)


@feature(baskets, unit="currency", en="Mean amount of an order", zh="平均訂單金額")
def mean_order_amount(rows: ir.Table) -> ir.Value:
    """Paid for an order on average; null without an order. Returns are not deducted."""
    return rows.amount.sum() / rows.orders.sum().nullif(0)


@feature(baskets, unit="lines", en="Mean lines of an order", zh="平均訂單品項數")
def mean_order_lines_count(rows: ir.Table) -> ir.Value:
    """Receipt lines of an order on average; null without an order."""
    return rows.lines.sum() / rows.orders.sum().nullif(0)
