"""Wall-clock times of a place, and the moments they name."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import ibis.expr.types as ir

from pipeline.duck import epoch_us, moment_of, time_after_1970, wall_clock_of

#: Between them a zone that keeps one offset is counted with, instead of looked up row by row.
SINCE, UNTIL = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def moment(wall_clock: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return the moment (UTC) at which clocks in `zone` show a time without a zone.

    A time that the clocks skip in spring is taken an hour later; one that they show twice
    in autumn is the later of the two.
    """
    return moment_of(zone, wall_clock.cast("timestamp")).cast("timestamp('UTC', 6)")


def local_date(moment: ir.TimestampValue, zone: str) -> ir.DateValue:
    """Return the date that calendars in `zone` show at a moment."""
    return wall_clock_of(zone, moment.cast("timestamp('UTC')")).date()


def wall_clock(zone: str, moment: ir.TimestampValue) -> ir.TimestampValue:
    """Return what clocks in `zone` show at a moment (UTC).

    Where clocks are never changed it is a sum, a tenth of the cost of a look-up in the calendar
    of the zone.
    """
    offset = fixed_offset(zone)
    if offset is None:
        return wall_clock_of(zone, moment)
    since_1970 = epoch_us(moment)
    inside = (since_1970 >= _microseconds(SINCE)) & (since_1970 < _microseconds(UNTIL))
    added = time_after_1970(since_1970 + offset // timedelta(microseconds=1))
    return inside.ifelse(added, wall_clock_of(zone, moment))


@cache
def fixed_offset(zone: str) -> timedelta | None:
    """Return how far clocks in a zone are ahead of UTC from 1990 to 2100; none if that changes.

    Examples
    --------
    >>> fixed_offset("Asia/Taipei")
    datetime.timedelta(seconds=28800)
    >>> fixed_offset("Europe/London") is None
    True
    """
    clock, weeks = ZoneInfo(zone), range((UNTIL - SINCE) // timedelta(weeks=1) + 1)
    found = {(SINCE + timedelta(weeks=week)).astimezone(clock).utcoffset() for week in weeks}
    return found.pop() if len(found) == 1 else None


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
