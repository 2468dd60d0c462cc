"""What a customer brings back."""

import ibis.expr.types as ir

from features.aggregates import share_of
from features.definition import feature, windowed_feature
from features.grains import lines


@feature(lines, unit="returns", en="Items returned", zh="退貨品項數", empty=0)
def return_count(rows: ir.Table) -> ir.Value:
    """Receipt lines returned before the cut-off; 0 without one."""
    return rows.returns.sum()


@windowed_feature(
    lines,
    days=(90, 365),
    unit="returns",
    en="Items returned in the last {days} days",
    zh="近 {days} 天退貨品項數",
    empty=0,
)
def return_count_within(rows: ir.Table, days: int) -> ir.Value:
    """Receipt lines returned in the window that ends at the cut-off; 0 without one."""
    return rows.returns.sum(where=rows.days_before <= days)


@feature(lines, unit="share", en="Share of pieces returned", zh="退貨件數占比")
def returned_piece_share(rows: ir.Table) -> ir.Value:
    """Pieces brought back over pieces bought; null without a sale.

    Above 1 where the sale lies before the history begins.
    """
    return share_of(rows.pieces_returned.sum(), rows.pieces.sum())


@feature(lines, unit="share", en="Share of spending returned", zh="退貨金額占比")
def returned_amount_share(rows: ir.Table) -> ir.Value:
    """Paid back for returns over paid for sales; null where nothing was paid."""
    return share_of(rows.amount_returned.sum(), rows.amount.sum())


@feature(lines, unit="days", en="Days since the last return", zh="距上次退貨天數")
def days_since_last_return(rows: ir.Table) -> ir.Value:
    """Whole days from the latest return to the cut-off, at least 1; null without a return."""
    return rows.days_before.min(where=rows.returns > 0)
