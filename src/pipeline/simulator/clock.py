"""The members' own time: days, stretched and squeezed by the calendar of their life stage."""

import numpy as np
from numpy.typing import NDArray

from pipeline.simulator.calendar import AHEAD_DAYS, Calendar
from pipeline.simulator.preset import Preset

_APART = 1e7


class Clock:
    """Translates between days and the clock that planned trips run on.

    The clock runs fast on busy days and slowly on quiet ones, at a mean speed of 1. One
    array holds the clocks of all life stages one behind the other, so that a single
    interpolation serves members of every stage.
    """

    def __init__(self, preset: Preset, calendar: Calendar) -> None:
        rhythms = list(dict.fromkeys(stage.season for stage in preset.life_stages))
        self._of_stage = np.array([rhythms.index(stage.season) for stage in preset.life_stages])
        passed = [
            np.concatenate([[0.0], np.cumsum(calendar.trip_intensity(name))]) for name in rhythms
        ]
        days = np.arange(calendar.days + AHEAD_DAYS + 1)
        offsets = np.arange(len(rhythms)) * _APART
        self._days = np.concatenate([days + offset for offset in offsets])
        self._passed = np.concatenate([p + o for p, o in zip(passed, offsets, strict=True)])
        self._end = min(float(p[-1]) for p in passed)

    def passed(self, stage: NDArray[np.int64], day: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the clock's reading on a day; before the period it runs with the days."""
        offset = self._of_stage[stage] * _APART
        inside = np.interp(np.maximum(day, 0) + offset, self._days, self._passed) - offset
        return np.asarray(np.where(day < 0, day, inside))

    def day(self, stage: NDArray[np.int64], passed: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the day on which the clock shows a reading; beyond what is known, infinity."""
        offset = self._of_stage[stage] * _APART
        inside = np.interp(np.maximum(passed, 0) + offset, self._passed, self._days) - offset
        day = np.where(passed < 0, passed, inside)
        return np.asarray(np.where(passed >= self._end - 1e-6, np.inf, day))
