"""The days of the simulated period: festivals, seasons and how much is bought on each day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

#: Effect of a season on the log of the day's trips, by calendar of a life stage.
#: `everyone` serves members whose stage names no other.
RHYTHMS: Mapping[str, Mapping[str, float]] = {
    "everyone": {
        "lunar_new_year": 0.45,
        "lunar_holidays": -0.70,
        "mothers_day": 0.20,
        "ghost_month": -0.15,
        "double_11": 0.40,
        "christmas": 0.15,
        "back_to_school": 0.05,
    },
    "family": {
        "lunar_new_year": 0.40,
        "lunar_holidays": -0.60,
        "mothers_day": 0.35,
        "fathers_day": 0.15,
        "ghost_month": -0.10,
        "double_11": 0.25,
        "christmas": 0.25,
        "back_to_school": 0.50,
    },
    "young": {
        "lunar_new_year": 0.25,
        "lunar_holidays": -0.20,
        "double_11": 0.75,
        "christmas": 0.40,
        "back_to_school": 0.45,
        "summer": 0.10,
    },
    "world": {"christmas": 0.45, "double_11": 0.15, "summer": -0.15, "back_to_school": 0.10},
    "senior": {
        "lunar_new_year": 0.60,
        "lunar_holidays": -0.90,
        "mothers_day": 0.15,
        "ghost_month": -0.45,
        "mid_autumn": 0.20,
        "winter": 0.10,
    },
}

#: Monday to Sunday.
WEEKDAYS = np.log(np.array([0.80, 0.78, 0.82, 0.86, 1.02, 1.42, 1.30]))
PAY_DAYS = (5, 6, 10)
#: Days after the end whose seasons are known.
AHEAD_DAYS = 130


@dataclass(frozen=True)
class Calendar:
    """The simulated days, counted from 0 (the first) to `days` (the cut-off, excluded).

    Attributes
    ----------
    start, until : date
        First local day, and the first one after the end.
    seasons : dict of str to array of shape (days + AHEAD_DAYS,)
        How much of each season a day has, in [0, 1]. The days ahead are not simulated: the
        truth needs them to say what is to be expected after the end.
    """

    start: date
    until: date
    seasons: dict[str, NDArray[np.float64]]

    @property
    def days(self) -> int:
        """Number of simulated days."""
        return (self.until - self.start).days

    def day_of(self, day: date) -> int:
        """Return the index of a local day; may lie outside the period."""
        return (day - self.start).days

    def effect(self, effects: Mapping[str, float]) -> NDArray[np.float64]:
        """Add up the log-effects of seasons, by day: shape (days + AHEAD_DAYS,)."""
        total = np.zeros(self.days + AHEAD_DAYS)
        for season, effect in effects.items():
            total += effect * self.seasons[season]
        return total

    def trip_intensity(self, rhythm: str) -> NDArray[np.float64]:
        """Return how busy each day is, with mean 1 over the period: shape (days + AHEAD_DAYS,)."""
        weekday = (np.arange(self.days + AHEAD_DAYS) + self.start.weekday()) % 7
        log_intensity = self.effect(RHYTHMS[rhythm]) + WEEKDAYS[weekday]
        log_intensity += 0.12 * self.seasons["pay_day"]
        intensity = np.exp(log_intensity)
        return np.asarray(intensity / intensity.mean())


def months_before(until: date, months: int) -> date:
    """Return the same day of the month, `months` earlier.

    Examples
    --------
    >>> months_before(date(2026, 11, 1), 14)
    datetime.date(2025, 9, 1)
    """
    year, month = divmod(until.year * 12 + until.month - 1 - months, 12)
    return date(year, month + 1, min(until.day, 28))


def calendar(start: date, until: date, country: str) -> Calendar:
    """Mark the seasons of a period; lunar dates come from the `holidays` library.

    Parameters
    ----------
    start, until : date
        First day, and first day after the end.
    country : str
        ISO code of the country whose public holidays count, such as `"TW"`.
    """
    import holidays

    # One year more on each side: a season may begin before its festival's year does.
    years = range(start.year - 1, until.year + 2)
    official = holidays.country_holidays(country, years=years)
    chinese = holidays.country_holidays("TW", years=years, language="en_US")
    days = (until - start).days + AHEAD_DAYS
    seasons = {name: np.zeros(days) for name in SEASONS}

    def mark(name: str, first: date, last: date) -> None:
        low, high = (first - start).days, (last - start).days + 1
        if high > 0 and low < days:
            seasons[name][max(low, 0) : min(high, days)] = 1.0

    for year in years:
        new_year = min(d for d, n in chinese.items() if d.year == year and n == "Chinese New Year")
        full_moon = min(d for d, n in chinese.items() if d.year == year and "Mid-Autumn" in n)
        mark("lunar_new_year", new_year - timedelta(21), new_year - timedelta(2))
        mark("lunar_holidays", new_year - timedelta(1), new_year + timedelta(4))
        mothers_day = _second_sunday(year, 5)
        mark("mothers_day", mothers_day - timedelta(16), mothers_day)
        mark("fathers_day", date(year, 7, 28), date(year, 8, 8))
        # The seventh lunar month ends a fortnight before the full moon of the eighth.
        mark("ghost_month", full_moon - timedelta(44), full_moon - timedelta(15))
        mark("mid_autumn", full_moon - timedelta(12), full_moon)
        mark("double_11", date(year, 11, 5), date(year, 11, 12))
        mark("christmas", date(year, 12, 12), date(year, 12, 25))
        mark("back_to_school", date(year, 8, 18), date(year, 9, 12))
        mark("spring", date(year, 3, 1), date(year, 5, 31))
        mark("summer", date(year, 5, 15), date(year, 8, 31))
        mark("winter", date(year, 11, 25), date(year, 12, 31))
        mark("winter", date(year, 1, 1), date(year, 2, 20))
    for index in range(days):
        day = start + timedelta(index)
        seasons["pay_day"][index] = float(day.day in PAY_DAYS)
        seasons["public_holiday"][index] = float(day in official)
    return Calendar(start, until, seasons)


#: Names a preset may use.
SEASONS = (
    "lunar_new_year",
    "lunar_holidays",
    "mothers_day",
    "fathers_day",
    "ghost_month",
    "mid_autumn",
    "double_11",
    "christmas",
    "back_to_school",
    "spring",
    "summer",
    "winter",
    "pay_day",
    "public_holiday",
)


def _second_sunday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta((6 - first.weekday()) % 7 + 7)
