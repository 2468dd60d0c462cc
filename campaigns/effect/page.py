"""The page of an effect: one file that needs nothing else."""

from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

from campaigns.effect.campaign import CampaignEffect
from campaigns.effect.promotion import PromotionReport
from models.plots import interval_plot
from pipeline.lift.report.page import page_style
from pipeline.report.drawing import as_svg

#: Height of one bar and of the axis below all bars, in the units of the plot.
_BAR, _AXIS = 30, 64
#: Rows of the detail that are shown.
SHOWN = 20

#: What the parts of a promotion are called.
PARTS = {
    "own": ("the promoted products, while it ran", "促銷商品（活動期間）"),
    "pull-forward": ("the same, in the four weeks after", "同商品（結束後四週）"),
    "cannibalisation": ("the rest of the category", "同類其他商品"),
    "halo": ("companions", "搭配商品"),
    "net": ("all together", "合計"),
}


class Bar(NamedTuple):
    """One figure with its interval, and what it is of."""

    name: str
    value: float
    low: float
    high: float


def as_html(told: CampaignEffect | PromotionReport, *, currency: str) -> str:
    """Return the report of a campaign or a promotion as one page."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["count"] = lambda value: f"{value:,.0f}"
    template = files("campaigns.effect").joinpath("page.html.j2").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        told=told,
        currency=currency,
        style=page_style(),
        parts=PARTS,
        shown=SHOWN,
        plots=_campaign_plots(told, currency)
        if isinstance(told, CampaignEffect)
        else _promotion_plots(told, currency),
    )


def effects_plot(bars: Sequence[Bar], *, label: tuple[str, str], level: float) -> str:
    """Return intervals below one another, with a line at 0."""
    return as_svg(
        lambda axes: interval_plot(
            [bar.name for bar in bars],
            [bar.value for bar in bars],
            low=[bar.low for bar in bars],
            high=[bar.high for bar in bars],
            label=f"{level:.0%} interval",
            axes=axes,
        ),
        about=label,
        height=_BAR * len(bars) + _AXIS,
    )


def _campaign_plots(told: CampaignEffect, currency: str) -> list[tuple[tuple[str, str], str]]:
    found = []
    names = {
        "bought": ("Change in the share who bought", "購買比率變化"),
        "amount": (f"{currency} spent more, per customer", f"每位客戶消費增加 {currency}"),
        "margin": (f"{currency} of margin more, per customer", f"每位客戶毛利增加 {currency}"),
        "net": (f"{currency} net of costs, per customer", f"每位客戶淨增 {currency}"),
    }
    for outcome, label in names.items():
        bars = [
            Bar(row.arm, row.effect, row.low, row.high)
            for row in told.added
            if row.outcome == outcome
        ]
        if bars:
            found.append((label, effects_plot(bars, label=label, level=told.level)))
    return found


def _promotion_plots(told: PromotionReport, currency: str) -> list[tuple[tuple[str, str], str]]:
    found = []
    names = {
        "units": ("Units added", "增加件數"),
        "sales": (f"{currency} of sales added", f"增加營收 {currency}"),
        "margin": (f"{currency} of margin added", f"增加毛利 {currency}"),
    }
    for measure, label in names.items():
        bars = [
            Bar(row.part, row.value, row.low, row.high)
            for row in told.parts
            if row.measure == measure
        ]
        if bars:
            found.append((label, effects_plot(bars, label=label, level=told.level)))
    return found
