"""Gains: which share of the outcomes the best-scored share of customers holds."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import (
    CHANCE,
    INTERVAL,
    MODEL,
    Band,
    axes_for,
    in_percent,
    rival_style,
    shade,
)

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

    depths = np.linspace(0.05, 1, 20)
    resample = Resample(y, groups=groups, draws=draws, seed=seed)
    found = [resample.estimate(capture_at, score, level=level, share=float(d)) for d in depths]
    return gains_curves_plot(
        {"model": gains(y, score), **{n: gains(y, one) for n, one in (rivals or {}).items()}},
        band=Band(
            [0, *depths], [0, *(one.low for one in found)], [0, *(one.high for one in found)]
        ),
        list_share=list_share,
        level=level,
        axes=axes,
    )


def gains_curves_plot(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    band: Band | None = None,
    list_share: float | None = None,
    level: float = 0.95,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw gains that are known already.

    Parameters
    ----------
    curves : mapping of str to pair of array-like of shape (m,)
        Share of customers and share of outcomes found, both in [0, 1], by name; the model first.
    band : Band, optional
        Interval of the model's.
    list_share, level, axes
        As in `gains_plot`.
    """
    axes = axes_for(axes)
    if band is not None:
        band = band._replace(high=np.minimum(band.high, 1.0))
    shade(axes, band, level=level)
    axes.plot([0, 1], [0, 1], color=CHANCE, linewidth=1, label="at random")
    (name, own), *others = curves.items()
    for number, (rival, curve) in enumerate(others):
        axes.plot(*curve, label=rival, **rival_style(number))
    axes.plot(*own, color=MODEL, linewidth=2, label=name)
    if list_share is not None:
        axes.axvline(list_share, color=INTERVAL, linewidth=1, linestyle=":", label="the list")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=DEPTH, ylabel="share of outcomes found")
    in_percent(axes.xaxis, axes.yaxis)
    axes.legend(frameon=False)
    return axes
