"""Festivals fall where the lunar and the solar calendar put them."""

from datetime import date

import pytest

from pipeline.simulator.calendar import calendar, months_before


@pytest.fixture(scope="module")
def year():
    return calendar(date(2026, 1, 1), date(2027, 1, 1), "TW")


@pytest.mark.parametrize(
    ("season", "day", "outside"),
    [
        ("lunar_new_year", date(2026, 2, 10), date(2026, 2, 17)),
        ("lunar_holidays", date(2026, 2, 17), date(2026, 2, 10)),
        ("mothers_day", date(2026, 5, 10), date(2026, 5, 11)),
        ("ghost_month", date(2026, 8, 27), date(2026, 9, 12)),  # the 15th of the 7th month
        ("double_11", date(2026, 11, 11), date(2026, 11, 13)),
    ],
)
def test_a_season_covers_its_festival_and_ends(year, season, day, outside):
    assert year.seasons[season][year.day_of(day)] == 1
    assert year.seasons[season][year.day_of(outside)] == 0


def test_days_are_as_busy_as_ever_on_average_whatever_the_rhythm(year):
    for rhythm in ("everyone", "family", "young", "senior", "world"):
        assert year.trip_intensity(rhythm).mean() == pytest.approx(1)


def test_months_are_counted_back_from_the_end():
    assert months_before(date(2026, 11, 1), 36) == date(2023, 11, 1)
    assert months_before(date(2026, 1, 1), 1) == date(2025, 12, 1)
