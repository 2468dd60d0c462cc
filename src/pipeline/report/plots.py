"""The plots of a report, from its figures."""

from collections.abc import Sequence

from pipeline.evaluation import Figure
from pipeline.report.chart import Axis, Chart, Tick, ticks
from pipeline.report.contributions import Contribution, Contributions
from pipeline.report.curves import Calibration, Decile, Gains, Profit
from pipeline.report.segments import Segmentation

#: Classes of lines: the model, then its baselines in turn.
KINDS = ("model", "rival-1", "rival-2", "rival-3")
_WIDE, _HIGH = 230, 20
#: Thirds are told apart by shape as well as by colour.
_SHAPES = {
    "low-third": "M{x} {y}m-5 3.5h10l-5 -8z",
    "mid-third": "M{x} {y}m-3.5 -3.5h7v7h-7z",
    "high-third": "M{x} {y}m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0",
}
_SHARE = ("Share of customers contacted, best first", "聯繫客戶占比（由高至低）")


def _shares(label: tuple[str, str]) -> Axis:
    return Axis(0, 1, ticks(0, 1, percent=True), label)


def kind_of(number: int) -> str:
    """Return the class of the model (0) or of a baseline."""
    return KINDS[min(number, len(KINDS) - 1)]


def gains_plot(gains: Gains, *, list_share: float) -> str:
    """Return the gains of the model and of its baselines, with the list marked."""
    chart = Chart(
        _shares(_SHARE),
        _shares(("Share of outcomes found", "涵蓋的成效占比")),
        about=("Gains curve", "累積增益曲線"),
    )
    shares = [0.0, *(one.share for one in gains.at)]
    chart.band(
        shares,
        [0.0, *(one.figure.low for one in gains.at)],
        [0.0, *(min(one.figure.high, 1.0) for one in gains.at)],
    )
    chart.line([0, 1], [0, 1], "chance")
    for number, (_, captured) in reversed(list(enumerate(gains.captured.items()))):
        chart.line(gains.share, captured, kind_of(number))
    chart.upright(list_share, 0, 1, "mark")
    left = list_share < 0.5  # noqa: PLR2004 - the half in which the curve leaves room above
    chart.note(
        list_share + (0.015 if left else -0.015),
        0.94 if left else 0.04,
        ("the list", "名單"),
        anchor="start" if left else "end",
    )
    return chart.svg()


def deciles_plot(deciles: Sequence[Decile]) -> str:
    """Return the observed rate by tenth with its interval, and the promised one."""
    top = max(max(one.observed.high, one.promised) for one in deciles) * 1.05
    chart = Chart(
        Axis(
            0.4,
            len(deciles) + 0.6,
            [Tick(one.decile, str(one.decile)) for one in deciles],
            ("Tenth of the customers, best first", "客戶十分位（由高至低）"),
        ),
        Axis(0, top, ticks(0, top, percent=True), ("Rate", "比率")),
        about=("Observed and promised rate by decile", "各十分位的實際與預期比率"),
    )
    for one in deciles:
        chart.bar((one.decile - 0.36, one.decile + 0.36), (0, one.observed.value), "model")
        chart.upright(one.decile, one.observed.low, one.observed.high, "interval")
        chart.dot(one.decile, one.promised, "rival-1")
    return chart.svg()


def reliability_plot(calibration: Calibration) -> str:
    """Return the reliability diagram over the histogram of the probabilities."""
    top = min(1.0, max(*calibration.promised, *calibration.observed) * 1.05)
    shown = ticks(0, top, percent=True)
    chart = Chart(
        Axis(0, top, shown, ("Promised probability", "預測機率")),
        Axis(0, top, shown, ("Observed rate", "實際比率")),
        about=("Reliability diagram with consistency bands", "校準圖與一致性區間"),
    )
    most = max(calibration.histogram)
    step = calibration.promised[-1] / len(calibration.histogram)
    for place, rows in enumerate(calibration.histogram):
        if rows:
            chart.bar((place * step, (place + 1) * step), (0, 0.18 * top * rows / most), "quiet")
    chart.band(
        calibration.promised,
        [min(one, top) for one in calibration.low],
        [min(one, top) for one in calibration.high],
    )
    chart.line([0, top], [0, top], "chance")
    chart.line(calibration.promised, calibration.observed, "model")
    return chart.svg()


def profit_plot(profit: Profit, *, currency: str) -> str:
    """Return the profit by depth with intervals, the best depth marked."""
    lows = [one.figure.low for one in profit.at]
    highs = [one.figure.high for one in profit.at]
    low = min(0.0, *lows, *profit.profit)
    high = max(0.0, *highs, *profit.profit)
    high = high if high > low else low + 1
    room = 0.06 * (high - low)
    low, high = low - (room if low < 0 else 0), high + room
    chart = Chart(
        _shares(_SHARE),
        Axis(
            low,
            high,
            ticks(low, high),
            (f"{currency} per 1,000 customers", f"每千名客戶（{currency}）"),
        ),
        about=("Profit by depth", "各聯繫深度的利潤"),
        left=76,
    )
    chart.band([0.0, *(one.share for one in profit.at)], [0.0, *lows], [0.0, *highs])
    chart.level(0, 0, 1, "axis")
    chart.line(profit.share, profit.profit, "model")
    if profit.best_share.value > 0:
        chart.level(profit.best.value, profit.best_share.low, profit.best_share.high, "interval")
        chart.dot(profit.best_share.value, profit.best.value, "rival-1")
    return chart.svg()


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
