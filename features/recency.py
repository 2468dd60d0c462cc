"""How long ago a customer first and last did something."""

import ibis.expr.types as ir

from features.definition import feature
from features.grains import baskets, memberships


@feature(baskets, unit="days", en="Days since the last purchase", zh="距上次購買天數")
def days_since_last_purchase(rows: ir.Table) -> ir.Value:
    """Whole days from the latest sale to the cut-off, at least 1; null without a sale.

    Returns are not purchases. A null is kept: "never bought" is a different customer from
    "bought a very long time ago".
    """
    return rows.days_before.min()


@feature(baskets, unit="days", en="Days since the first purchase", zh="距首次購買天數")
def days_since_first_purchase(rows: ir.Table) -> ir.Value:
    """Whole days from the earliest sale to the cut-off, at least 1; null without a sale."""
    return rows.days_before.max()


@feature(memberships, unit="days", en="Days as a member", zh="會員天數")
def tenure_days(rows: ir.Table) -> ir.Value:
    """Whole days from joining to the cut-off, at least 1; never null."""
    return rows.days_before.max()
