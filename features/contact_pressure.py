"""How often a customer was contacted, by which channel, and how tired that may make."""

import ibis.expr.types as ir

from features.aggregates import share_of
from features.definition import Family, feature, windowed_feature
from features.grains import deliveries, permissions
from features.windows import MONTH, QUARTER, SHORT_WINDOWS

#: Channels by which a retailer writes or calls, with their Chinese names.
CHANNELS = {
    "email": ("e-mail", "電子郵件"),
    "sms": ("SMS", "簡訊"),
    "line": ("LINE", " LINE 訊息"),
    "push": ("push message", " App 推播"),
    "phone": ("telephone", "電話"),
    "mail": ("post", "郵寄"),
}
#: Of 30 days each.
TWELVE_MONTHS = 12 * MONTH
NOT_DELIVERED = ("bounced", "failed")


def _delivered(rows: ir.Table) -> ir.BooleanValue:
    return ~rows.status.isin(NOT_DELIVERED)


@windowed_feature(
    deliveries,
    days=SHORT_WINDOWS,
    unit="contacts",
    en="Contacts in the last {days} days",
    zh="近 {days} 天聯繫次數",
    empty=0,
)
def contact_count_within(rows: ir.Table, days: int) -> ir.Value:
    """Contacts delivered by any channel in the window; 0 without one. Bounces do not count."""
    return rows.contacts.sum(where=_delivered(rows) & (rows.days_before <= days))


def _by_channel(channel: str) -> Family:
    en, zh = CHANNELS[channel]

    def aggregate(rows: ir.Table, days: int) -> ir.Value:
        inside = _delivered(rows) & (rows.channel == channel) & (rows.days_before <= days)
        return rows.contacts.sum(where=inside)

    aggregate.__name__ = f"{channel}_contact_count_within"
    aggregate.__doc__ = (
        f"Contacts by {en} delivered in the window; 0 without one. Bounces do not count."
    )
    return windowed_feature(
        deliveries,
        days=(MONTH, QUARTER),
        unit="contacts",
        en=f"Contacts by {en} in the last {{days}} days",
        zh=f"近 {{days}} 天{zh}聯繫次數",
        empty=0,
    )(aggregate)


#: By channel, then by window: `channel_contact_count_within["email"][30]`.
channel_contact_count_within = {channel: _by_channel(channel) for channel in CHANNELS}


@feature(deliveries, unit="days", en="Days since the last contact", zh="距上次聯繫天數")
def days_since_last_contact(rows: ir.Table) -> ir.Value:
    """Whole days from the latest contact delivered, at least 1; null where none was delivered."""
    return rows.days_before.min(where=_delivered(rows))


@feature(deliveries, unit="ratio", en="Contact pressure", zh="近期聯繫密度")
def contact_pressure_ratio(rows: ir.Table) -> ir.Value:
    """Contacts of the last 30 days over the monthly mean of the last 360 days.

    Above 1 the customer hears from us more than usual; null without a contact delivered in
    the last 360 days.
    """
    recent = rows.contacts.sum(where=_delivered(rows) & (rows.days_before <= MONTH))
    year = rows.contacts.sum(where=_delivered(rows) & (rows.days_before <= TWELVE_MONTHS))
    return share_of(recent.fill_null(0) * 12.0, year)


@feature(deliveries, unit="share", en="Share of contacts that bounced", zh="聯繫失敗占比")
def bounced_contact_share(rows: ir.Table) -> ir.Value:
    """Contacts that bounced or failed over all that were tried; null without a try."""
    return share_of(rows.contacts.sum(where=~_delivered(rows)).fill_null(0), rows.contacts.sum())


@feature(
    permissions, unit="channels", en="Channels open to marketing", zh="同意行銷通路數", empty=0
)
def permitted_channel_count(rows: ir.Table) -> ir.Value:
    """Channels whose latest choice known at the cut-off grants marketing; 0 without one.

    It says how open somebody is. Whether somebody may be contacted is read live, never here.
    """
    return rows.channel.nunique(where=rows.granted & (rows.purpose == "marketing"))
