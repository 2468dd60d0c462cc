"""Choose the cut-offs of a model: what trains, tunes, calibrates, tests and scores."""

from datetime import date, timedelta
from typing import NamedTuple


class TooLittleHistoryError(ValueError):
    """The data are too short for a purged split in time."""


class Cutoffs(NamedTuple):
    """Cut-offs in time order; no label window reaches into the next role's snapshots."""

    train: tuple[date, ...]
    tune: date
    calibrate: date
    test: date
    score: date

    @property
    def labelled(self) -> tuple[date, ...]:
        """All cut-offs whose outcome window is closed, in time order."""
        return (*self.train, self.tune, self.calibrate, self.test)


def plan_cutoffs(
    as_of: date,
    *,
    first_day: date,
    gap_days: int,
    horizon_days: int,
    step_days: int,
    max_training: int,
) -> Cutoffs:
    """Lay the cut-offs backwards from the scoring cut-off, purged at every border.

    The test snapshot is the newest mature one: its outcome window
    `[test + gap, test + gap + horizon)` ends exactly at `as_of`. Calibration lies a whole
    window earlier, tuning another, the newest training snapshot a third. Training goes on
    backwards every `step_days`, as long as a window of history lies before the cut-off.

    Parameters
    ----------
    as_of : date
        Scoring cut-off: nothing available at or after it is seen, labels included.
    first_day : date
        Day of the earliest event.
    gap_days, horizon_days : int
        The outcome window, in days.
    step_days : int
        Days between two training snapshots.
    max_training : int
        Most training snapshots to use.

    Raises
    ------
    TooLittleHistoryError
        If not even one training snapshot has a window of history before it.

    Examples
    --------
    >>> cutoffs = plan_cutoffs(
    ...     date(2011, 11, 30),
    ...     first_day=date(2009, 12, 1),
    ...     gap_days=0,
    ...     horizon_days=90,
    ...     step_days=30,
    ...     max_training=12,
    ... )
    >>> cutoffs.test.isoformat(), cutoffs.tune.isoformat(), len(cutoffs.train)
    ('2011-09-01', '2011-03-05', 10)
    """
    window = timedelta(days=gap_days + horizon_days)
    test = as_of - window
    calibrate = test - window
    tune = calibrate - window
    newest = tune - window
    earliest = first_day + timedelta(days=horizon_days)
    if newest < earliest:
        needed = (as_of - newest).days + horizon_days
        raise TooLittleHistoryError(
            f"the data start on {first_day}, {(as_of - first_day).days} days before the cut-off "
            f"{as_of}. An outcome window of {window.days} days needs {needed} days: one window "
            f"each to test, calibrate, tune and train, and one of history. Deliver older data, "
            f"or set horizon_days to {max(1, (as_of - first_day).days // 5 - gap_days)} or less."
        )
    reach = (newest - earliest).days // step_days + 1
    train = [newest - timedelta(days=step_days * i) for i in range(min(reach, max_training))]
    return Cutoffs(tuple(reversed(train)), tune, calibrate, test, as_of)
