"""The plots of the monitoring page: what happened month by month, and band by band."""

from collections.abc import Sequence

from models import plots
from pipeline.monitor.realised import Band
from pipeline.monitor.record import Record
from pipeline.report.drawing import as_svg
from pipeline.report.words import measure_name

#: The most cut-offs that a timeline shows.
SHOWN = 36
_WIDE = 760
RATIO = measure_name("observed_over_expected")[1]


def alarms_plot(records: Sequence[Record], *, subject: str) -> str:
    """Return how many alarms rang at each cut-off; those that had just begun stand out."""
    kept = records[-SHOWN:]
    return as_svg(
        lambda axes: plots.alarms_plot(
            [one.as_of.isoformat() for one in kept],
            [len(one.alarms) for one in kept],
            [sum(alarm.since == one.as_of for alarm in one.alarms) for one in kept],
            axes=axes,
        ),
        about=(f"Alarms of {subject} by cut-off", f"{subject} 各截止日警報數"),
        width=_WIDE,
        height=190,
    )


def ratio_plot(
    records: Sequence[Record], *, subject: str, low: float, high: float, level: float
) -> str:
    """Return observed over expected, by the cut-off of the scores that were judged."""
    kept = {one.realised.as_of: one.realised for one in records[-SHOWN:] if one.realised}
    judged = {day: one.measures.get("observed_over_expected") for day, one in kept.items()}
    if not any(judged.values()):
        return ""
    unknown = float("nan")
    return as_svg(
        lambda axes: plots.ratio_plot(
            [day.isoformat() for day in judged],
            [one.value if one else unknown for one in judged.values()],
            low=[one.low if one else unknown for one in judged.values()],
            high=[one.high if one else unknown for one in judged.values()],
            allowed=(low, high),
            level=level,
            axes=axes,
        ),
        about=(f"Observed over expected of {subject} by cut-off", f"{subject} 各截止日{RATIO}"),
        width=_WIDE,
        height=230,
    )


def bands_plot(bands: Sequence[Band], *, subject: str, level: float) -> str:
    """Return what happened, with its interval, and what was predicted, band by band."""
    return as_svg(
        lambda axes: plots.bands_plot(
            [one.happened for one in bands],
            [one.predicted for one in bands],
            low=[one.low for one in bands],
            high=[one.high for one in bands],
            level=level,
            xlabel="bands, best scores first",
            said="predicted",
            axes=axes,
        ),
        about=(f"Predicted and actual of {subject} by band", f"{subject} 各組預測與實際"),
    )
