"""Hazard: how likely something is on a day, given that it has not happened before."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import BAND, FAINT, MODEL, axes_for, in_percent, require_equal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Z = {0.9: 1.645, 0.95: 1.960, 0.99: 2.576}


def hazard_plot(
    at_risk: ArrayLike,
    events: ArrayLike,
    *,
    days: ArrayLike,
    level: float = 0.95,
    what: str = "buy again",
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the share of those still waiting to whom it happens, by time waited.

    Parameters
    ----------
    at_risk, events : array-like of shape (n,)
        Of each period: how many were still waiting at its start, to how many it happened.
    days : array-like of shape (n,)
        Days waited at the start of each period.
    level : float
        Of the Wilson band: 0.9, 0.95 or 0.99.
    what : str
        What happens, after "to".
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    at_risk, events, days = (np.asarray(one, float) for one in (at_risk, events, days))
    require_equal(at_risk=at_risk, events=events, days=days)
    axes = axes_for(axes)
    some = at_risk > 0
    n, rate, at = at_risk[some], events[some] / at_risk[some], days[some]
    z = _Z[level]
    middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    axes.fill_between(
        at,
        np.maximum(middle - half, 0),
        middle + half,
        step="post",
        color=BAND,
        alpha=FAINT,
        linewidth=0,
        label=f"{level:.0%} interval",
    )
    axes.step(at, rate, where="post", color=MODEL, linewidth=2, label="hazard")
    axes.set(
        xlabel="days waited",
        ylabel=f"share of those still waiting who {what}, per period",
    )
    axes.set_ylim(bottom=0)
    in_percent(axes.yaxis)
    axes.legend(frameon=False)
    return axes
