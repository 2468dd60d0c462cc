"""The plots of a report, from its figures.

Rows of tables have marks of their own: dozens of small pictures beside the numbers that they show.
"""

from collections.abc import Sequence

from models.plots import Band, Best, bands_plot, depth_plot, gains_curves_plot, reliability_plot
from pipeline.evaluation import Figure
from pipeline.report.contributions import Contribution, Contributions
from pipeline.report.curves import Calibration, Decile, Depth, Gains, Profit
from pipeline.report.drawing import as_svg
from pipeline.report.segments import Segmentation
from pipeline.report.words import baseline_name

_WIDE, _HIGH = 230, 20
#: Thirds are told apart by shape as well as by colour.
_SHAPES = {
    "low-third": "M{x} {y}m-5 3.5h10l-5 -8z",
    "mid-third": "M{x} {y}m-3.5 -3.5h7v7h-7z",
    "high-third": "M{x} {y}m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0",
}


def gains_plot(gains: Gains, *, list_share: float, level: float) -> str:
    """Return the gains of the model and of its baselines, with the list marked."""
    names = {name: baseline_name(name)[0] for name in gains.captured if name != "model"}
    return as_svg(
        lambda axes: gains_curves_plot(
            {
                names.get(name, name): (gains.share, captured)
                for name, captured in gains.captured.items()
            },
            band=_band(gains.at),
            list_share=list_share,
            level=level,
            axes=axes,
        ),
        about=("Gains curve", "累積增益曲線"),
    )


def deciles_plot(deciles: Sequence[Decile], *, level: float) -> str:
    """Return the observed rate by tenth with its interval, and the promised one."""
    return as_svg(
        lambda axes: bands_plot(
            [one.observed.value for one in deciles],
            [one.promised for one in deciles],
            low=[one.observed.low for one in deciles],
            high=[one.observed.high for one in deciles],
            level=level,
            axes=axes,
        ),
        about=("Observed and promised rate by decile", "各十分位的實際與預期比率"),
    )


def calibration_plot(calibration: Calibration, *, level: float) -> str:
    """Return the reliability diagram over the histogram of the probabilities."""
    return as_svg(
        lambda axes: reliability_plot(
            calibration.promised,
            calibration.observed,
            band=Band(calibration.promised, calibration.low, calibration.high),
            histogram=calibration.histogram,
            level=level,
            axes=axes,
        ),
        about=("Reliability diagram with consistency bands", "校準圖與一致性區間"),
    )


def profit_plot(profit: Profit, *, currency: str, level: float) -> str:
    """Return the profit by depth with intervals, the best depth marked."""
    best = profit.best_share
    return as_svg(
        lambda axes: depth_plot(
            profit.share,
            profit.profit,
            band=_band(profit.at),
            best=Best(best.value, best.low, best.high) if best.value > 0 else None,
            label=f"profit, {currency} per 1,000 customers",
            level=level,
            axes=axes,
        ),
        about=("Profit by depth", "各聯繫深度的利潤"),
    )


def _band(depths: Sequence[Depth]) -> Band:
    return Band(
        [0, *(one.share for one in depths)],
        [0, *(one.figure.low for one in depths)],
        [0, *(one.figure.high for one in depths)],
    )


def contribution_row(one: Contribution, *, low: float, high: float) -> str:
    """Return one row of a table as a picture: where the contributions of a feature lie.

    `low` and `high` are the ends of the picture, in probability.
    """

    def across(value: float) -> float:
        return round(6 + (value - low) / (high - low) * (_WIDE - 12), 1)

    middle = _HIGH / 2
    parts = [
        _stroke("axis", across(0), 0, across(0), _HIGH),
        _stroke("range", across(one.low), middle, across(one.high), middle),
    ]
    for kind, value in zip(("low-third", "mid-third", "high-third"), one.by_third, strict=False):
        shape = _SHAPES[kind].format(x=across(value), y=middle)
        parts.append(f'<path class="dot {kind}" d="{shape}"/>')
    return _row(parts)


def contribution_ends(found: Contributions) -> tuple[float, float]:
    """Return the least and the greatest contribution that is drawn."""
    ends = [value for one in found.shown for value in (one.low, one.high, *one.by_third)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    return (low, high) if high > low else (low, low + 0.01)


def ratio_plot(ratio: Figure | None, *, low: float, high: float) -> str:
    """Return one row of a table as a picture: a ratio about 1, its interval and the band."""

    def across(value: float) -> float:
        inside = min(max(value, 0.5), 1.5)
        return round(6 + (inside - 0.5) * (_WIDE - 12), 1)

    middle = _HIGH / 2
    parts = [
        f'<path class="band" d="M{across(low)} 0V{_HIGH}H{across(high)}V0z"/>',
        _stroke("axis", across(1), 0, across(1), _HIGH),
    ]
    if ratio is not None:
        parts += [
            _stroke("interval", across(ratio.low), middle, across(ratio.high), middle),
            f'<circle class="dot model" cx="{across(ratio.value)}" cy="{middle}" r="4"/>',
        ]
    return _row(parts)


def _stroke(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _row(parts: Sequence[str]) -> str:
    body = "".join(parts)
    size = f'width="{_WIDE}" height="{_HIGH}" viewBox="0 0 {_WIDE} {_HIGH}"'
    return f'<svg class="row" {size} aria-hidden="true">{body}</svg>'


def widest(segmentations: Sequence[Segmentation]) -> list[tuple[Segmentation, str]]:
    """Return segments whose whole interval lies beyond the truth, the worst first."""
    off = [
        (group, one)
        for group in segmentations
        for one in group.segments
        if one.ratio and (one.ratio.low > 1 or one.ratio.high < 1)
    ]
    off.sort(key=lambda pair: -abs((pair[1].ratio or _ONE).value - 1))
    return [(group, one.name) for group, one in off]


_ONE = Figure(value=1, low=1, high=1)
