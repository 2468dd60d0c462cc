"""The days of the year on which people shop differently, known long ahead."""

from collections.abc import Iterator
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from features.definition import grain

#: The lunar dates come from `holidays`, which knows them in these years.
FIRST_YEAR, LAST_YEAR = 2000, 2060

#: Names of the festivals by what the library calls them (Taiwan, in English).
_LUNAR = {
    "Chinese New Year": "lunar_new_year",
    "Dragon Boat Festival": "dragon_boat",
    "Mid-Autumn Festival": "mid_autumn",
}
_DAYS_TO_FULL_MOON_OF_EIGHTH_MONTH = 44


@grain("time")
def festival_days() -> ir.Table:
    """One row per festival and year: its first day. The calendar is known at any cut-off.

    Lunar New Year, the Dragon Boat and the Mid-Autumn Festival are computed by the library
    `holidays`. Mother's Day is the second Sunday of May, Father's Day is 8 August. Ghost Month
    is the seventh lunar month: it ends a fortnight before the Mid-Autumn Festival, and its
    first day is taken 30 days earlier, which is a day too early in short months.
    """
    found = sorted(set(_festivals()))
    return ibis.memtable(
        {"festival": [name for name, _ in found], "event_on": [day for _, day in found]},
        schema={"festival": "string", "event_on": "date"},
    ).mutate(available_on=ibis.date(1900, 1, 1))


def _festivals() -> Iterator[tuple[str, date]]:
    import holidays

    years = range(FIRST_YEAR, LAST_YEAR + 1)
    first: dict[tuple[str, int], date] = {}
    for day, name in sorted(holidays.country_holidays("TW", years=years, language="en_US").items()):
        for part in name.split("; "):
            if part in _LUNAR and day.year in years:
                first.setdefault((_LUNAR[part], day.year), day)
    for (festival, _), day in first.items():
        yield festival, day
        if festival == "mid_autumn":
            yield "ghost_month", day - timedelta(_DAYS_TO_FULL_MOON_OF_EIGHTH_MONTH)
    for year in years:
        yield "mothers_day", _second_sunday_of_may(year)
        yield "fathers_day", date(year, 8, 8)
        yield "double_11", date(year, 11, 11)
        yield "christmas", date(year, 12, 25)


def _second_sunday_of_may(year: int) -> date:
    first = date(year, 5, 1)
    return first + timedelta((6 - first.weekday()) % 7 + 7)
