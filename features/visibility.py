"""What was known before a cut-off: the one place where time is cut."""

import ibis.expr.types as ir


def visible_rows(rows: ir.Table, cutoffs: ir.Table | ir.DateScalar) -> ir.Table:
    """Pair each cut-off with exactly the rows that were known before its day began.

    This is the one place where the cut-off is applied. `days_before` counts whole days from
    the row's own day to the cut-off; it is at least 1, since nothing is known before it
    happens (the calendar apart, which is known ahead). A row that describes a state until
    `until_on` is seen while it holds, that is up to the cut-off on which it ends; when that
    will be is not seen.

    Parameters
    ----------
    rows : Table
        Rows of a grain.
    cutoffs : Table or DateScalar
        One row per cut-off, with the date `as_of`; or the only cut-off, which costs less: rows
        are passed over as they are read.
    """
    as_of = cutoffs.as_of if isinstance(cutoffs, ir.Table) else cutoffs
    known = rows.available_on < as_of
    if "until_on" in rows.columns:
        known &= rows.until_on.isnull() | (rows.until_on >= as_of)
    if isinstance(cutoffs, ir.Table):
        seen = rows.join(cutoffs, known)
    else:
        seen = rows.filter(known).mutate(as_of=as_of)
    if "until_on" in rows.columns:
        seen = seen.drop("until_on")
    return seen.mutate(days_before=seen.as_of.delta(seen.event_on, unit="day"))
