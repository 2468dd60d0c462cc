"""The rows that features count: one grain for each kind of thing that happens."""

import ibis
import ibis.expr.types as ir
from ibis import _

from features.definition import grain


@grain(within="order_id")
def baskets(transactions: ir.Table) -> ir.Table:
    """One row per customer, order and day, split by the day our data knew of the lines.

    Only sales. `orders` is 1 in the part of an order that was known first and 0 in parts
    that arrived later, so that its sum counts orders at any cut-off without a distinct
    count. `amount` and `discount` are in the retailer's currency; `list_amount` is what the
    lines with a known discount would have cost. `hour` is local.
    """
    parts = (
        transactions.filter(_.kind == "sale", _.customer_id.notnull())
        .group_by(["customer_id", "order_id", "event_on", "available_on"])
        .aggregate(
            lines=_.count(),
            pieces=_.quantity.sum(),
            amount=_.amount.sum(),
            discount=_.discount.sum(),
            list_amount=(_.amount + _.discount).sum(),
            priced_lines=_.discount.count(),
            reduced_lines=_.count(where=_.discount > 0),
            promoted_lines=_.promotion_id.count(),
            store_id=_.store_id.max(),
            channel=_.channel.max(),
            hour=_.event_time.min().hour(),
        )
    )
    known_first = ibis.window(
        group_by=["customer_id", "order_id"], order_by=["available_on", "event_on"]
    )
    return parts.mutate(orders=(ibis.row_number().over(known_first) == 0).cast("int64"))


@grain(within="order_id")
def lines(transactions: ir.Table) -> ir.Table:
    """One row per receipt line of a customer, with the day our data knew of it.

    Sales and returns: `pieces` and `amount` are what was sold, `pieces_returned` and
    `amount_returned` what came back, both as positive numbers; `sales` is 1 in a line sold and
    `returns` in a line returned. Lines are not grouped: hardly two are of the same customer,
    product and day, so that grouping them costs most of what it could ever save.
    """
    sold = _.kind == "sale"
    return transactions.filter(_.customer_id.notnull()).select(
        "customer_id",
        "product_id",
        "event_on",
        "available_on",
        sales=sold.cast("int64"),
        pieces=sold.ifelse(_.quantity, 0.0).fill_null(0.0),
        amount=sold.ifelse(_.amount, 0.0).fill_null(0.0),
        returns=(~sold).cast("int64"),
        pieces_returned=sold.ifelse(0.0, -_.quantity).fill_null(0.0),
        amount_returned=sold.ifelse(0.0, -_.amount).fill_null(0.0),
    )


@grain()
def memberships(customers: ir.Table) -> ir.Table:
    """One row per member: the day the person joined, known from that day on."""
    return (
        customers.group_by("customer_id")
        .aggregate(event_on=_.joined_on.min())
        .mutate(available_on=_.event_on)
    )


@grain()
def profiles(customers: ir.Table) -> ir.Table:
    """One row per member and validity interval: what the retailer recorded about the person.

    Without a validity interval a row describes the member from the day of joining on, as it
    is recorded today: such a table is frozen.
    """
    return customers.mutate(
        event_on=_.valid_from.coalesce(_.joined_on),
        available_on=_.valid_from.coalesce(_.joined_on),
        until_on=_.valid_to,
    ).drop("valid_from", "valid_to")


@grain()
def permissions(consents: ir.Table) -> ir.Table:
    """One row per member, channel, purpose and choice, until the next choice became known."""
    next_choice = ibis.window(
        group_by=["customer_id", "channel", "purpose"], order_by=["event_time", "granted"]
    )
    return consents.mutate(until_on=_.available_on.lead().over(next_choice))


@grain()
def looks(interactions: ir.Table) -> ir.Table:
    """One row per member, kind, subject and day: searches, visits, clicks, views, likes, ..."""
    return interactions.group_by(
        ["customer_id", "kind", "subject", "event_on", "available_on"]
    ).aggregate(interactions=_.count())


@grain()
def deliveries(contacts: ir.Table) -> ir.Table:
    """One row per member, channel, status and day: contacts that were delivered or tried."""
    return contacts.group_by(
        ["customer_id", "channel", "status", "event_on", "available_on"]
    ).aggregate(contacts=_.count())


@grain()
def answers(surveys: ir.Table) -> ir.Table:
    """One row per answer to a questionnaire; `score` where the answer is a number."""
    # A number that does not fit, such as "1e999", would be infinite: no answer at all.
    number = surveys.answer.try_cast("float64")
    return surveys.mutate(score=(number.abs() <= 10.0**9).ifelse(number, ibis.null("float64")))


@grain()
def cases(service_cases: ir.Table) -> ir.Table:
    """One row per contact with the service desk: repairs, complaints, questions."""
    return service_cases


@grain()
def card_steps(card_events: ir.Table) -> ir.Table:
    """One row per step of the co-branded card."""
    return card_events
