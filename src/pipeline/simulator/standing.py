"""Where each member stands on a day: the last trip, the clock, and whether they have left."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.simulator.members import Members
from pipeline.simulator.shopping import Shopping

_KEY = 1e6


@dataclass(frozen=True)
class Standing:
    """Arrays of shape (n_members,), as of the beginning of a day.

    Attributes
    ----------
    last_planned : array of float
        Day of the last planned trip; NaN without one.
    last_any : array of float
        Day of the last trip of any kind; NaN without one.
    elapsed : array of float
        Clock-days since the last planned trip.
    left : array of bool
        Whether the member has left for good. Hidden.
    trips_365 : array of int
        Trips in the last 365 days.
    """

    last_planned: NDArray[np.float64]
    last_any: NDArray[np.float64]
    elapsed: NDArray[np.float64]
    left: NDArray[np.bool_]
    trips_365: NDArray[np.int64]


def standing(members: Members, shopping: Shopping, day: float) -> Standing:
    """Look up where one block of members stands at the beginning of `day`."""
    trips, clock = shopping.trips, shopping.clock
    everyone = np.arange(len(members))
    key = trips.member * _KEY + trips.time

    def until(moment: float) -> NDArray[np.int64]:
        return np.searchsorted(key, everyone * _KEY + max(moment, 0.0))

    begin, end = np.searchsorted(key, everyone * _KEY), until(float(day))
    any_before = end > begin
    planned = np.flatnonzero(trips.planned)
    planned_key = key[planned]
    planned_end = np.searchsorted(planned_key, everyone * _KEY + float(day))
    planned_begin = np.searchsorted(planned_key, everyone * _KEY)
    has_planned = planned_end > planned_begin
    last = planned[np.maximum(planned_end - 1, 0)] if len(planned) else np.zeros(len(members), int)
    time = trips.time if len(trips.time) else np.zeros(1)
    gone = trips.left if len(trips.left) else np.zeros(1, bool)
    last_planned = np.where(has_planned, time[last], np.nan)
    since = clock.passed(members.stage, np.full(len(members), float(day))) - clock.passed(
        members.stage, np.where(has_planned, last_planned, 0.0)
    )
    return Standing(
        last_planned=last_planned,
        last_any=np.where(any_before, time[np.maximum(end - 1, 0)], np.nan),
        elapsed=since,
        left=members.left_before | (has_planned & gone[last]),
        trips_365=end - until(day - 365.0),
    )
