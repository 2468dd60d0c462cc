"""Budget: what growing spending gains when the best offers are paid first."""

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from models.plots.axes import CHANCE, MODEL, Band, axes_for, in_thousands, shade

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def budget_plot(
    spend: ArrayLike,
    gain: ArrayLike,
    *,
    band: Band,
    random: ArrayLike,
    currency: str,
    level: float = 0.95,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the money that each budget gains, against the same budget spent at random.

    Parameters
    ----------
    spend : array-like of shape (m,)
        Money spent per customer of the base, rising from 0.
    gain, random : array-like of shape (m,)
        Money gained per customer of the base: by the best offers first, and at random.
    band : Band
        Interval of the gain.
    currency : str
        What money is written in.
    level : float
        Of the band, in (0, 1).
    axes : Axes, optional
        Where to draw; new ones if left out.
    """
    axes = axes_for(axes)
    shade(axes, band, level=level)
    axes.plot(spend, random, color=CHANCE, linewidth=1, label="at random")
    axes.plot(spend, gain, color=MODEL, linewidth=2, label="model")
    axes.set(xlabel=f"{currency} spent per customer", ylabel=f"{currency} gained per customer")
    axes.set_xlim(left=0)
    in_thousands(axes.xaxis)
    in_thousands(axes.yaxis)
    axes.legend(frameon=False)
    return axes
