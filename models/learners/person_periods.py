"""Gaps between purchases as rows of one period each, thinned without bias."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


class Gaps(NamedTuple):
    """Checked gaps, one entry each: whole periods, and a number per group from 0."""

    event: np.ndarray
    elapsed: np.ndarray
    entry: np.ndarray
    group: np.ndarray


class PersonPeriods(NamedTuple):
    """One row per gap and period that is trained on.

    Attributes
    ----------
    gap, period, event : ndarray of shape (n_rows,)
        Position of the gap, the period of the gap (from 1), whether it ended with the event.
    kept_share : float
        Share of the quiet periods that was kept, in (0, 1]; all that end with an event are.
    """

    gap: np.ndarray
    period: np.ndarray
    event: np.ndarray
    kept_share: float


def checked_gaps(
    event: ArrayLike, elapsed: ArrayLike, groups: ArrayLike, entry: ArrayLike | None, *, rows: int
) -> Gaps:
    """Check the arguments of `HazardClassifier.fit` and round times to whole periods.

    Raises
    ------
    ValueError
        If they do not describe `rows` gaps, or no gap ends with an event.

    Examples
    --------
    >>> checked_gaps([1, 0], [2.5, 2.5], ["ann", "ann"], None, rows=2).elapsed
    array([3, 2])
    """
    happened = np.asarray(event, dtype=float)
    passed = np.asarray(elapsed, dtype=float)
    since = np.zeros(rows) if entry is None else np.asarray(entry, dtype=float)
    group, _ = pd.factorize(np.asarray(groups))
    lengths = tuple(len(column) for column in (happened, passed, group, since))
    if set(lengths) != {rows}:
        raise ValueError(
            f"X has {rows} rows; event, elapsed, groups and entry have {lengths}: "
            "pass one of each per gap."
        )
    if not np.isin(happened, (0, 1)).all():
        raise ValueError("event holds values other than 0 and 1: 1 is an event, 0 is censored.")
    passed = np.where(happened == 1, np.ceil(passed), np.floor(passed))
    wrong = ~((since >= 0) & (passed >= since + happened) & np.isfinite(passed)) | (group < 0)
    if wrong.any():
        raise ValueError(
            f"{wrong.sum()} gaps are impossible: elapsed counts periods since the gap opened, at "
            "least 1 with an event and at least `entry` in any case; groups must not be missing."
        )
    if not happened.any():
        raise ValueError("event is 0 throughout: without one event there is no hazard to learn.")
    return Gaps(happened, passed.astype(np.int64), np.floor(since).astype(np.int64), group)


def person_periods(gaps: Gaps, *, max_rows: int, seed: int) -> PersonPeriods:
    """Expand gaps to periods: all that end with the event, and all or some of the quiet ones.

    The quiet periods are numbered through and the numbers are drawn, so that those left out
    never take up memory. At least as many are kept as there are events.

    Examples
    --------
    >>> gaps = checked_gaps([1, 0], [3, 1], ["ann", "bob"], None, rows=2)
    >>> rows = person_periods(gaps, max_rows=10, seed=0)
    >>> rows.gap, rows.period, rows.event
    (array([0, 0, 0, 1]), array([3, 1, 2, 1]), array([1., 0., 0., 0.]))
    """
    closing = np.flatnonzero(gaps.event)
    quiet_per_gap = gaps.elapsed - gaps.entry - gaps.event.astype(np.int64)
    last = np.cumsum(quiet_per_gap)
    quiet = int(last[-1])
    kept = min(quiet, max(max_rows - len(closing), len(closing)))
    chosen = np.arange(quiet)
    if kept < quiet:
        random = np.random.default_rng(seed)
        chosen = np.sort(random.choice(quiet, size=kept, replace=False, shuffle=False))
    gap = np.searchsorted(last, chosen, side="right")
    period = gaps.entry[gap] + 1 + chosen - (last - quiet_per_gap)[gap]
    return PersonPeriods(
        gap=np.concatenate([closing, gap]),
        period=np.concatenate([gaps.elapsed[closing], period]),
        event=np.concatenate([np.ones(len(closing)), np.zeros(kept)]),
        kept_share=kept / quiet if quiet else 1.0,
    )
