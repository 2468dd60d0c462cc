"""From which day on the rows of a table are kept, where `retention.tables` sets a limit."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.fingerprint import digest
from pipeline.params import Params, Run


class Kept(NamedTuple):
    """Which rows of the limited tables are young enough to be kept.

    Attributes
    ----------
    since : mapping of str to date
        By table, the first local day of the rows that are kept; a table that is not named
        keeps all of them.
    time_zone : str
        Business time zone.
    delays : mapping of str to timedelta
        By table, how long after `event_time` a row is known where `available_time` is missing.
    """

    since: Mapping[str, date] = {}
    time_zone: str = "UTC"
    delays: Mapping[str, timedelta] = {}

    def moment(self, table: str) -> datetime:
        """Return when the first day of a limited table begins."""
        return datetime.combine(self.since[table], time.min, ZoneInfo(self.time_zone))

    def stamped(self, fingerprint: str) -> str:
        """Return the fingerprint of data less the rows that are too old.

        Examples
        --------
        >>> Kept().stamped("abc")
        'abc'
        >>> Kept({"transactions": date(2024, 1, 1)}).stamped("abc") == "abc"
        False
        """
        if not self.since:
            return fingerprint
        days = {name: str(day) for name, day in self.since.items()}
        delays = {name: str(self.delays.get(name, "")) for name in days}
        return digest(fingerprint, days, delays, self.time_zone)


def kept_rows(params: Params, *, at: datetime) -> Kept:
    """Return which rows are kept at a time, which has a zone."""
    today = at.astimezone(ZoneInfo(params.time_zone)).date()
    limits = params.retention.tables.items()
    since = {name: first_kept_day(days, today) for name, days in limits if days is not None}
    return _kept(params, since)


def kept_in(params: Params, run: Run) -> Kept:
    """Return which rows a run keeps, as it was settled when it was asked for."""
    return _kept(params, run.kept_since)


def first_kept_day(days: int, today: date) -> date:
    """Return the first of the month from which on no row is older than so many days.

    A limit that moved every day would change what every cut-off sees every day, and have every
    snapshot built anew. It moves on the first of a month instead, and never keeps more than it
    says: between `days` less a month and `days` are kept.

    Examples
    --------
    >>> first_kept_day(365, date(2026, 3, 15)).isoformat()
    '2025-04-01'
    >>> first_kept_day(365, date(2026, 4, 1)).isoformat()
    '2025-04-01'
    """
    day = today - timedelta(days=days)
    return day if day.day == 1 else (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _kept(params: Params, since: Mapping[str, date]) -> Kept:
    hours = params.validation.available_after_hours
    return Kept(
        dict(since),
        params.time_zone,
        {name: timedelta(hours=hours[name]) for name in since if name in hours},
    )
