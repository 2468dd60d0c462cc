"""How regular a customer is: the gaps between days with a purchase, and where they stand now."""

import ibis.expr.types as ir

from features.aggregates import share_of
from features.definition import feature
from features.views import purchase_days


@feature(purchase_days, unit="days", en="Deviation of days between purchases", zh="購買間隔標準差")
def gap_deviation_days(rows: ir.Table) -> ir.Value:
    """Deviation (n - 1) of the gaps between purchase days.

    Null with fewer than three purchase days. Returns are not purchases.
    """
    return rows.gap.std(how="sample")


@feature(purchase_days, unit="ratio", en="Irregularity of purchases", zh="購買間隔不規則度")
def gap_variation_ratio(rows: ir.Table) -> ir.Value:
    """Deviation of the gaps over their mean: 0 is a clock, 1 is chance, above 1 is bursts.

    Null with fewer than three purchase days.
    """
    return share_of(rows.gap.std(how="sample"), rows.gap.mean())


@feature(purchase_days, unit="days", en="Longest pause between purchases", zh="最長購買間隔天數")
def longest_gap_days(rows: ir.Table) -> ir.Value:
    """Longest gap between two purchase days in a row; null with fewer than two such days."""
    return rows.gap.max()


@feature(purchase_days, unit="days", en="Latest gap between purchases", zh="最近一次購買間隔天數")
def last_gap_days(rows: ir.Table) -> ir.Value:
    """Days between the last two purchase days; null with fewer than two of them."""
    return rows.gap.argmin(rows.days_before)


@feature(
    purchase_days,
    unit="ratio",
    en="Time since purchase over longest pause",
    zh="距上次購買與最長間隔之比",
)
def elapsed_over_longest_gap_ratio(rows: ir.Table) -> ir.Value:
    """Days since the last purchase over the longest gap; null with fewer than two purchase days.

    Above 1 the customer was never away for so long.
    """
    return share_of(rows.days_before.min(), rows.gap.max())


@feature(purchase_days, unit="score", en="Standard deviations overdue", zh="逾期幾個標準差")
def overdue_score(rows: ir.Table) -> ir.Value:
    """How far the customer is past the own usual cycle, in standard deviations of the gaps.

    (days since the last purchase - mean gap) / deviation; negative before the usual day.
    Null with fewer than three purchase days, or where all gaps are equal.
    """
    return share_of(rows.days_before.min() - rows.gap.mean(), rows.gap.std(how="sample"))
