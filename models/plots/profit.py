"""Profit: what contacting the best-scored share earns."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.plots.axes import (
    CHANCE,
    INTERVAL,
    MODEL,
    Band,
    axes_for,
    in_percent,
    in_thousands,
    shade,
)
from models.plots.gains import DEPTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_THOUSAND = 1000.0


class Best(NamedTuple):
    """The most profitable share of customers, in [0, 1], and the ends of its interval."""

    share: float
    low: float
    high: float


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

    costs: dict[str, Any] = {
        "margin": margin,
        "contact_cost": contact_cost,
        "redemption_cost": redemption_cost,
    }
    resample = Resample(y, groups=groups, draws=draws, seed=seed)
    depths = np.linspace(0.05, 1, 20)
    found = [
        resample.estimate(profit_at, score, level=level, share=float(d), **costs) for d in depths
    ]
    share, profit = profit_curve(y, score, **costs)
    best = resample.estimate(best_depth, score, level=level, **costs)
    return depth_plot(
        share,
        profit * _THOUSAND,
        band=Band(
            [0, *depths],
            [0, *(one.low * _THOUSAND for one in found)],
            [0, *(one.high * _THOUSAND for one in found)],
        ),
        best=Best(best.value, best.low, best.high),
        label=f"profit, {currency} per 1,000 customers",
        level=level,
        axes=axes,
    )


def depth_plot(
    share: ArrayLike,
    money: ArrayLike,
    *,
    band: Band,
    best: Best | None,
    label: str,
    depth: str = DEPTH,
    level: float = 0.95,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw money by depth that is known already, the best depth with its interval.

    Parameters
    ----------
    share : array-like of shape (m,)
        Share of the customers, best first, in [0, 1], rising.
    money : array-like of shape (m,)
        What it earns.
    band : Band
        Interval of the money.
    best : Best, optional
        The best depth; none where nothing earns.
    label, depth : str
        What the money is, with currency and base; what the shares are.
    level : float
        Of the intervals, in (0, 1).
    axes : Axes, optional
        Where to draw; new ones if left out.
    """
    share, money = np.asarray(share, float), np.asarray(money, float)
    axes = axes_for(axes)
    shade(axes, band, level=level)
    axes.plot(share, money, color=MODEL, linewidth=2, label="model")
    axes.axhline(0, color=CHANCE, linewidth=1)
    if best is not None:
        height = float(np.interp(best.share, share, money))
        axes.plot([best.low, best.high], [height, height], color=INTERVAL, linewidth=1)
        axes.plot(best.share, height, "o", color=INTERVAL, label=f"best depth {best.share:.0%}")
    axes.set(xlim=(0, 1), xlabel=depth, ylabel=label)
    in_percent(axes.xaxis)
    in_thousands(axes.yaxis)
    axes.legend(frameon=False)
    return axes
