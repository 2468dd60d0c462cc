"""The plots of the monitoring page: what happened month by month, and band by band."""

from collections.abc import Sequence

from pipeline.monitor.realised import Band
from pipeline.monitor.record import Record
from pipeline.report.chart import Axis, Chart, Tick, ticks
from pipeline.report.words import measure_name

RATIO = "Observed / expected", measure_name("observed_over_expected")[1]
#: The most cut-offs that a timeline shows, and about how many of them are named.
SHOWN, NAMED = 36, 8


def alarms_plot(records: Sequence[Record]) -> str:
    """Return how many alarms rang at each cut-off; those that had just begun stand out."""
    kept = records[-SHOWN:]
    most = max(4, *(len(one.alarms) for one in kept))
    chart = Chart(
        _cutoffs(kept),
        Axis(0, most, ticks(0, most, about=4), ("Alarms", "警報數")),
        about=("Alarms by cut-off", "各截止日警報數"),
        width=760,
        height=190,
    )
    for at, one in enumerate(kept):
        begun = sum(alarm.since == one.as_of for alarm in one.alarms)
        if one.alarms:
            chart.bar((at - 0.3, at + 0.3), (0, len(one.alarms)), "quiet")
        if begun:
            chart.bar((at - 0.3, at + 0.3), (0, begun), "model")
        told = f"{one.as_of}: {len(one.alarms)} alarms, {begun} new"
        chart.dot(at, 0, "rival-1" if one.alarms else "model", title=told)
    return chart.svg()


def ratio_plot(records: Sequence[Record], *, low: float, high: float) -> str:
    """Return observed over expected, by the cut-off of the scores that were judged."""
    kept = {one.realised.as_of: one for one in records[-SHOWN:] if one.realised}
    judged = [
        (at, one.realised.measures["observed_over_expected"])
        for at, one in enumerate(kept.values())
        if one.realised and "observed_over_expected" in one.realised.measures
    ]
    if not judged:
        return ""
    ends = (
        min(low, *(figure.low for _, figure in judged)) - 0.05,
        max(high, *(figure.high for _, figure in judged)) + 0.05,
    )
    chart = Chart(
        _cutoffs(list(kept.values()), realised=True),
        Axis(*ends, ticks(*ends, about=5), RATIO),
        about=("Observed over expected by cut-off", RATIO[1]),
        width=760,
        height=230,
    )
    across = [-0.5, len(kept) - 0.5]
    chart.band(across, [low, low], [high, high])
    chart.line(across, [1, 1], "chance")
    for at, figure in judged:
        chart.upright(at, figure.low, figure.high, "interval")
        chart.dot(at, figure.value, "model", title=f"{figure.value:.2f}")
    return chart.svg()


def bands_plot(bands: Sequence[Band]) -> str:
    """Return what happened, with its interval, and what was predicted, band by band."""
    values = [0.0, *(x for one in bands for x in (one.low, one.high, one.predicted))]
    low, high = min(values), max(values) + 1e-9
    chart = Chart(
        Axis(
            0.4,
            len(bands) + 0.6,
            [Tick(at, str(at)) for at in range(1, len(bands) + 1)],
            ("Bands, best scores first", "分組,分數由高至低"),
        ),
        Axis(low, high, ticks(low, high, percent=True), ("Share with the outcome", "發生比例")),
        about=("Predicted and actual by band", "各組預測與實際"),
    )
    for at, one in enumerate(bands, start=1):
        chart.bar((at - 0.36, at + 0.36), (0, one.happened), "model")
        chart.upright(at, one.low, one.high, "interval")
        chart.dot(at, one.predicted, "rival-1", title=f"{one.predicted:.3f}")
    return chart.svg()


def _cutoffs(records: Sequence[Record], *, realised: bool = False) -> Axis:
    days = [one.realised.as_of if realised and one.realised else one.as_of for one in records]
    step = max(1, -(-len(days) // NAMED))
    named = [Tick(at, days[at].isoformat()) for at in range(0, len(days), step)]
    return Axis(-0.5, len(days) - 0.5, named, ("Cut-off", "截止日"))
