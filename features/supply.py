"""What a customer is about to run out of."""

import ibis
import ibis.expr.types as ir

from features.definition import feature
from features.views import holdings

#: Whoever has not bought for so many supplies has stopped using it.
GIVEN_UP_AFTER = 3
SOON_DAYS = 30


def _left(rows: ir.Table) -> ir.FloatingValue:
    """Days of supply left of each product in use; null for what is not used up, or given up."""
    lasts = rows.last_pieces * rows.days_of_supply
    in_use = (lasts > 0) & (rows.last_days <= GIVEN_UP_AFTER * lasts)
    return in_use.ifelse(lasts - rows.last_days, ibis.null("float64"))


@feature(holdings, unit="days", en="Days of supply left", zh="剩餘可用天數")
def supply_left_days(rows: ir.Table) -> ir.Value:
    """Days until the first of the customer's supplies runs out; negative once it has.

    What was bought on the last day times the days a piece lasts, less the days since. A
    product counts until three times its supply has passed; null without such a product.
    """
    return _left(rows).min()


@feature(
    holdings, unit="products", en="Supplies due within 30 days", zh="30 天內將用完商品數", empty=0
)
def supply_due_product_count(rows: ir.Table) -> ir.Value:
    """Products whose supply ends within 30 days or has ended; 0 without one.

    Left out is what was not bought for three times its supply.
    """
    return (_left(rows) <= SOON_DAYS).cast("int64").sum()
