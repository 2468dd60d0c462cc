"""Local moments as UTC: which hour of the day, and when the data warehouse knew of it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.preset import Preset

DAY_US = 86_400_000_000
LATE_SHARE = 0.006
LATEST_DAYS = 30.0
TIME = pa.timestamp("us", tz="UTC")

#: How busy the hours are: in a store from opening to closing, and on line around the clock.
_STORE_LOAD = np.array([0.5, 0.8, 0.9, 0.9, 1.0, 1.0, 1.1, 1.3, 1.5, 1.4, 0.7])
_ONLINE_LOAD = np.array(
    [
        [0.7, 0.4, 0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0],
        [1.3, 1.1, 0.9, 0.9, 0.9, 0.9, 1.0, 1.2, 1.5, 1.8, 1.8, 1.3],
    ]
)


class Moments:
    """Turns days since the start of the period into stored times.

    The fraction of a day becomes the hour by the quantiles of the daily load, which keeps
    the order of events within a day and leaves each event on its own local day.
    """

    def __init__(self, preset: Preset, calendar: Calendar) -> None:
        first = datetime.combine(calendar.start, datetime.min.time(), ZoneInfo(preset.time_zone))
        self._start_us = int(first.timestamp() * 1_000_000)
        opens, closes = preset.open_hours
        store = np.interp(np.linspace(0, 1, closes - opens), np.linspace(0, 1, 11), _STORE_LOAD)
        self._store = _quantiles(store, opens)
        self._online = _quantiles(_ONLINE_LOAD.ravel(), 0)

    def happened(self, time: NDArray[np.float64], online: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return microseconds since the epoch, to the second."""
        day = np.floor(time)
        fraction = np.minimum(time - day, 1 - 1e-6)
        hour = np.where(
            online, np.interp(fraction, *self._online), np.interp(fraction, *self._store)
        )
        second = np.floor(hour * 3600).astype(np.int64)
        return np.asarray(self._start_us + day.astype(np.int64) * DAY_US + second * 1_000_000)

    def midnight(self, day: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the beginning of local days in microseconds since the epoch."""
        return np.asarray(self._start_us + day * DAY_US)


def known(happened: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return when the data knew of it: within the hour, or for a few rows days later."""
    delay_us = rng.exponential(20 * 60e6, len(happened))
    late = rng.random(len(happened)) < LATE_SHARE
    delay_us = np.where(late, rng.uniform(1, LATEST_DAYS, len(happened)) * DAY_US, delay_us)
    return happened + delay_us.astype(np.int64) // 1_000_000 * 1_000_000


def stored(microseconds: NDArray[np.int64]) -> pa.Array:
    """Return times as the tables store them."""
    return pa.array(microseconds, pa.int64()).cast(TIME)


def _quantiles(
    load: NDArray[np.float64], first_hour: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    share = np.concatenate([[0.0], np.cumsum(load)]) / load.sum()
    return share, first_hour + np.arange(len(load) + 1, dtype=float)
