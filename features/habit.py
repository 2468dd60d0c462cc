"""When and where a customer shops: weekday, hour, pay day, channel and store."""

import ibis.expr.types as ir

from features.aggregates import share_of
from features.definition import feature
from features.grains import baskets
from features.payday import days_after_pay_day
from features.views import shops

#: Of local hours: shops open in the morning, and people are home in the evening.
NOON, EVENING = 12, 18
SATURDAY = 5
#: How long a salary is felt.
PAY_DAYS_LAST = 5
ONLINE = ("web", "app", "line")


@feature(baskets, unit="share", en="Share of orders at weekends", zh="週末訂單占比")
def weekend_order_share(rows: ir.Table) -> ir.Value:
    """Orders on a local Saturday or Sunday over all orders; null without an order."""
    weekend = rows.event_on.day_of_week.index() >= SATURDAY
    return share_of(rows.orders.sum(where=weekend).fill_null(0), rows.orders.sum())


@feature(baskets, unit="share", en="Share of orders before noon", zh="上午訂單占比")
def morning_order_share(rows: ir.Table) -> ir.Value:
    """Orders before 12:00 local time over all orders; null without an order."""
    return share_of(rows.orders.sum(where=rows.hour < NOON).fill_null(0), rows.orders.sum())


@feature(baskets, unit="share", en="Share of orders in the evening", zh="晚間訂單占比")
def evening_order_share(rows: ir.Table) -> ir.Value:
    """Orders from 18:00 local time on over all orders; null without an order."""
    return share_of(rows.orders.sum(where=rows.hour >= EVENING).fill_null(0), rows.orders.sum())


@feature(baskets, unit="share", en="Share of orders after pay day", zh="發薪後訂單占比")
def pay_day_order_share(rows: ir.Table) -> ir.Value:
    """Orders on a pay day or in the four days after it, over all; null without an order.

    About 0.33 for whoever does not care: two pay days a month.
    """
    near = days_after_pay_day(rows.event_on) < PAY_DAYS_LAST
    return share_of(rows.orders.sum(where=near).fill_null(0), rows.orders.sum())


@feature(baskets, unit="share", en="Share of orders online", zh="線上訂單占比")
def online_order_share(rows: ir.Table) -> ir.Value:
    """Orders by web, app or LINE over the orders whose channel is known; null where none is."""
    online = rows.orders.sum(where=rows.channel.isin(ONLINE)).fill_null(0)
    return share_of(online, rows.orders.sum(where=rows.channel.notnull()))


@feature(baskets, unit="channels", en="Channels used", zh="使用過的通路數", empty=0)
def used_channel_count(rows: ir.Table) -> ir.Value:
    """Distinct channels of the orders so far; 0 without one. Unknown channels do not count."""
    return rows.channel.nunique()


@feature(shops, unit="stores", en="Stores visited", zh="消費過的門市數", empty=0)
def visited_store_count(rows: ir.Table) -> ir.Value:
    """Distinct stores with an order so far; 0 without one."""
    return rows.count()


@feature(shops, unit="share", en="Share of orders at the favourite store", zh="最常去門市訂單占比")
def favourite_store_order_share(rows: ir.Table) -> ir.Value:
    """Orders at the store with most of them over all orders in stores; null without any."""
    return share_of(rows.orders.max(), rows.orders.sum())


@feature(shops, unit="text", en="Format of the favourite store", zh="最常去門市型態")
def favourite_store_format(rows: ir.Table) -> ir.Value:
    """Format of the store with most orders; null without an order in a store.

    Ties go to the store visited last, then to the smaller id.
    """
    return rows.format.max(where=rows.place == 0)


@feature(shops, unit="text", en="Region of the favourite store", zh="最常去門市地區")
def favourite_store_region(rows: ir.Table) -> ir.Value:
    """Region of the store with most orders; null without an order in a store."""
    return rows.store_region.max(where=rows.place == 0)
