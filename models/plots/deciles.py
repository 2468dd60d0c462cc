"""Deciles: the rate of each tenth of the customers beside the rate that was promised."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import (
    CHANCE,
    FAINT,
    INTERVAL,
    MODEL,
    RIVALS,
    axes_for,
    in_percent,
    require_equal,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TENTHS = "tenth of the customers, best first"


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

    y, probability = np.asarray(y), np.asarray(probability)
    order = np.argsort(-probability, kind="stable")
    observed, promised, low, high = [], [], [], []
    for rows in np.array_split(order, parts):
        if not len(rows):
            continue
        test = binomtest(int(y[rows].sum()), len(rows))
        ends = test.proportion_ci(confidence_level=level, method="wilson")
        observed.append(float(y[rows].mean()))
        promised.append(float(probability[rows].mean()))
        low.append(ends.low)
        high.append(ends.high)
    tenths = parts == 10  # noqa: PLR2004 - tenths have a name
    return bands_plot(
        observed,
        promised,
        low=low,
        high=high,
        level=level,
        xlabel=TENTHS if tenths else f"one of {parts} equal parts of the customers, best first",
        axes=axes,
    )


def bands_plot(
    observed: ArrayLike,
    promised: ArrayLike,
    *,
    low: ArrayLike,
    high: ArrayLike,
    level: float = 0.95,
    xlabel: str = TENTHS,
    ylabel: str = "rate of the outcome",
    said: str = "promised",
    percent: bool = True,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw what was observed in groups of customers, with intervals, beside what was promised.

    Parameters
    ----------
    observed, promised, low, high : array-like of shape (n_groups,)
        Rates or effects of each group, best first, and the ends of the observed ones' intervals.
    level : float
        Of the intervals, in (0, 1).
    xlabel, ylabel : str
        What the groups are and what is drawn, with its unit.
    said : str
        How the dots are called.
    percent : bool
        Whether values are shares, to be written as percent.
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    observed, promised, low, high = (
        np.asarray(one, float) for one in (observed, promised, low, high)
    )
    require_equal(observed=observed, promised=promised, low=low, high=high)
    axes = axes_for(axes)
    at = np.arange(1, len(observed) + 1)
    axes.bar(at, observed, width=0.72, color=MODEL, alpha=FAINT * 3, label="observed")
    axes.vlines(at, low, high, color=INTERVAL, linewidth=1.2, label=f"{level:.0%} interval")
    axes.plot(at, promised, "D", color=RIVALS[0], markersize=5, label=said)
    if min(*low, *observed, *promised) < 0:
        axes.axhline(0, color=CHANCE, linewidth=1)
    else:
        axes.set_ylim(bottom=0)
    axes.set(xticks=at, xlabel=xlabel, ylabel=ylabel)
    if percent:
        in_percent(axes.yaxis)
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    return axes
