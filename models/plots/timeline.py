"""What was seen at one cut-off after the other: alarms, and levels with their intervals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import (
    BAND,
    CHANCE,
    FAINT,
    INTERVAL,
    MODEL,
    axes_for,
    require_equal,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: About how many cut-offs are named.
_NAMED = 8


def alarms_plot(
    cutoffs: Sequence[str],
    ringing: ArrayLike,
    begun: ArrayLike,
    *,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw how many alarms rang at each cut-off; those that had just begun stand out.

    Parameters
    ----------
    cutoffs : sequence of str
        In time order.
    ringing, begun : array-like of shape (n,)
        All alarms of each cut-off, and those of them that began there.
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    from matplotlib.ticker import MaxNLocator

    ringing, begun = np.asarray(ringing), np.asarray(begun)
    require_equal(cutoffs=cutoffs, ringing=ringing, begun=begun)
    axes = axes_for(axes, width=8, height=2.2)
    at = np.arange(len(cutoffs))
    axes.bar(
        at, ringing - begun, bottom=begun, width=0.6, color=CHANCE, alpha=0.4, label="since earlier"
    )
    axes.bar(at, begun, width=0.6, color=MODEL, alpha=0.7, label="began here")
    axes.set(ylim=(0, max(4, int(ringing.max(initial=0)) + 1)), ylabel="alarms")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    _name(axes, cutoffs)
    axes.legend(frameon=False, ncols=2, loc="upper left")
    return axes


def ratio_plot(
    cutoffs: Sequence[str],
    ratio: ArrayLike,
    *,
    low: ArrayLike,
    high: ArrayLike,
    allowed: tuple[float, float],
    level: float = 0.95,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw observed over expected at each cut-off, with its interval, and what is allowed.

    Parameters
    ----------
    cutoffs : sequence of str
        In time order.
    ratio, low, high : array-like of shape (n,)
        Observed over expected and the ends of its interval; NaN where it is not known.
    allowed : pair of float
        Ends of what is allowed.
    level : float
        Of the intervals, in (0, 1).
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    ratio, low, high = (np.asarray(one, float) for one in (ratio, low, high))
    require_equal(cutoffs=cutoffs, ratio=ratio, low=low, high=high)
    axes = axes_for(axes, width=8, height=2.8)
    at = np.arange(len(cutoffs))
    axes.axhspan(*allowed, color=BAND, alpha=FAINT, linewidth=0, label="allowed")
    axes.axhline(1, color=CHANCE, linewidth=1, linestyle=":")
    axes.vlines(at, low, high, color=INTERVAL, linewidth=1.4, label=f"{level:.0%} interval")
    axes.plot(at, ratio, "o", color=MODEL, label="observed / expected")
    axes.set_ylabel("observed / expected")
    _name(axes, cutoffs)
    axes.legend(frameon=False, ncols=3)
    return axes


def _name(axes: "Axes", cutoffs: Sequence[str]) -> None:
    step = max(1, -(-len(cutoffs) // _NAMED))
    axes.set(
        xlim=(-0.5, len(cutoffs) - 0.5),
        xticks=range(0, len(cutoffs), step),
        xticklabels=list(cutoffs)[::step],
        xlabel="cut-off",
    )
