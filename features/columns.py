"""Columns and rules that several of the declared tables share."""

from typing import Literal, get_args

import ibis.expr.types as ir

from features.table import Column, Rule

Channel = Literal["store", "web", "app", "phone", "email", "sms", "mail", "push", "line"]
CHANNELS: tuple[str, ...] = get_args(Channel)


def _known_after_it_happened(table: ir.Table) -> ir.BooleanValue:
    return table.available_time >= table.event_time


KNOWN_AFTER_IT_HAPPENED = Rule(
    "known_after_it_happened",
    "available_time is not before event_time",
    _known_after_it_happened,
    ("event_time", "available_time"),
)


def in_order(first: str, second: str) -> Rule:
    """Return the rule that one time is not before another."""
    return Rule(
        f"{first}_before_{second}",
        f"{second} is not before {first}",
        lambda table: table[second] >= table[first],
        (first, second),
    )


def event_time(what: str) -> Column:
    """Declare the moment something happened."""
    return Column(kind="time", description=f"When {what} happened (UTC).")


def available_time() -> Column:
    """Declare the moment the retailer's data knew of it."""
    return Column(
        kind="time",
        nullable=True,
        description="When our data knew of it (UTC); where missing, a declared delay fills it.",
    )


def customer_id(*, nullable: bool = False) -> Column:
    """Declare the member a row belongs to."""
    return Column(
        kind="text",
        nullable=nullable,
        description="The member." + (" Missing for an anonymous purchase." if nullable else ""),
        references="customers.customer_id",
    )


def share(description: str) -> Column:
    """Declare a part of a whole, in [0, 1]; it may be missing."""
    return Column(
        kind="number", nullable=True, minimum=0, maximum=1, unit="share", description=description
    )
