"""The plots of a report of offers, from the tables of `pipeline.lift.curves`."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.report.chart import Axis, Chart, Tick, ticks

Rows = Sequence[Mapping[str, Any]]

_DEPTH = ("Share of customers treated, best first", "優惠客戶占比（由高至低）")
#: Room around what is drawn, as a share of its height.
_ROOM = 0.06


def uplift_plot(model: Rows, propensity: Rows) -> str:
    """Return the uplift curve with its band, beside the propensity ranking and chance."""
    chart = Chart(
        _shares(),
        _around(
            [*_column(model, "low"), *_column(model, "high"), *_column(propensity, "gain")],
            ("Outcomes gained per customer", "每位客戶增加之成效"),
        ),
        about=("Uplift curve", "增益曲線"),
    )
    share = _column(model, "share")
    chart.band(share, _column(model, "low"), _column(model, "high"))
    chart.line(share, _column(model, "random"), "chance")
    chart.line(_column(propensity, "share"), _column(propensity, "gain"), "rival-1")
    chart.line(share, _column(model, "gain"), "model")
    return chart.svg()


def groups_plot(groups: Rows) -> str:
    """Return observed effects with intervals by group, and the predicted ones."""
    count = len(groups)
    chart = Chart(
        Axis(
            0.4,
            count + 0.6,
            [Tick(one["group"], f"{one['group']:.0f}") for one in groups],
            ("Customers by predicted effect, largest first", "客戶依預測效果分組（由大至小）"),
        ),
        _around(
            [0.0, *_column(groups, "low"), *_column(groups, "high"), *_column(groups, "predicted")],
            ("Effect", "效果"),
        ),
        about=("Observed and predicted effect by group", "各組實際與預測效果"),
    )
    for one in groups:
        at = one["group"]
        chart.bar((at - 0.36, at + 0.36), (0, one["observed"]), "model")
        chart.upright(at, one["low"], one["high"], "interval")
        chart.dot(at, one["predicted"], "rival-1")
    return chart.svg()


def profit_plot(profit: Rows, best: Mapping[str, Any], *, currency: str) -> str:
    """Return the money gained at every depth, with the best depth marked."""
    axis = _around(
        [0.0, *_column(profit, "low"), *_column(profit, "high")],
        (f"{currency} per customer", f"每位客戶 {currency}"),
    )
    chart = Chart(_shares(), axis, about=("Profit by depth", "各深度利潤"))
    share = _column(profit, "share")
    chart.band(share, _column(profit, "low"), _column(profit, "high"))
    chart.line([0, 1], [0, 0], "chance")
    chart.line(share, _column(profit, "gain"), "model")
    chart.upright(best["share"]["value"], axis.low, axis.high, "mark")
    return chart.svg()


def budget_plot(curve: Rows, *, currency: str) -> str:
    """Return what a growing budget gains, against the same money at random."""
    top = max(_column(curve, "spend")) or 1.0
    chart = Chart(
        Axis(0, top, ticks(0, top), (f"{currency} spent per customer", f"每位客戶支出 {currency}")),
        _around(
            [0.0, *_column(curve, "low"), *_column(curve, "high")],
            (f"{currency} gained per customer", f"每位客戶增加 {currency}"),
        ),
        about=("Gain by budget", "各預算增益"),
    )
    spend = _column(curve, "spend")
    chart.band(spend, _column(curve, "low"), _column(curve, "high"))
    chart.line(spend, _column(curve, "random"), "chance")
    chart.line(spend, _column(curve, "gain"), "model")
    return chart.svg()


def _shares() -> Axis:
    return Axis(0, 1, ticks(0, 1, percent=True), _DEPTH)


def _around(values: Sequence[float], label: tuple[str, str]) -> Axis:
    low, high = min(values), max(values)
    room = _ROOM * ((high - low) or 1.0)
    return Axis(low - room, high + room, ticks(low - room, high + room), label)


def _column(rows: Rows, name: str) -> list[float]:
    return [float(row[name]) for row in rows]
