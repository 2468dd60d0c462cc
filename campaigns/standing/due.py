"""On which days a standing list is due."""

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from campaigns.standing.requests import Before, Daily, Monthly, Weekday, Weekly, When

_WEEKDAYS: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)

#: First days of each festival.
Festivals = Mapping[str, Sequence[date]]


class Due(NamedTuple):
    """A day on which a list is due, and the occasion if it is more than that day."""

    on: date
    occasion: str = ""


def festival_calendar() -> Festivals:
    """Return the first days of each festival, as the features know them."""
    from features.calendar import festival_days

    rows = festival_days.build().order_by("event_on").to_pyarrow().to_pylist()
    found: dict[str, list[date]] = {}
    for row in rows:
        found.setdefault(row["festival"], []).append(row["event_on"])
    return found


def newest_due(
    when: When, *, today: date, since: date, last: date | None, festivals: Festivals
) -> Due | None:
    """Return the day for which a list is missing today, if any.

    Of a cadence, only the newest day that was missed counts: the lists between would tell
    the same customers the same. Before a festival a list is made up for as long as the
    festival has not begun, even where it was asked for after its day; afterwards it would
    come too late.

    Parameters
    ----------
    when : When
        How often, or before which festival.
    today : date
        The local day.
    since : date
        The day on which the standing list was added; days of a cadence before it do not count.
    last : date, optional
        The newest day for which there is a list.
    festivals : mapping of str to sequence of date
        First days of each festival.

    Examples
    --------
    >>> monday = Weekly(every="week", on="monday")
    >>> newest_due(monday, today=date(2026, 3, 4), since=date(2026, 2, 1), last=None, festivals={})
    Due(on=datetime.date(2026, 3, 2), occasion='')
    """
    if isinstance(when, Before):
        ahead = timedelta(days=when.days_before)
        for first in festivals[when.festival]:
            on = first - ahead
            if on <= today <= first and (last is None or last < on):
                return Due(on, f"{when.festival} {first.year}")
        return None
    on = _newest(when, today)
    if on < since or (last is not None and on <= last):
        return None
    return Due(on)


def _newest(when: Daily | Weekly | Monthly, today: date) -> date:
    """Return the newest day of a cadence up to today."""
    if isinstance(when, Daily):
        return today
    if isinstance(when, Weekly):
        return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(when.on)) % 7)
    here = _in_month(today.year, today.month, when.on)
    if here <= today:
        return here
    before = today.replace(day=1) - timedelta(days=1)
    return _in_month(before.year, before.month, when.on)


def _in_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
