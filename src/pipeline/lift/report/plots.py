"""The plots of a report of offers, from the tables of `pipeline.lift.curves`."""

from collections.abc import Mapping, Sequence
from typing import Any

from models import plots
from pipeline.report.drawing import as_svg

Rows = Sequence[Mapping[str, Any]]

_GROUPS = "customers by predicted effect, largest first"
_EFFECT = "effect, outcomes per customer"


def uplift_plot(model: Rows, propensity: Rows, *, arm: str, level: float) -> str:
    """Return the uplift curve with its band, beside the propensity ranking and chance."""
    own = plots.UpliftLine(*(_column(model, name) for name in ("share", "gain", "low", "high")))
    other = plots.UpliftLine(_column(propensity, "share"), _column(propensity, "gain"))
    return as_svg(
        lambda axes: plots.uplift_plot(
            {"by predicted effect": own, "by probability to buy": other}, level=level, axes=axes
        ),
        about=(f"Uplift curve of {arm}", f"{arm} 增益曲線"),
    )


def groups_plot(groups: Rows, *, arm: str, level: float) -> str:
    """Return observed effects with intervals by group, and the predicted ones."""
    return as_svg(
        lambda axes: plots.bands_plot(
            _column(groups, "observed"),
            _column(groups, "predicted"),
            low=_column(groups, "low"),
            high=_column(groups, "high"),
            level=level,
            xlabel=_GROUPS,
            ylabel=_EFFECT,
            said="predicted",
            percent=False,
            axes=axes,
        ),
        about=(
            f"Observed and predicted effect of {arm} by {len(groups)} groups",
            f"{arm} 各組實際與預測效果（{len(groups)} 組）",
        ),
    )


def profit_plot(
    profit: Rows, best: Mapping[str, Any], *, arm: str, currency: str, level: float
) -> str:
    """Return the money gained at every depth, with the best depth marked."""
    share = best["share"]
    return as_svg(
        lambda axes: plots.depth_plot(
            _column(profit, "share"),
            _column(profit, "gain"),
            band=_band(profit, "share"),
            best=plots.Best(share["value"], share["low"], share["high"]),
            label=f"profit, {currency} per customer",
            depth="share of customers treated, best first",
            level=level,
            axes=axes,
        ),
        about=(f"Profit of {arm} by depth", f"{arm} 各深度利潤"),
    )


def budget_plot(curve: Rows, *, currency: str, level: float) -> str:
    """Return what a growing budget gains, against the same money at random."""
    return as_svg(
        lambda axes: plots.budget_plot(
            _column(curve, "spend"),
            _column(curve, "gain"),
            band=_band(curve, "spend"),
            random=_column(curve, "random"),
            currency=currency,
            level=level,
            axes=axes,
        ),
        about=("Gain by budget", "各預算增益"),
    )


def _band(rows: Rows, at: str) -> plots.Band:
    return plots.Band(*(_column(rows, name) for name in (at, "low", "high")))


def _column(rows: Rows, name: str) -> list[float]:
    return [float(row[name]) for row in rows]
