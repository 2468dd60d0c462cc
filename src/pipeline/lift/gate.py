"""Decide whether a model of offers may go live: by the money its policy adds.

The policy gives each customer the offer that is predicted to add most, and none where none
adds any. On the untouched campaign it is compared, in money per customer and costs taken
off, with giving nobody anything, giving everybody the best single offer, giving the same
offers as often to anybody, and giving them to those most likely to respond.

A first champion that ships effects of single customers has to add surely more than each of
these; a changed definition surely more than the champion; a scheduled refresh not less by
more than a declared margin. "Surely" means that the whole interval lies on that side. Where
a campaign is too small to show it, the first champion is refused, and the refusal holds the
figures: what one offer changes is a hundredth of what customers do anyway. Measured on an
invented chain of 20,000 members where the offers do pay: the policy adds 18 a customer to
giving nobody anything, with an interval from -8 to 45 on the newest campaign.

A first champion that ships averages, or a rule by segment, is let through unless an
alternative is surely better. It has looked for differences between customers and found none
beyond its rule, so it chooses between the very alternatives it would have to beat: with
averages, its policy is one of them, and the difference exactly nothing. The decision says
so in each check.

The order of customers may not surely be wrong where an order is shipped. That there is one
at all was shown before, on held-out rows of all earlier campaigns. Whether the untouched
campaign shows it by itself stands in the decision, but does not decide.
"""

from collections.abc import Mapping

from models.effects.shipped import Learned
from pipeline.alarms import Alarm
from pipeline.evaluation import Evaluation, Figure
from pipeline.gate import Check, Decision, Kind
from pipeline.params import GateParams

#: Where a calibrated order lies: real over predicted differences between customers.
CALIBRATED_SLOPE = 1.0
#: What stands beside a check that asks for less.
LENIENT = "not surely below 0 (averages or a rule by segment are shipped, which choose among these)"


def decide(
    evaluation: Evaluation,
    learned: Learned,
    *,
    kind: Kind,
    rivals: Mapping[str, Mapping[str, Figure]],
    params: GateParams,
    against: str | None = None,
) -> Decision:
    """Apply the gate.

    Parameters
    ----------
    evaluation : Evaluation
        Of the version that wants to go live.
    learned : Learned
        What it ships.
    kind : str
        `first`, `changed` or `refresh`.
    rivals : mapping of str to mapping of str to Figure
        Policy of this version minus that of the rival, paired: the plain alternatives for a
        first champion, else the champion.
    params : GateParams
        Holds the margin of a refresh.
    against : str, optional
        The champion's version.
    """
    ordered = [arm for arm, offer in learned.offers.items() if offer.kind != "average"]
    lenient = kind == "first" and not any(
        offer.kind == "individual" for offer in learned.offers.values()
    )
    margin = params.refresh_margin_outcomes * learned.value if kind == "refresh" else 0.0
    slopes = [_calibrated(arm, evaluation.measures[f"gates_slope_{arm}"]) for arm in ordered]
    checks = [
        *(
            _not_worse(rival, one["policy_value"])
            if lenient
            else _better(rival, one["policy_value"], margin=margin)
            for rival, one in rivals.items()
        ),
        *(_order(arm, evaluation.measures[f"qini_{arm}"]) for arm in ordered),
        *(_shown(arm, evaluation.measures[f"qini_{arm}"]) for arm in ordered),
        *slopes,
        *(_no_leak(alarm) for alarm in evaluation.alarms),
    ]
    return Decision(
        kind=kind,
        against=against,
        passed=all(check.passed for check in checks if check.required),
        calibrated=all(slope.passed for slope in slopes),
        checks=tuple(checks),
    )


def _better(rival: str, difference: Figure, *, margin: float) -> Check:
    return Check(
        name=f"policy value minus that of {rival}",
        expected=f"surely above {0 - margin:g}",
        found=difference,
        passed=difference.low > -margin,
    )


def _not_worse(rival: str, difference: Figure) -> Check:
    return Check(
        name=f"policy value minus that of {rival}",
        expected=LENIENT,
        found=difference,
        passed=difference.high >= 0,
    )


def _order(arm: str, qini: Figure) -> Check:
    return Check(
        name=f"Qini of the order by effect of {arm}",
        expected="not surely below 0",
        found=qini,
        passed=qini.high >= 0,
    )


def _shown(arm: str, qini: Figure) -> Check:
    return Check(
        name=f"Qini of the order by effect of {arm}, on this campaign alone",
        expected="surely above 0",
        found=qini,
        passed=qini.low > 0,
        required=False,
    )


def _no_leak(alarm: Alarm) -> Check:
    return Check(
        name=alarm.title(),
        expected=alarm.expected,
        found=Figure(value=alarm.found, low=alarm.found, high=alarm.found),
        passed=not alarm.rings,
    )


def _calibrated(arm: str, slope: Figure) -> Check:
    return Check(
        name=f"real over predicted differences of {arm}",
        expected=f"an interval that holds {CALIBRATED_SLOPE:g}",
        found=slope,
        passed=slope.low <= CALIBRATED_SLOPE <= slope.high,
        required=False,
    )
