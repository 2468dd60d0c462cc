"""Days on which standing lists are due, and what is caught up."""

from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from campaigns.standing.due import Due, festival_calendar, newest_due
from campaigns.standing.requests import Festival, When
from features.festivals import FESTIVALS

LONG_AGO = date(2020, 1, 1)
WHEN = TypeAdapter(When)


def due(when, today, *, since=LONG_AGO, last=None, festivals=None):
    return newest_due(
        WHEN.validate_python(when), today=today, since=since, last=last, festivals=festivals or {}
    )


@pytest.mark.parametrize(
    ("when", "today", "on"),
    [
        ({"every": "day"}, date(2026, 3, 4), date(2026, 3, 4)),
        ({"every": "week", "on": "wednesday"}, date(2026, 3, 4), date(2026, 3, 4)),
        ({"every": "week", "on": "thursday"}, date(2026, 3, 4), date(2026, 2, 26)),
        ({"every": "month", "on": 4}, date(2026, 3, 4), date(2026, 3, 4)),
        ({"every": "month", "on": 5}, date(2026, 3, 4), date(2026, 2, 5)),
        ({"every": "month", "on": 31}, date(2026, 3, 4), date(2026, 2, 28)),
        ({"every": "month", "on": 31}, date(2026, 1, 4), date(2025, 12, 31)),
    ],
)
def test_the_newest_day_of_a_cadence_is_due(when, today, on):
    assert due(when, today) == Due(on)


@given(
    st.sampled_from(
        [{"every": "day"}, {"every": "week", "on": "sunday"}, {"every": "month", "on": 31}]
    ),
    st.lists(st.integers(0, 60), min_size=1, max_size=30),
)
def test_whatever_days_a_scheduler_misses_no_day_is_built_twice(when, gaps):
    today, last, seen = LONG_AGO, None, []
    for gap in gaps:
        today += timedelta(days=gap)
        found = due(when, today, last=last)
        if found:
            last = found.on
            seen.append(found.on)
        assert due(when, today, last=last) is None
        assert last is None or last <= today
    assert seen == sorted(set(seen))


def test_of_several_missed_days_one_list_is_made_up():
    daily = {"every": "day"}
    assert due(daily, date(2026, 3, 9), last=date(2026, 3, 4)) == Due(date(2026, 3, 9))


def test_days_before_the_list_was_asked_for_do_not_count():
    monday = {"every": "week", "on": "monday"}
    assert due(monday, date(2026, 3, 4), since=date(2026, 3, 3)) is None
    assert due(monday, date(2026, 3, 9), since=date(2026, 3, 3)) == Due(date(2026, 3, 9))


NEW_YEAR = {"lunar_new_year": [date(2026, 2, 17), date(2027, 2, 6)]}
BEFORE = {"festival": "lunar_new_year", "days_before": 10}


@pytest.mark.parametrize(
    ("today", "found"),
    [
        (date(2026, 2, 6), None),
        (date(2026, 2, 7), Due(date(2026, 2, 7), "lunar_new_year 2026")),
        (date(2026, 2, 17), Due(date(2026, 2, 7), "lunar_new_year 2026")),  # made up
        (date(2026, 2, 18), None),  # too late
        (date(2027, 1, 28), Due(date(2027, 1, 27), "lunar_new_year 2027")),
    ],
)
def test_a_festival_is_due_from_its_window_until_it_begins(today, found):
    assert due(BEFORE, today, festivals=NEW_YEAR) == found


def test_a_festival_is_due_once_and_even_where_it_was_asked_for_late():
    asked = {"since": date(2026, 2, 12), "festivals": NEW_YEAR}
    assert due(BEFORE, date(2026, 2, 12), **asked) == Due(date(2026, 2, 7), "lunar_new_year 2026")
    assert due(BEFORE, date(2026, 2, 13), last=date(2026, 2, 7), **asked) is None


def test_the_calendar_has_every_festival_that_can_be_asked_for():
    found = festival_calendar()
    assert set(get_args(Festival)) == set(found) == set(FESTIVALS)
    assert date(2026, 2, 17) in found["lunar_new_year"]
    assert date(2026, 11, 11) in found["double_11"]
