"""Decide whether a trained model may go live, on the same untouched test rows as its rivals.

A list uses the order in which a model puts customers, so rivals are compared by their
order: by the area under the ROC curve, which uses every test row, and by the capture of
buyers at the length of the list that is really used. A first champion has to be surely
better than every printed baseline; a changed definition surely better than the champion; a
scheduled refresh of the same definition not worse by more than a declared margin. "Surely"
means that the whole interval lies on that side. At the list size the capture must not be
surely worse: so few rows lie between two good models at one depth that demanding a sure
gain there as well would refuse models that are better at every depth.

The log loss is printed but does not decide: where the level of a season moves all models
alike, it rewards whichever happens to err upwards. The level has its own check: observed
over expected, and the slope, in declared bands. Its outcome stands in the decision. It stops
a challenger whose champion is calibrated, but not a first champion, since the alternative
would be no list at all, or one from a baseline that ranks worse.

Whether or not the champion is calibrated, a challenger is refused where its level is surely so
far off that monitoring would ring for it at once, and farther than the champion's. So what was
calibrated on a month of price war does not replace what was calibrated on quiet ones, however
alike the two put customers in order. Where the level is off by more than a factor of two, a
broken column is as likely as a market that has changed: nothing is released on such outcomes. If
the market has changed, the next training is calibrated on them and passes.

The leak alarms of the training are required of every version, by name.
"""

import math
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipeline.alarms import Alarm
from pipeline.evaluation import Evaluation, Figure
from pipeline.params import GateParams

#: By how many times fewer or more outcomes than expected are believed at all.
BELIEVED = 2.0

Kind = Literal["first", "changed", "refresh"]


class Check(BaseModel):
    """One condition of the gate, with the figure that decided it."""

    model_config = ConfigDict(frozen=True)

    name: str
    expected: str
    found: Figure
    passed: bool
    required: bool = True


class Decision(BaseModel):
    """What the gate said of one version, with all figures.

    Attributes
    ----------
    kind : str
        `first`, `changed` or `refresh`.
    against : str, optional
        The champion's version; none for a first champion.
    passed : bool
        Whether every required check passed.
    calibrated : bool
        Whether observed over expected and the slope lie in their bands, and their
        intervals are no wider than these.
    checks : tuple of Check
        Every condition.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    against: str | None
    passed: bool
    calibrated: bool
    checks: tuple[Check, ...]

    def refusals(self) -> list[str]:
        """Return in words what was required and not met."""
        return [
            f"{check.name}: {check.found.value:.4g} "
            f"[{check.found.low:.4g}, {check.found.high:.4g}], expected {check.expected}"
            for check in self.checks
            if check.required and not check.passed
        ]


def decide(
    evaluation: Evaluation,
    *,
    kind: Kind,
    rivals: Mapping[str, Mapping[str, Figure]],
    params: GateParams,
    against: str | None = None,
    champion_calibrated: bool = False,
    champion_level: float | None = None,
) -> Decision:
    """Apply the gate.

    Parameters
    ----------
    evaluation : Evaluation
        Of the version that wants to go live.
    kind : str
        Which rule applies.
    rivals : mapping of str to mapping of str to Figure
        Paired differences, this version minus the rival, by rival and measure: the
        baselines for a first champion, else the champion.
    params : GateParams
        Margins and bands.
    against : str, optional
        The champion's version.
    champion_calibrated : bool
        Whether calibration is required.
    champion_level : float, optional
        Observed over expected of the champion on the same rows; none without a champion.
    """
    margin = params.refresh_margin if kind == "refresh" else 0.0
    checks = [
        check
        for rival, differences in rivals.items()
        for check in (
            _in_order(rival, differences["roc_auc"], margin=margin),
            _at_list_size(rival, differences["capture_at_list_size"]),
        )
    ]
    bands = [
        _in_band(name, evaluation.measures[name], params, required=champion_calibrated)
        for name in ("observed_over_expected", "calibration_slope")
    ]
    checks += bands
    if champion_level is not None:
        checks.append(
            level_check(evaluation.measures["observed_over_expected"], champion_level, params)
        )
    checks += [_no_leak(alarm) for alarm in evaluation.alarms]
    return Decision(
        kind=kind,
        against=against,
        passed=all(check.passed for check in checks if check.required),
        calibrated=all(band.passed for band in bands),
        checks=tuple(checks),
    )


def level_check(found: Figure, champion: float, params: GateParams) -> Check:
    """Refuse a challenger whose level is surely off, unless the champion's is farther off.

    Beyond `BELIEVED` the outcomes themselves are doubted, and no champion excuses it.

    Parameters
    ----------
    found : Figure
        Observed over expected of the challenger on the untouched test rows.
    champion : float
        That of the champion on the same rows.
    params : GateParams
        `level_low` and `level_high`.

    Examples
    --------
    >>> after_a_war = Figure(value=1.5, low=1.4, high=1.6)
    >>> [level_check(after_a_war, champion, GateParams()).passed for champion in (1.0, 1.8)]
    [False, True]
    """
    low, high = params.level_low, params.level_high
    nearer = _far(found.value) <= _far(champion)
    return Check(
        name="level: observed over expected",
        expected=f"possibly in [{low:g}, {high:g}], or in [{1 / BELIEVED:g}, {BELIEVED:g}] and "
        f"nearer to 1 than the champion's {champion:.3g}",
        found=found,
        passed=_possible(found, low, high) or (nearer and _possible(found, 1 / BELIEVED, BELIEVED)),
    )


def _possible(found: Figure, low: float, high: float) -> bool:
    return found.high >= low and found.low <= high


def _far(level: float) -> float:
    return abs(math.log(level)) if level > 0 else math.inf


def _in_order(rival: str, difference: Figure, *, margin: float) -> Check:
    return Check(
        name=f"ROC-AUC minus that of {rival}",
        expected=f"surely above {0 - margin:g}",
        found=difference,
        passed=difference.low > -margin,
    )


def _at_list_size(rival: str, difference: Figure) -> Check:
    return Check(
        name=f"capture at list size minus that of {rival}",
        expected="not surely below 0",
        found=difference,
        passed=difference.high >= 0,
    )


def _no_leak(alarm: Alarm) -> Check:
    return Check(
        name=alarm.title(),
        expected=alarm.expected,
        found=Figure(value=alarm.found, low=alarm.found, high=alarm.found),
        passed=not alarm.rings,
    )


def _in_band(name: str, figure: Figure, params: GateParams, *, required: bool) -> Check:
    low, high = params.calibration_low, params.calibration_high
    return Check(
        name=name,
        expected=f"in [{low:g}, {high:g}], interval no wider than that",
        found=figure,
        passed=low <= figure.value <= high and figure.high - figure.low <= high - low,
        required=required,
    )
