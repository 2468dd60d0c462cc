"""Uplift and Qini: what treating the best-ranked share gains."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import (
    CHANCE,
    MODEL,
    Band,
    axes_for,
    in_percent,
    require_equal,
    rival_style,
    shade,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TREATED = "share of customers treated, best first"


class UpliftLine(NamedTuple):
    """An uplift curve: arrays of shape (m,).

    Attributes
    ----------
    share : array-like
        Of the customers treated, best first, in [0, 1].
    gain : array-like
        Outcomes gained, per customer of the base.
    low, high : array-like, optional
        Ends of the interval at each depth.
    """

    share: ArrayLike
    gain: ArrayLike
    low: ArrayLike | None = None
    high: ArrayLike | None = None


def uplift_plot(
    lines: Mapping[str, UpliftLine],
    *,
    level: float = 0.95,
    outcome: str = "outcomes",
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw uplift curves; the first is the model's and has its band.

    Parameters
    ----------
    lines : mapping of str to UpliftLine
        By name, the model first. `models.measures.bootstrap_uplift` makes them.
    level : float
        Of the band, in (0, 1).
    outcome : str
        What is gained, in the plural.
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    ValueError
        If there is no line, or the columns of one differ in length.
    """
    axes = _drawn(lines, level=level, straight=0.0, axes=axes)
    name = next(iter(lines))
    whole = float(np.asarray(lines[name].gain)[-1])
    axes.plot([0, 1], [0, whole], color=CHANCE, linewidth=1, label="at random")
    axes.set_ylabel(f"{outcome} gained per customer")
    axes.legend(frameon=False)
    return axes


def qini_plot(
    lines: Mapping[str, UpliftLine],
    *,
    level: float = 0.95,
    outcome: str = "outcomes",
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw what each ranking gains beyond random order; the area is the Qini coefficient.

    Arguments and errors are those of `uplift_plot`. The band is that of the uplift curve,
    moved down with it.
    """
    axes = _drawn(lines, level=level, straight=1.0, axes=axes)
    axes.axhline(0, color=CHANCE, linewidth=1, label="at random")
    axes.set_ylabel(f"{outcome} gained per customer, beyond random")
    axes.legend(frameon=False)
    return axes


def _drawn(
    lines: Mapping[str, UpliftLine], *, level: float, straight: float, axes: "Axes | None"
) -> "Axes":
    """Draw every line less so much of the straight line to its end."""
    if not lines:
        raise ValueError("there is no line to draw: give at least that of the model")
    axes = axes_for(axes)
    for number, (name, line) in enumerate(lines.items()):
        share, gain = np.asarray(line.share, float), np.asarray(line.gain, float)
        require_equal(share=share, gain=gain)
        base = straight * share * gain[-1]
        if number:
            axes.plot(share, gain - base, label=name, **rival_style(number - 1))
            continue
        if line.low is not None and line.high is not None:
            low, high = np.asarray(line.low, float), np.asarray(line.high, float)
            shade(axes, Band(share, low - base, high - base), level=level)
        axes.plot(share, gain - base, color=MODEL, linewidth=2, label=name)
    axes.set(xlim=(0, 1), xlabel=TREATED)
    in_percent(axes.xaxis)
    return axes
