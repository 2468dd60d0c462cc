"""Gains: which share of the outcomes the best-scored share of customers holds."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import BAND, CHANCE, FAINT, MODEL, axes_for, in_percent, rival_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DEPTH = "share of customers contacted, best first"


def gains_plot(
    y: ArrayLike,
    score: ArrayLike,
    *,
    rivals: Mapping[str, ArrayLike] | None = None,
    list_share: float | None = None,
    level: float = 0.95,
    draws: int = 200,
    groups: ArrayLike | None = None,
    seed: int = 0,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the gains of a score, with a bootstrap band, and of its rivals.

    Parameters
    ----------
    y : array-like of shape (n,)
        1 for a responder, 0 otherwise.
    score : array-like of shape (n,)
        Higher means more likely to respond.
    rivals : mapping of str to array-like of shape (n,), optional
        Other scores of the same rows, by name.
    list_share : float, optional
        Share that the list takes, in (0, 1]; it is marked.
    level : float
        Of the band, in (0, 1); it holds depth by depth.
    draws, seed : int
        Of the bootstrap.
    groups : array-like of shape (n,), optional
        Customer of each row, where a customer has several.
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    MeasureError
        If nobody responded.
    """
    from models.measures import Resample, capture_at, gains

    axes = axes_for(axes)
    depths = np.linspace(0.05, 1, 20)
    resample = Resample(y, groups=groups, draws=draws, seed=seed)
    band = [resample.estimate(capture_at, score, level=level, share=float(d)) for d in depths]
    axes.fill_between(
        [0.0, *depths],
        [0.0, *(one.low for one in band)],
        [0.0, *(min(one.high, 1.0) for one in band)],
        color=BAND,
        alpha=FAINT,
        linewidth=0,
        label=f"{level:.0%} interval",
    )
    axes.plot([0, 1], [0, 1], color=CHANCE, linewidth=1, label="at random")
    for number, (name, other) in enumerate((rivals or {}).items()):
        axes.plot(*gains(y, other), label=name, **rival_style(number))
    axes.plot(*gains(y, score), color=MODEL, linewidth=2, label="model")
    if list_share is not None:
        axes.axvline(list_share, color=CHANCE, linewidth=1, linestyle=":", label="the list")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=DEPTH, ylabel="share of outcomes found")
    in_percent(axes.xaxis, axes.yaxis)
    axes.legend(frameon=False)
    return axes
