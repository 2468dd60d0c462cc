"""What a customer looks at: searches, visits, views, clicks, likes and comments."""

import ibis.expr.types as ir

from features.definition import feature, windowed_feature
from features.grains import looks
from features.windows import SHORT_WINDOWS

#: Mail is opened and clicked in answer to a contact; `features.contact_pressure` counts that.
ANSWERS_TO_CONTACTS = ("open",)


@windowed_feature(
    looks,
    days=(30, 90, 365),
    unit="interactions",
    en="Interactions in the last {days} days",
    zh="近 {days} 天互動次數",
    empty=0,
)
def interaction_count_within(rows: ir.Table, days: int) -> ir.Value:
    """Count searches, visits, views, clicks, likes and comments in the window; 0 without one.

    An opened message is not counted: it answers a contact.
    """
    own = ~rows.kind.isin(ANSWERS_TO_CONTACTS)
    return rows.interactions.sum(where=own & (rows.days_before <= days))


@windowed_feature(
    looks,
    days=SHORT_WINDOWS,
    unit="interactions",
    en="Searches in the last {days} days",
    zh="近 {days} 天搜尋次數",
    empty=0,
)
def search_count_within(rows: ir.Table, days: int) -> ir.Value:
    """Count searches in the window; 0 without one."""
    return rows.interactions.sum(where=(rows.kind == "search") & (rows.days_before <= days))


@windowed_feature(
    looks,
    days=SHORT_WINDOWS,
    unit="interactions",
    en="Views in the last {days} days",
    zh="近 {days} 天瀏覽次數",
    empty=0,
)
def view_count_within(rows: ir.Table, days: int) -> ir.Value:
    """Count views of products, categories or pages in the window; 0 without one."""
    return rows.interactions.sum(where=(rows.kind == "view") & (rows.days_before <= days))


@feature(looks, unit="days", en="Days since the last interaction", zh="距上次互動天數")
def days_since_last_interaction(rows: ir.Table) -> ir.Value:
    """Days since the latest interaction, at least 1; null without any. Opens do not count."""
    return rows.days_before.min(where=~rows.kind.isin(ANSWERS_TO_CONTACTS))


@windowed_feature(
    looks,
    days=(90, 365),
    unit="opens",
    en="Messages opened in the last {days} days",
    zh="近 {days} 天開啟訊息次數",
    empty=0,
)
def open_count_within(rows: ir.Table, days: int) -> ir.Value:
    """Messages opened in the window; 0 without one."""
    return rows.interactions.sum(where=(rows.kind == "open") & (rows.days_before <= days))


@windowed_feature(
    looks,
    days=(90, 365),
    unit="interactions",
    en="Clicks in the last {days} days",
    zh="近 {days} 天點擊次數",
    empty=0,
)
def click_count_within(rows: ir.Table, days: int) -> ir.Value:
    """Clicks in the window; 0 without one."""
    return rows.interactions.sum(where=(rows.kind == "click") & (rows.days_before <= days))
