"""Lift: how much better than at random a list responds, at every length."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import CHANCE, MODEL, Band, axes_for, in_percent, rival_style, shade
from models.plots.gains import DEPTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def lift_plot(
    y: ArrayLike,
    score: ArrayLike,
    *,
    rivals: Mapping[str, ArrayLike] | None = None,
    level: float = 0.95,
    draws: int = 200,
    groups: ArrayLike | None = None,
    seed: int = 0,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the response rate of the best-scored share over that of all, from 2 % of them on.

    Arguments and errors are those of `gains_plot`.
    """
    from models.measures import Resample, gains, lift_at

    axes = axes_for(axes)
    depths = np.concatenate((np.linspace(0.02, 0.1, 5), np.linspace(0.15, 1, 18)))
    resample = Resample(y, groups=groups, draws=draws, seed=seed)
    found = [resample.estimate(lift_at, score, level=level, share=float(d)) for d in depths]
    band = Band(depths, [one.low for one in found], [one.high for one in found])
    shade(axes, band, level=level)
    axes.axhline(1, color=CHANCE, linewidth=1, label="at random")
    for number, (name, other) in enumerate((rivals or {}).items()):
        share, captured = gains(y, other)
        far = share >= depths[0]
        axes.plot(share[far], captured[far] / share[far], label=name, **rival_style(number))
    axes.plot(depths, [one.value for one in found], color=MODEL, linewidth=2, label="model")
    axes.set(xlim=(0, 1), xlabel=DEPTH, ylabel="lift (1 is a list at random)")
    axes.set_ylim(bottom=0)
    in_percent(axes.xaxis)
    axes.legend(frameon=False)
    return axes
