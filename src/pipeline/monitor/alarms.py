"""What rings: a figure past its declared limit, and what to do about it."""

from collections.abc import Iterator
from datetime import date

from pydantic import BaseModel, ConfigDict

from pipeline.monitor.drift import Drift
from pipeline.monitor.limits import MonitoringParams
from pipeline.monitor.moved import Moved
from pipeline.monitor.realised import Realised
from pipeline.monitor.turnover import Turnover

#: From so much more of the rows without a value on, that is what is told of a column.
MORE_MISSING = 0.05

_ACTIONS = {
    "observed_over_expected": (
        "The level is off, the order may still be right: use ranks, not expected values, until a "
        "version that is calibrated on newer outcomes is live."
    ),
    "calibration_slope": (
        "Scores are too extreme (below 1) or too timid (above 1): choose the depth of lists by "
        "realised bands until the next version."
    ),
    "scores": (
        "Look at the columns that ring. If they are right, the market has changed: hold lists "
        "back until the next training has learned from it. If not, mend the data and run again, "
        "or step back with `shortlist rollback`."
    ),
}


class MonitoringAlarm(BaseModel):
    """One figure past its limit.

    Attributes
    ----------
    kind : str
        `drift`, `score drift`, `rows`, `observed over expected`, `calibration slope`,
        `roc auc`, `effect` or `turnover`.
    subject : str
        The column or score set it is about.
    found : float
        The figure.
    limit : str
        Where it had to lie.
    action : str
        What to do.
    since : date
        First cut-off since which it rings without a pause.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    subject: str
    found: float
    limit: str
    action: str
    since: date

    def says(self) -> str:
        """Return the alarm in one line."""
        return f"{self.kind} {self.subject}: {self.found:.3g}, allowed is {self.limit}"


def drift_alarms(drift: Drift, limits: MonitoringParams, *, at: date) -> Iterator[MonitoringAlarm]:
    """Yield what rings among rows and columns."""
    if drift.rows_before:
        change = drift.rows / drift.rows_before - 1
        if abs(change) > limits.rows_change:
            yield MonitoringAlarm(
                kind="rows",
                subject="all",
                found=change,
                limit=f"-{limits.rows_change:g} to {limits.rows_change:g} since the last cut-off",
                action="Compare artifacts/quality/quality.html with the last delivery: were "
                "customers left out, or delivered twice?",
                since=at,
            )
    for one in drift.columns:
        if one.rings:
            yield _moved("drift", one, limits, at, action=_about_column(one))


def score_alarms(
    moved: Moved | None, limits: MonitoringParams, *, at: date
) -> Iterator[MonitoringAlarm]:
    """Yield whether the scores ring."""
    if moved is not None and moved.rings:
        yield _moved("score drift", moved, limits, at, action=_ACTIONS["scores"])


def realised_alarms(
    realised: Realised | None, limits: MonitoringParams, *, at: date
) -> Iterator[MonitoringAlarm]:
    """Yield what did not come true."""
    if realised is None:
        return
    bands = {
        "observed_over_expected": (limits.ratio_low, limits.ratio_high),
        "calibration_slope": (limits.slope_low, limits.slope_high),
    }
    for name, (low, high) in bands.items():
        found = realised.measures.get(name)
        if found is not None and (found.high < low or found.low > high):
            yield MonitoringAlarm(
                kind=name.replace("_", " "),
                subject=realised.score_set,
                found=found.value,
                limit=f"{low:g} to {high:g}, for some of [{found.low:.3g}, {found.high:.3g}]",
                action=_ACTIONS[name],
                since=at,
            )
    yield from _fallen(realised, limits, at)
    effect = realised.measures.get("effect_gap")
    if effect is not None and not effect.low <= 0 <= effect.high:
        yield MonitoringAlarm(
            kind="effect",
            subject=realised.score_set,
            found=effect.value,
            limit=f"0 within [{effect.low:.3g}, {effect.high:.3g}]",
            action="Offers changed more or less than was said. See `shortlist effect` for the "
            "campaign, and teach the model with it.",
            since=at,
        )


def turnover_alarms(
    turnover: Turnover | None, limits: MonitoringParams, *, at: date
) -> Iterator[MonitoringAlarm]:
    """Yield whether too many of the list are new."""
    if turnover is not None and turnover.share > limits.turnover:
        yield MonitoringAlarm(
            kind="turnover",
            subject=turnover.now,
            found=turnover.share,
            limit=f"at most {limits.turnover:g}",
            action="Compare the versions (`shortlist models`) and a list of each "
            "(`shortlist list diff`) before anything is sent.",
            since=at,
        )


def _fallen(realised: Realised, limits: MonitoringParams, at: date) -> Iterator[MonitoringAlarm]:
    found, promised = realised.measures.get("roc_auc"), realised.promised.get("roc_auc")
    if found is None or promised is None or found.high >= promised.value - limits.auc_fall:
        return
    yield MonitoringAlarm(
        kind="roc auc",
        subject=realised.score_set,
        found=found.value,
        limit=f"at least {promised.value - limits.auc_fall:.3g}, "
        f"for some of [{found.low:.3g}, {found.high:.3g}]",
        action="The order is worse than promised. Train again (`shortlist run`); if a column "
        "rings as well, mend it first.",
        since=at,
    )


def _moved(
    kind: str, one: Moved, limits: MonitoringParams, at: date, *, action: str
) -> MonitoringAlarm:
    least = max(limits.psi, limits.spread * one.usual)
    if one.unseen > limits.unseen_share and one.nearest <= least:
        return MonitoringAlarm(
            kind=kind,
            subject=one.column,
            found=one.unseen,
            limit=f"at most {limits.unseen_share:g} of the rows with a text never seen before",
            action="A new value has come: is it right? If so, let the next training learn it.",
            since=at,
        )
    return MonitoringAlarm(
        kind=kind,
        subject=one.column,
        found=one.nearest,
        limit=f"at most {least:.3g} from the most alike earlier month",
        action=action,
        since=at,
    )


def _about_column(one: Moved) -> str:
    if one.missing_now > one.missing_then + MORE_MISSING:
        return (
            f"Values are missing in {one.missing_now:.0%} of rows, {one.missing_then:.0%} before: "
            "ask whoever delivers the table, mend it and run again."
        )
    return (
        "Ask whoever delivers the table whether it means something else now. If the customers "
        "have changed, let the next training learn it; if the column is broken, mend it and run "
        "again."
    )
