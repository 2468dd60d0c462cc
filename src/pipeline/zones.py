"""Wall-clock times of a place, and the moments they name."""

import ibis.expr.types as ir

from pipeline.duck import moment_of, wall_clock_of


def moment(wall_clock: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return the moment (UTC) at which clocks in `zone` show a time without a zone.

    A time that the clocks skip in spring is taken an hour later; one that they show twice
    in autumn is the later of the two.
    """
    return moment_of(zone, wall_clock.cast("timestamp")).cast("timestamp('UTC', 6)")


def local_date(moment: ir.TimestampValue, zone: str) -> ir.DateValue:
    """Return the date that calendars in `zone` show at a moment."""
    return wall_clock_of(zone, moment.cast("timestamp('UTC')")).date()
