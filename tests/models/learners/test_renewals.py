import numpy as np
import pytest

from models.learners.renewals import event_by_period, expected_renewals


def test_gaps_that_depend_on_when_they_open_are_followed_exactly_with_a_bucket_per_period():
    periods = 12
    rng = np.random.default_rng(0)
    by_opening = rng.uniform(0.05, 0.4, size=(periods + 1, periods))

    def open_gap(_rows, events, opening, ahead):
        hazard = by_opening[np.round(opening).astype(int)] / events
        return event_by_period(hazard)[:, :ahead]

    first = event_by_period(np.array([[0.2] * periods, [0.05] * periods]))
    exact = expected_renewals(first, open_gap, buckets=periods)
    times = 40_000
    for row, hazard in enumerate((0.2, 0.05)):
        count, opened = np.zeros(times), np.zeros(times, dtype=int)
        for period in range(1, periods + 1):
            later = by_opening[opened, period - opened - 1] / np.maximum(count, 1)
            happens = rng.random(times) < np.where(count == 0, hazard, later)
            count, opened = count + happens, np.where(happens, period, opened)
        error = count.std() / np.sqrt(times)
        assert exact[row] == pytest.approx(count.mean(), abs=4 * error)


def test_two_periods_are_enough_for_two_events():
    always = np.ones((1, 2))
    first = event_by_period(always)

    def next_period(rows, _events, _opening, ahead):
        return event_by_period(np.ones((len(rows), ahead)))

    assert expected_renewals(first, next_period, buckets=1).tolist() == [2]
