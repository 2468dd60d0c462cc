"""Pay days: how long ago salaries arrived."""

import ibis
import ibis.expr.types as ir

#: Days of the month on which most salaries are paid in Taiwan; every month has them.
PAY_DAYS = (5, 10)


def days_after_pay_day(day: ir.DateValue) -> ir.IntegerValue:
    """Return the days since the last pay day; 0 on a pay day.

    Parameters
    ----------
    day : date column
        Local days.
    """
    of_month = day.day()
    last_of_previous = (day.truncate("M") - ibis.interval(days=1)).day()
    since = of_month + last_of_previous - PAY_DAYS[-1]
    for pay_day in PAY_DAYS:
        since = (of_month >= pay_day).ifelse(of_month - pay_day, since)
    return since


def days_until_pay_day(day: ir.DateValue) -> ir.IntegerValue:
    """Return the days to the next pay day; 0 on a pay day."""
    of_month = day.day()
    first_of_next = day.truncate("M") + ibis.interval(months=1)
    length = (first_of_next - ibis.interval(days=1)).day()
    until = length - of_month + PAY_DAYS[0]
    for pay_day in reversed(PAY_DAYS):
        until = (of_month <= pay_day).ifelse(pay_day - of_month, until)
    return until
