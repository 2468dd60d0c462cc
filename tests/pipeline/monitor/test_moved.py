"""A column rings where it is unlike every earlier month, and by more than months ever were."""

from datetime import date

import numpy as np
import pytest

from pipeline.monitor.counts import Counted
from pipeline.monitor.limits import MonitoringParams
from pipeline.monitor.moved import moved_columns

LIMITS = MonitoringParams()
NORMAL = [500, 300, 200, 0]


def counted(**columns):
    return Counted(sum(next(iter(columns.values()))), columns)


def months(*counts):
    """References one month after the other, each with one column."""
    return {date(2025, month, 1): counted(x=one) for month, one in enumerate(counts, start=1)}


def only(now, past, **given):
    (found,) = moved_columns(counted(x=now), past, LIMITS, **given)
    return found


def test_a_month_like_the_others_is_quiet():
    found = only([510, 290, 200, 0], months(NORMAL, [490, 310, 200, 0], NORMAL))
    assert not found.rings


def test_a_month_unlike_all_others_rings():
    found = only([100, 200, 700, 0], months(NORMAL, [490, 310, 200, 0], NORMAL))
    assert found.rings
    assert found.nearest > LIMITS.psi


def test_values_that_go_missing_ring():
    found = only([250, 150, 100, 500], months(NORMAL, NORMAL, NORMAL))
    assert found.rings
    assert (found.missing_then, found.missing_now) == (0, 0.5)


def test_a_season_that_was_there_a_year_ago_is_quiet():
    season = [100, 200, 700, 0]
    past = months(NORMAL, season, NORMAL, NORMAL)
    found = only([105, 205, 690, 0], past)
    assert not found.rings
    assert found.nearest_as_of == date(2025, 2, 1)
    assert found.psi > LIMITS.psi  # all months together would have rung


def test_a_trend_at_its_usual_pace_is_quiet_and_at_thrice_its_pace_rings():
    def shifted(share):
        return [int(10_000 * (1 - share)), int(10_000 * share), 0]

    past = months(*(shifted(0.1 + 0.08 * step) for step in range(6)))
    assert not only(shifted(0.58), past).rings
    assert only(shifted(0.85), past).rings


def test_a_million_rows_that_differ_by_nothing_that_matters_are_quiet():
    past = months(*[[500_000, 500_000, 0]] * 3)
    found = only([505_000, 495_000, 0], past)
    assert found.adjusted < 1e-6
    assert not found.rings


def test_a_few_rows_by_chance_far_off_are_quiet():
    found = only([1, 4, 0], months(*[[3, 2, 0]] * 3))
    assert found.nearest > LIMITS.psi
    assert not found.rings


def test_nothing_rings_before_it_is_known_what_is_usual():
    found = only([100, 200, 700, 0], months(NORMAL, NORMAL))
    assert found.references == 2
    assert not found.rings


def test_a_month_in_which_the_column_rang_is_no_reference():
    broken = [0, 0, 0, 1000]
    past = months(NORMAL, NORMAL, NORMAL, broken)
    assert not only(broken, past).rings
    assert only(broken, past, skip={"x": frozenset({date(2025, 4, 1)})}).rings


def test_months_and_columns_come_in_whichever_order():
    past = months(NORMAL, [300, 400, 300, 0], [450, 350, 200, 0])
    again = dict(reversed(past.items()))
    assert only([200, 300, 500, 0], past) == only([200, 300, 500, 0], again)


def test_of_three_hundred_columns_that_stay_the_same_none_rings():
    random = np.random.default_rng(3)
    shares = [0.4, 0.3, 0.2, 0.1]

    def month():
        return Counted(800, {f"c{n}": random.multinomial(800, shares).tolist() for n in range(300)})

    past = {date(2025, number, 1): month() for number in range(1, 7)}
    assert not any(one.rings for one in moved_columns(month(), past, LIMITS))


@pytest.mark.parametrize("past", [{}, {date(2025, 1, 1): Counted(0, {"x": [0, 0, 0, 0]})}])
def test_without_an_earlier_row_nothing_is_said(past):
    assert moved_columns(counted(x=NORMAL), past, LIMITS) == []


def test_a_text_that_was_never_seen_rings_long_before_the_rest_moves():
    past = months(*[[500, 500, 0, 0]] * 3)
    new = counted(x=[490, 490, 20, 0])
    (found,) = moved_columns(new, past, LIMITS, texts=frozenset({"x"}))
    assert found.unseen == 0.02
    assert found.nearest < LIMITS.psi
    assert found.rings
    assert not moved_columns(new, past, LIMITS)[0].rings  # of numbers, these are merely large


def test_a_new_text_among_many_others_rings():
    past = months(*[[*[40] * 45, 0, 0]] * 3)
    new = counted(x=[*[40] * 45, 24, 0])
    (found,) = moved_columns(new, past, LIMITS, texts=frozenset({"x"}))
    assert found.rings
