"""Effects with their intervals, one under the other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import (
    CHANCE,
    INTERVAL,
    MODEL,
    axes_for,
    in_percent,
    in_thousands,
    require_equal,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def interval_plot(
    names: Sequence[str],
    value: ArrayLike,
    *,
    low: ArrayLike,
    high: ArrayLike,
    label: str,
    reference: float = 0.0,
    percent: bool = False,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw values and their intervals as rows, the first on top, beside a reference.

    Parameters
    ----------
    names : sequence of str
        What each row is.
    value, low, high : array-like of shape (n,)
        Values and the ends of their intervals.
    label : str
        What the values are, with the unit and the level of the intervals.
    reference : float
        Where "nothing" lies: 0 for differences, 1 for ratios.
    percent : bool
        Whether values are shares, to be written as percent.
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    axes = rows_of_intervals(names, value, low=low, high=high, axes=axes)
    axes.axvline(reference, color=CHANCE, linewidth=1)
    axes.set_xlabel(label)
    if percent:
        in_percent(axes.xaxis)
    else:
        in_thousands(axes.xaxis)
    return axes


def rows_of_intervals(
    names: Sequence[str],
    value: ArrayLike,
    *,
    low: ArrayLike,
    high: ArrayLike,
    axes: "Axes | None" = None,
    value_label: str = "value",
    interval_label: str = "interval",
) -> "Axes":
    """Draw values and their intervals as rows, the first on top; see `interval_plot`.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    value, low, high = (np.asarray(one, float) for one in (value, low, high))
    require_equal(names=names, value=value, low=low, high=high)
    axes = axes_for(axes, height=1.0 + 0.36 * len(names))
    at = np.arange(len(names))[::-1]
    axes.hlines(at, low, high, color=INTERVAL, linewidth=1.4, label=interval_label)
    axes.plot(value, at, "o", color=MODEL, label=value_label)
    axes.set(yticks=at, yticklabels=list(names), ylim=(-0.7, len(names) - 0.3))
    return axes
