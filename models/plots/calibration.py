"""Calibration: what was promised against what came."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import BAND, CHANCE, FAINT, MODEL, Band, axes_for, in_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Height of the tallest bar of the histogram, as a share of the figure.
_HISTOGRAM = 0.18


def calibration_plot(
    y: ArrayLike,
    probability: ArrayLike,
    *,
    level: float = 0.95,
    seed: int = 0,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the CORP reliability diagram with consistency bands over a histogram.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    probability : array-like of shape (n,)
        What was promised, in [0, 1].
    level : float
        Of the bands, in (0, 1): where the curve would lie if every probability were right.
    seed : int
        Of the bands.
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    MeasureError
        If scores are no probabilities.
    """
    from models.measures.reliability import reliability

    curve = reliability(y, probability, seed=seed, level=level)
    count, _ = np.histogram(np.asarray(probability), bins=20, range=(0, curve.promised.max()))
    return reliability_plot(
        curve.promised,
        curve.observed,
        band=Band(curve.promised, curve.low, curve.high),
        histogram=count,
        level=level,
        axes=axes,
    )


def reliability_plot(
    promised: ArrayLike,
    observed: ArrayLike,
    *,
    band: Band,
    histogram: ArrayLike,
    level: float = 0.95,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw a reliability diagram that is known already.

    Parameters
    ----------
    promised, observed : array-like of shape (m,)
        Probabilities and rates, in [0, 1], by rising probability.
    band : Band
        Where the curve would lie if every probability were right.
    histogram : array-like of shape (k,)
        Customers by probability, in equal steps from 0 to the highest one.
    level, axes
        As in `calibration_plot`.
    """
    axes = axes_for(axes, width=4.8, height=4.6)
    promised, observed, count = np.asarray(promised), np.asarray(observed), np.asarray(histogram)
    top = min(1.0, float(max(promised.max(), observed.max())) * 1.05)
    edges = np.linspace(0, promised.max(), len(count) + 1)
    axes.bar(
        edges[:-1],
        count / max(count.max(), 1) * _HISTOGRAM * top,
        width=np.diff(edges),
        align="edge",
        color=CHANCE,
        alpha=FAINT * 2,
        label="customers (own scale)",
    )
    axes.fill_between(
        *band,
        color=BAND,
        alpha=FAINT,
        linewidth=0,
        label=f"{level:.0%} band of right probabilities",
    )
    axes.plot([0, top], [0, top], color=CHANCE, linewidth=1, label="perfect")
    axes.plot(promised, observed, color=MODEL, linewidth=2, label="observed")
    axes.set(xlim=(0, top), ylim=(0, top), xlabel="promised probability", ylabel="observed rate")
    axes.locator_params(nbins=5)
    in_percent(axes.xaxis, axes.yaxis)
    axes.legend(frameon=False, loc="upper left")
    return axes
