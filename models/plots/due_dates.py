"""Due dates: when customers will buy again, and how sure that is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import CHANCE
from models.plots.effects import rows_of_intervals

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def due_plot(
    names: Sequence[str],
    due: ArrayLike,
    *,
    low: ArrayLike,
    high: ArrayLike,
    as_of: str,
    horizon_days: int | None = None,
    level: float = 0.8,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw when each customer is due, with the window in which the purchase will fall.

    Parameters
    ----------
    names : sequence of str
        Customers, or customers and categories.
    due, low, high : array-like of shape (n,)
        Days from the cut-off to the middle of each window and to its ends.
    as_of : str
        The cut-off.
    horizon_days : int, optional
        Days of the outcome window; its end is marked.
    level : float
        Chance that the purchase falls into the window, in (0, 1).
    axes : Axes, optional
        Where to draw; new ones if left out.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    axes = rows_of_intervals(
        names,
        due,
        low=low,
        high=high,
        value_label="median",
        interval_label=f"{level:.0%} window",
        axes=axes,
    )
    if horizon_days is not None:
        axes.axvline(horizon_days, color=CHANCE, linewidth=1, linestyle=":", label="horizon")
    axes.set_xlabel(f"days after {as_of}")
    axes.set_xlim(left=min(0.0, float(np.min(np.asarray(low), initial=0.0))))
    axes.legend(frameon=False)
    return axes
