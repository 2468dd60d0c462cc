"""Held-out parts of training rows: whole groups at a time, or the latest."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.learners.frame import FloatArray, FrameError

FOLDS = 5
#: Share of the rows, the latest ones, that is held out where time is known.
LATEST = 0.2


class Split(NamedTuple):
    """Positions of rows that are learned from, and of those that are held out."""

    seen: NDArray[np.int64]
    held_out: NDArray[np.int64]


def crosswise(
    y: FloatArray, *, groups: Any = None, seed: int = 0, folds: int = FOLDS
) -> Iterator[Split]:
    """Yield splits in which each row is held out once.

    Outcomes are spread evenly. There are fewer parts where an outcome is rarer than `folds`.

    Parameters
    ----------
    y : array of shape (n,)
        Outcomes, 0 or 1.
    groups : array-like of shape (n,), optional
        The customer of each row; a customer is never split.
    seed : int
        Shuffles.
    folds : int
        Number of parts.

    Raises
    ------
    FrameError
        If groups are not one per row or fewer than 2, or an outcome occurs only once.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    parts = min(folds, int(min(y.sum(), (1 - y).sum())))
    if parts < 2:  # noqa: PLR2004 - something seen and something held out
        raise FrameError(
            f"outcome {int(y.sum() <= len(y) / 2)} occurs in one row only; "
            "at least 2 rows of each outcome are needed to hold one out, or pass X_cal and y_cal"
        )
    if groups is None:
        splits = StratifiedKFold(parts, shuffle=True, random_state=seed).split(y, y)
    else:
        codes, names = pd.factorize(np.asarray(groups))
        if codes.shape != y.shape or (codes < 0).any():
            raise FrameError(
                f"groups has shape {codes.shape} and {int((codes < 0).sum())} missing values; "
                f"name the customer of each of the {len(y)} rows"
            )
        parts = min(parts, len(names))
        if parts < 2:  # noqa: PLR2004 - something seen and something held out
            raise FrameError(
                "groups names one customer only; at least 2 are needed to hold one out"
            )
        splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
        splits = splitter.split(y, y, codes)
    yield from (Split(seen, held_out) for seen, held_out in splits)


def latest(y: FloatArray, time: Any) -> Split:
    """Return the split that holds out the latest fifth; rows of one time stay together.

    Raises
    ------
    FrameError
        If times are not one per row, one is missing, or a side has one outcome only.
    """
    times, _ = pd.factorize(pd.Series(np.asarray(time)), sort=True)
    if times.shape != y.shape or (times < 0).any():
        raise FrameError(
            f"time has shape {times.shape} and {int((times < 0).sum())} missing values; "
            f"say when each of the {len(y)} rows was"
        )
    cut = np.sort(times)[int(len(y) * (1 - LATEST))]
    split = Split(np.flatnonzero(times < cut), np.flatnonzero(times >= cut))
    for rows, side in zip(split, ("earlier", "latest"), strict=True):
        if not rows.size or y[rows].min() == y[rows].max():
            raise FrameError(
                f"the {side} rows ({rows.size} of {len(y)}) are of one outcome or none; leave "
                "time out, or add rows of more times"
            )
    return split
