"""Any measure by segment: where does the model hold, and where not."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.measures.bootstrap import bootstrap
from models.measures.estimate import Estimate
from models.measures.sample import MeasureError


class Segment(NamedTuple):
    """One segment: its rows, its responders, and the measure (none where it has no value)."""

    rows: int
    positives: int
    estimate: Estimate | None


def by_segment(
    measure: Callable[..., float],
    y: ArrayLike,
    score: ArrayLike,
    segment: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    **options: Any,
) -> dict[str, Segment]:
    """Return a measure with its interval for each segment.

    Parameters
    ----------
    measure : callable
        See `bootstrap`.
    y, score : array-like of shape (n,)
        Outcomes and scores.
    segment : array-like of shape (n,)
        The segment of each row; missing values form `"(missing)"`.
    groups : array-like of shape (n,), optional
        The customer of each row.
    **options
        Passed to `bootstrap`.

    Returns
    -------
    dict
        By name, largest segment first. A segment that cannot be measured, for lack of
        rows of one outcome, has no estimate.

    Examples
    --------
    >>> from models.measures import observed_over_expected
    >>> segments = by_segment(
    ...     observed_over_expected,
    ...     [1, 0, 1, 0] * 10,
    ...     [0.5, 0.5, 0.5, 0.5] * 10,
    ...     ["north", "north", "south", "south"] * 10,
    ... )
    >>> {name: part.estimate.value for name, part in segments.items()}
    {'north': 1.0, 'south': 1.0}
    """
    outcome, scores = np.asarray(y), np.asarray(score)
    names = np.asarray(segment, dtype=object)
    if names.shape != outcome.shape:
        raise MeasureError(f"segment has shape {names.shape}, but there are {outcome.size} rows")
    missing = np.asarray([name is None or name != name for name in names])  # noqa: PLR0124
    text = np.where(missing, "(missing)", names.astype(str))
    values, rows = np.unique(text, return_counts=True)
    found: dict[str, Segment] = {}
    for name in values[np.argsort(-rows, kind="stable")]:
        chosen = text == name
        customers = None if groups is None else np.asarray(groups)[chosen]
        try:
            estimate = bootstrap(
                measure, outcome[chosen], scores[chosen], groups=customers, **options
            )
        except MeasureError:
            estimate = None
        found[str(name)] = Segment(int(chosen.sum()), int(outcome[chosen].sum()), estimate)
    return found
