"""Hold newly arrived data against those of the last run: what differs beyond declared limits."""

import math
from collections.abc import Iterator, Sequence

from pipeline.arrivals.profile import USUAL_DAYS, ColumnProfile, Part, Profile, TableProfile
from pipeline.arrivals.silence import newly_silent
from pipeline.params import ArrivalLimits

#: Shares of fewer rows than this say nothing, and of fewer new ones than half of it.
ENOUGH = 200

#: How much likelier receipts have to be at other hours, as a logarithm, before it is the clock.
_SURE = 20.0


def compare(now: Profile, before: Profile, limits: ArrivalLimits) -> Iterator[str]:
    """Yield, one sentence each, where data differ from those of the last run beyond the limits.

    Parameters
    ----------
    now : Profile
        Of the new data; made with `since=before`.
    before : Profile
        Of the data that were accepted last.
    limits : ArrivalLimits
        `retrain.limits` of `params.yaml`.
    """
    for name, then in before.tables.items():
        found = now.tables.get(name)
        if found is None:
            yield f"{name} was delivered last time ({then.accepted:,} rows) and is not there now"
            continue
        yield from (f"{name}: {one}" for one in _of_table(found, then, limits))
        if name == "transactions":
            yield from (f"{name}: {one}" for one in _of_days(found, then, limits))
    for one in newly_silent(now.silent, before.silent, share=limits.silent_share):
        yield f"transactions: {one}"


def _of_table(now: TableProfile, then: TableProfile, limits: ArrivalLimits) -> Iterator[str]:
    still = then.accepted - _let_go(now, then)
    lost = still - now.accepted
    if lost >= ENOUGH / 40 and now.accepted < limits.fewest_rows * still:
        yield (
            f"{now.accepted:,} rows, {now.accepted / still:.1%} of the {still:,} "
            f"of last time ({limits.fewest_rows:.1%} are expected at least)"
        )
    if now.known is not None and then.usual.rows >= ENOUGH:
        again = now.known.rows / then.usual.rows
        if not limits.fewest_rows <= again <= limits.most_rows_again:
            yield (
                f"the {USUAL_DAYS} days up to {then.newest} hold {now.known.rows:,} rows, and held "
                f"{then.usual.rows:,} last time: between {limits.fewest_rows:g} and "
                f"{limits.most_rows_again:g} times as many are expected"
            )
    more = now.refused - then.refused
    fresh = max(now.read - then.read, now.new.rows if now.new else 0, more, 1)
    if more >= ENOUGH / 40 and more > limits.refused_new_rows * fresh:
        yield (
            f"{more:,} of about {fresh:,} new rows ({more / fresh:.1%}) break the contract, and "
            f"{limits.refused_new_rows:.1%} are tolerated; see the quality report"
        )
    for part, which in ((now.new, "new"), (now.known, "known")):
        if part is not None and then.usual.rows >= ENOUGH and part.rows >= ENOUGH / 2:
            yield from _of_columns(part, then.usual, which, limits)


def _let_go(now: TableProfile, then: TableProfile) -> int:
    """Return how many rows of last time are too old by now; none where no limit has moved."""
    if now.kept_since == then.kept_since:
        return 0
    return max(now.past_retention - then.past_retention, 0)


def _of_columns(part: Part, usual: Part, which: str, limits: ArrivalLimits) -> Iterator[str]:
    for name, then in usual.columns.items():
        now = part.columns.get(name)
        if now is None:
            continue
        empty, was = now.nulls / part.rows, max(then.nulls / usual.rows, then.most_empty or 0)
        if empty - was > limits.more_nulls:
            yield (
                f"`{name}` is empty in {empty:.1%} of the {which} rows, and was in {was:.1%}."
                " If the column was renamed, map it; see docs/importing.md"
            )
        unseen = _unseen(now, then)
        if unseen and sum(unseen.values()) > limits.unseen_values * part.rows:
            some = ", ".join(sorted(unseen, key=lambda value: -unseen[value])[:3])
            share = sum(unseen.values()) / part.rows
            yield (
                f"`{name}` holds values in {share:.1%} of the {which} rows that the last run did "
                f"not know ({some}); {limits.unseen_values:.1%} are tolerated"
            )


def _unseen(now: ColumnProfile, then: ColumnProfile) -> dict[str, int]:
    if not now.values or not then.values:
        return {}
    return {value: rows for value, rows in now.values.items() if value not in then.values}


def _of_days(now: TableProfile, then: TableProfile, limits: ArrivalLimits) -> Iterator[str]:
    """Yield what is odd about the receipts of the new days: too few, too many, at other hours."""
    if now.new is None or now.newest is None or then.newest is None or then.first is None:
        return
    if now.newest < then.newest:
        yield f"the newest row is of {now.newest}, and was of {then.newest} last time"
    days = (now.newest - then.newest).days
    watched = min(USUAL_DAYS, (then.newest - then.first).days + 1)
    if days > 0 and then.usual.rows >= ENOUGH:
        share = now.new.rows / days / (then.usual.rows / watched)
        if not limits.least_a_day <= share <= limits.most_a_day:
            yield (
                f"{now.new.rows:,} rows in the {days} days from {then.newest} on are "
                f"{share:.2f} times what is usual a day; {limits.least_a_day:g} to "
                f"{limits.most_a_day:g} times are expected"
            )
    for part, which in ((now.new, "new"), (now.known, "known")):
        if part is not None and (hours := clock_shift(part.hours, then.usual.hours, limits)):
            yield (
                f"receipts of the {which} days come {abs(hours)} h too "
                f"{'late' if hours > 0 else 'early'}, judged by the hours of last time. Look at "
                "the clock and the time zone of the source"
            )


def clock_shift(
    now: Sequence[Sequence[int]], usual: Sequence[Sequence[int]], limits: ArrivalLimits
) -> int:
    """Return by how many hours receipts come too late; 0 where the clock seems right.

    The hours are held against those of the same weekdays, moved by every number of hours. It is
    the clock if another one fits surely, and noticeably, better than none: the likelihood that
    both come from one distribution allows for what chance does to few receipts.

    Parameters
    ----------
    now, usual : sequence of shape (7, 24)
        Receipts by weekday and local hour.
    limits : ArrivalLimits
        `shifted_hours` is the share of receipts that has to fit better.

    Examples
    --------
    >>> day = [0] * 9 + [40, 80, 120, 90, 60, 60, 70, 90, 150, 100] + [0] * 5
    >>> late = day[-1:] + day[:-1]
    >>> clock_shift([late] * 7, [day] * 7, ArrivalLimits())
    1
    """
    days = [day for day in range(7) if sum(now[day])]
    came = [sum(now[day][hour] for day in days) for hour in range(24)]
    known = [sum(usual[day][hour] for day in days) for hour in range(24)]
    receipts, before = sum(came), sum(known)
    if min(receipts, before) < ENOUGH / 4:
        return 0
    likelihood, distance = {}, {}
    for hours in range(-12, 12):
        expected = [known[(hour - hours) % 24] for hour in range(24)]
        both = [a + b for a, b in zip(came, expected, strict=True)]
        likelihood[hours] = sum(n * math.log(n) for n in both if n)
        distance[hours] = (
            sum(abs(a / receipts - b / before) for a, b in zip(came, expected, strict=True)) / 2
        )
    best = max(likelihood, key=lambda hours: (likelihood[hours], -abs(hours)))
    surely = likelihood[best] - likelihood[0] > _SURE
    return best if surely and distance[0] - distance[best] > limits.shifted_hours else 0
