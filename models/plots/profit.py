"""Profit: what contacting the best-scored share earns."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import (
    BAND,
    CHANCE,
    FAINT,
    INTERVAL,
    MODEL,
    axes_for,
    in_percent,
    in_thousands,
)
from models.plots.gains import DEPTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_THOUSAND = 1000.0


def profit_plot(
    y: ArrayLike,
    score: ArrayLike,
    *,
    margin: float,
    contact_cost: float,
    redemption_cost: float = 0.0,
    currency: str,
    level: float = 0.95,
    draws: int = 200,
    groups: ArrayLike | None = None,
    seed: int = 0,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the profit of a response campaign by depth, the best depth with its interval.

    Parameters
    ----------
    y, score, level, draws, groups, seed, axes
        As in `gains_plot`.
    margin, contact_cost, redemption_cost : float
        Money per response, per contact, per response; see `models.measures.profit_at`.
    currency : str
        What money is written in.
    """
    from models.measures import Resample, best_depth, profit_at, profit_curve

    axes = axes_for(axes)
    costs: dict[str, Any] = {
        "margin": margin,
        "contact_cost": contact_cost,
        "redemption_cost": redemption_cost,
    }
    resample = Resample(y, groups=groups, draws=draws, seed=seed)
    depths = np.linspace(0.05, 1, 20)
    band = [
        resample.estimate(profit_at, score, level=level, share=float(d), **costs) for d in depths
    ]
    axes.fill_between(
        [0.0, *depths],
        [0.0, *(one.low * _THOUSAND for one in band)],
        [0.0, *(one.high * _THOUSAND for one in band)],
        color=BAND,
        alpha=FAINT,
        linewidth=0,
        label=f"{level:.0%} interval",
    )
    share, profit = profit_curve(y, score, **costs)
    axes.plot(share, profit * _THOUSAND, color=MODEL, linewidth=2, label="model")
    axes.axhline(0, color=CHANCE, linewidth=1)
    best = resample.estimate(best_depth, score, level=level, **costs)
    height = float(np.interp(best.value, share, profit)) * _THOUSAND
    axes.plot([best.low, best.high], [height, height], color=INTERVAL, linewidth=1)
    axes.plot(best.value, height, "o", color=INTERVAL, label=f"best depth {best.value:.0%}")
    axes.set(xlim=(0, 1), xlabel=DEPTH, ylabel=f"profit, {currency} per 1,000 customers")
    in_percent(axes.xaxis)
    in_thousands(axes.yaxis)
    axes.legend(frameon=False)
    return axes
