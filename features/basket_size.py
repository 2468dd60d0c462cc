"""How much a customer takes home at once."""

import ibis.expr.types as ir

from features.aggregates import share_of
from features.definition import feature
from features.views import orders


@feature(orders, unit="pieces", en="Mean pieces of an order", zh="平均訂單件數")
def mean_order_pieces_count(rows: ir.Table) -> ir.Value:
    """Pieces sold in an order on average; null without an order. Returns are not deducted."""
    return rows.pieces.mean()


@feature(orders, unit="currency", en="Largest order", zh="最大單筆訂單金額")
def largest_order_amount(rows: ir.Table) -> ir.Value:
    """Amount of the largest order; null without an order. Returns are not deducted."""
    return rows.amount.max()


@feature(orders, unit="ratio", en="Variation of order amounts", zh="訂單金額變異係數")
def order_variation_ratio(rows: ir.Table) -> ir.Value:
    """Deviation (n - 1) of the order amounts over their mean.

    Null with fewer than two orders, or where nothing was paid.
    """
    return share_of(rows.amount.std(how="sample"), rows.amount.mean())


@feature(orders, unit="share", en="Share of single-item orders", zh="單品項訂單占比")
def single_line_order_share(rows: ir.Table) -> ir.Value:
    """Orders of one receipt line over all orders; null without an order."""
    return (rows.lines == 1).cast("float64").mean()
