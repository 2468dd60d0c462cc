"""What figures have in common: axes to draw on, colours, and shares written as percent."""

from collections.abc import Sized
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

#: The model, then its rivals in turn: told apart without colour by their dashes.
MODEL, BAND, CHANCE, INTERVAL = "#1b5e8c", "#1b5e8c", "#8a8a8a", "#222222"
RIVALS = ("#c2571a", "#5b8c1b", "#7a3f98", "#8c6d1b")
DASHES = ("--", "-.", ":", (0, (5, 1, 1, 1)))
FAINT = 0.18


class Band(NamedTuple):
    """An interval along a curve: arrays of shape (m,).

    Attributes
    ----------
    at : array-like
        Where on the x axis.
    low, high : array-like
        Ends of the interval there.
    """

    at: ArrayLike
    low: ArrayLike
    high: ArrayLike


def axes_for(axes: "Axes | None", *, width: float = 6.4, height: float = 4.0) -> "Axes":
    """Return the axes given, or new ones of a size in inches."""
    if axes is not None:
        return axes
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def shade(axes: "Axes", band: Band | None, *, level: float) -> None:
    """Fill a band, where there is one, and name its level."""
    if band is not None:
        axes.fill_between(
            *band, color=BAND, alpha=FAINT, linewidth=0, label=f"{level:.0%} interval"
        )


def in_percent(*sides: "Axis") -> None:
    """Write the shares of an axis as percent."""
    from matplotlib.ticker import PercentFormatter

    for side in sides:
        side.set_major_formatter(PercentFormatter(xmax=1, decimals=None))


def in_thousands(side: "Axis") -> None:
    """Write numbers with thousands separated."""
    from matplotlib.ticker import StrMethodFormatter

    side.set_major_formatter(StrMethodFormatter("{x:,.10g}"))


def rival_style(number: int) -> dict[str, Any]:
    """Return colour and dashes of a rival, by its place."""
    return {
        "color": RIVALS[number % len(RIVALS)],
        "linestyle": DASHES[number % len(DASHES)],
        "linewidth": 1.4,
    }


def require_equal(**columns: Sized) -> None:
    """Refuse columns of different lengths.

    Raises
    ------
    ValueError
        If the lengths differ; the message names each.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"columns of one figure must be of one length, but {told}")
