"""The rows that features count: baskets, and memberships."""

import ibis
import ibis.expr.types as ir
from ibis import _

from features.definition import grain


@grain()
def baskets(transactions: ir.Table) -> ir.Table:
    """One row per customer, order and day, split by the day our data knew of the lines.

    Only sales. `orders` is 1 in the part of an order that was known first and 0 in parts
    that arrived later, so that its sum counts orders at any cut-off without a distinct
    count. `amount` and `discount` are in the retailer's currency.
    """
    parts = (
        transactions.filter(_.kind == "sale", _.customer_id.notnull())
        .group_by(["customer_id", "order_id", "event_on", "available_on"])
        .aggregate(
            lines=_.count(),
            pieces=_.quantity.sum(),
            amount=_.amount.sum(),
            discount=_.discount.sum(),
        )
    )
    known_first = ibis.window(
        group_by=["customer_id", "order_id"], order_by=["available_on", "event_on"]
    )
    return parts.mutate(orders=(ibis.row_number().over(known_first) == 0).cast("int64"))


@grain()
def memberships(customers: ir.Table) -> ir.Table:
    """One row per member: the day the person joined, known from that day on."""
    return (
        customers.group_by("customer_id")
        .aggregate(event_on=_.joined_on.min())
        .mutate(available_on=_.event_on)
    )
