"""What a randomised campaign changed: every outcome, by arm, adjusted for the time before."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from campaigns.effect.errors import EffectError
from models.definition import LiftModel
from models.effects import campaign_effect
from pipeline.grain_store import Grains
from pipeline.lift.cutoffs import plan_lift
from pipeline.lift.design import check_campaign
from pipeline.lift.outcomes import outcome_table
from pipeline.lift.rows import FACTS, LiftRows, chances
from pipeline.project import OutcomeWindow

#: Days before the draw whose purchases adjust the outcomes.
BEFORE_DAYS = 180
#: Outcomes in money are drawn in at this share of customers from above: one customer who
#: fits out an office says nothing about an offer.
DEAREST = 0.999


class Added(BaseModel):
    """What one arm changed in one outcome, per customer who drew it.

    Attributes
    ----------
    outcome, arm : str
        Which outcome: `bought` (0 or 1), `amount` (spent, net of returns), `margin`, or
        `net` (margin less the cost of contacts and redemptions).
    customers : int
        Customers who drew the arm.
    control_mean : float
        Mean outcome of the control.
    unadjusted, effect, low, high : float
        Difference of the means; and the same adjusted for the time before (CUPED), with its
        interval.
    narrower : float
        Share by which the adjustment shortens the interval.
    total, total_low, total_high : float
        The effect times the customers who drew the arm.
    """

    model_config = ConfigDict(frozen=True)

    outcome: str
    arm: str
    customers: int
    control_mean: float
    unadjusted: float
    effect: float
    low: float
    high: float
    narrower: float
    total: float
    total_low: float
    total_high: float


class CampaignEffect(BaseModel):
    """What a campaign changed.

    Attributes
    ----------
    campaign : str
        Which one.
    about : dict
        Goal, channel and offer, as delivered.
    drawn_from, drawn_until, closed_on : date
        Days of the draw, and the day on which the outcome window was closed.
    horizon_days : int
        Days from an assignment on in which outcomes count.
    customers : dict
        By arm.
    randomised : bool
        Whether the probabilities of the draw are on record.
    least_effect : float, optional
        Smallest change in `bought` that so many customers would show (power of 80 %).
    checks : tuple of dict
        The checks of the design.
    added : tuple of Added
        By outcome and arm.
    """

    model_config = ConfigDict(frozen=True)

    kind: str = "campaign"
    campaign: str
    about: dict[str, str | None]
    drawn_from: date
    drawn_until: date
    closed_on: date
    horizon_days: int
    level: float
    customers: dict[str, int]
    randomised: bool
    least_effect: float | None
    checks: tuple[dict[str, Any], ...]
    added: tuple[Added, ...]


def effect_of_campaign(
    name: str,
    grains: Grains,
    model: LiftModel,
    *,
    as_of: date,
    time_zone: str,
    level: float,
    seed: int,
    horizon_days: int | None = None,
) -> CampaignEffect:
    """Estimate what a campaign changed, by intention to treat.

    Parameters
    ----------
    name : str
        The campaign.
    grains : Grains
        Tables and grains.
    model : LiftModel
        Says what the control is called, and how long outcomes count where nobody else does.
    as_of : date
        What is known on or after it is not seen.
    time_zone : str
        In which days begin.
    level : float
        Confidence level of the intervals.
    seed : int
        Chooses parts for the checks.
    horizon_days : int, optional
        Days in which outcomes count; to the end of the campaign, if left out.

    Raises
    ------
    EffectError
        If nobody was assigned, the outcome window is open, or the design forbids an answer.
    """
    events = {table: grains.table(table) for table in grains.delivered}
    if "assignments" not in events:
        raise EffectError(
            f"{name}: nobody knows who was left alone, for there is no table of assignments. "
            "Deliver who drew which arm, the control included."
        )
    about = _about(events["campaigns"], name, time_zone=time_zone)
    horizon = horizon_days or _horizon(events, name, about, model, time_zone=time_zone)
    window = OutcomeWindow(model.gap_days, horizon)
    plan = plan_lift(_only(events, name), as_of=as_of, window=window, time_zone=time_zone, most=1)
    if isinstance(plan, str):
        raise EffectError(f"{name}: {plan}")
    table = outcome_table(
        grains,
        model,
        campaigns=[name],
        window=window,
        known_before=as_of,
        time_zone=time_zone,
        before_days=BEFORE_DAYS,
    )
    facts = grains.connection.to_pandas(table)
    rows = LiftRows(facts[list(FACTS)], facts[["label_before", "amount_before"]], chances(facts))
    design = check_campaign(name, rows, model, seed=seed)
    if design.refusal is not None:
        raise EffectError(f"{design.refusal}.")
    days = facts["assigned_on"]
    return CampaignEffect(
        campaign=name,
        about={key: about[key] for key in ("goal", "channel", "offer")},
        drawn_from=_day(days.min()),
        drawn_until=_day(days.max()),
        closed_on=plan.closed_on[name],
        horizon_days=horizon,
        level=level,
        customers=design.customers,
        randomised=design.randomised,
        least_effect=design.least_effect,
        checks=design.checks,
        added=tuple(_added(facts, model, level=level)),
    )


#: Ends of a total, and what they are the totals of.
_ENDS = (("", "effect"), ("_low", "low"), ("_high", "high"))


def _added(facts: pd.DataFrame, model: LiftModel, *, level: float) -> list[Added]:
    before = facts[["label_before", "amount_before"]].to_numpy(np.float64)
    before[:, 1] = np.clip(before[:, 1], 0, np.quantile(before[:, 1], DEAREST))
    outcomes: dict[str, pd.Series] = {
        "bought": facts["label"],
        "amount": _drawn_in(facts["amount"]),
    }
    if facts["margin"].notna().all():
        treated = (facts["arm"] != model.control).astype(float)
        costs = treated * facts["contact_cost"] + facts["redeemed"] * facts["redemption_cost"]
        outcomes["margin"] = _drawn_in(facts["margin"])
        outcomes["net"] = outcomes["margin"] - costs
    found: list[Added] = []
    for name, y in outcomes.items():
        if y.min() == y.max():
            continue
        table = campaign_effect(y, facts["arm"], control=model.control, before=before, level=level)
        for row in table.to_dict(orient="records"):
            named = {str(key): value for key, value in row.items()}
            totals = {f"total{end}": named[key] * named["customers"] for end, key in _ENDS}
            found.append(Added(outcome=name, **named, **totals))
    return found


def _drawn_in(money: pd.Series) -> pd.Series:
    return money.clip(upper=float(money.quantile(DEAREST)))


def _about(campaigns: ir.Table, name: str, *, time_zone: str) -> dict[str, Any]:
    from pipeline.zones import local_date

    own = campaigns.filter(campaigns.campaign_id == name)
    (row,) = (
        own.select("goal", "channel", "offer", ends_on=local_date(own.ends_at, time_zone))
        .to_pyarrow()
        .to_pylist()
    )
    return dict(row)


def _horizon(
    events: Mapping[str, ir.Table],
    name: str,
    about: Mapping[str, Any],
    model: LiftModel,
    *,
    time_zone: str,
) -> int:
    """Return the days from the last assignment to the end of the campaign, if that is known."""
    from pipeline.zones import local_date

    rows = events["assignments"].filter(events["assignments"].campaign_id == name)
    last = local_date(rows.assigned_at.max(), time_zone).to_pyarrow().as_py()
    if about["ends_on"] is None or last is None:
        return model.horizon_days
    days: int = (about["ends_on"] - last).days
    return max(days, 1)


def _only(events: Mapping[str, ir.Table], name: str) -> dict[str, ir.Table]:
    rows = events["assignments"]
    return {**events, "assignments": rows.filter(rows.campaign_id == name)}


def _day(value: Any) -> date:
    return pd.Timestamp(value).date()
