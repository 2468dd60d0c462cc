"""Deciles: the rate of each tenth of the customers beside the rate that was promised."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import FAINT, INTERVAL, MODEL, RIVALS, axes_for, in_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def deciles_plot(
    y: ArrayLike,
    probability: ArrayLike,
    *,
    level: float = 0.95,
    parts: int = 10,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw observed rates of equal parts of the customers, best first, with Wilson intervals.

    Parameters
    ----------
    y : array-like of shape (n,)
        1 for a responder, 0 otherwise.
    probability : array-like of shape (n,)
        What was promised, in [0, 1]; ties are split by position.
    level : float
        Of the intervals, in (0, 1); they take rows for independent.
    parts : int
        How many parts, at least 1.
    axes : Axes, optional
        Where to draw; new ones if left out.
    """
    from scipy.stats import binomtest

    axes = axes_for(axes)
    y, probability = np.asarray(y), np.asarray(probability)
    order = np.argsort(-probability, kind="stable")
    at, observed, promised, below, above = [], [], [], [], []
    for number, rows in enumerate(np.array_split(order, parts), start=1):
        if not len(rows):
            continue
        test = binomtest(int(y[rows].sum()), len(rows))
        ends = test.proportion_ci(confidence_level=level, method="wilson")
        rate = float(y[rows].mean())
        at.append(number)
        observed.append(rate)
        promised.append(float(probability[rows].mean()))
        below.append(max(rate - ends.low, 0.0))
        above.append(max(ends.high - rate, 0.0))
    axes.bar(at, observed, width=0.72, color=MODEL, alpha=FAINT * 3, label="observed")
    axes.errorbar(
        at,
        observed,
        yerr=[below, above],
        fmt="none",
        ecolor=INTERVAL,
        elinewidth=1,
        label=f"{level:.0%} interval",
    )
    axes.plot(at, promised, "D", color=RIVALS[0], markersize=5, label="promised")
    axes.set(xticks=at, xlabel="tenth of the customers, best first", ylabel="rate of the outcome")
    if parts != 10:  # noqa: PLR2004 - tenths have a name
        axes.set_xlabel(f"one of {parts} equal parts of the customers, best first")
    in_percent(axes.yaxis)
    axes.legend(frameon=False)
    return axes
