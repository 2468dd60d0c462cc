"""What a campaign of ours changed: its own draws, and what was reported or bought since."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from campaigns.effect.strata import Estimate, effect_by_draw
from campaigns.loop.assignments import CONTROL, assignments_of
from campaigns.loop.plans import Campaign, find_campaign
from campaigns.state.tables import ContactEvent, FrozenList, OutcomeEvent
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.live_tables import tables_folder
from pipeline.release import read_release
from pipeline.score_set import DamagedScoreSetError, UnknownScoreSetError, read_score_set

#: Days in which outcomes count where the plan does not say when it ends.
HORIZON_DAYS = 28
#: Days before the draw whose purchases adjust the outcomes.
BEFORE_DAYS = 180
LEVEL = 0.95


class Changed(BaseModel):
    """What the campaign changed in one outcome, per customer who was to be contacted.

    `outcome` is a kind that was reported (whether the customer had one), the same with
    `_value` (the sum of its values), `bought` and `amount` from the receipts, or `net`: margin
    less the costs of contacts and redemptions.
    """

    model_config = ConfigDict(frozen=True)

    outcome: str
    source: Literal["reports", "receipts"]
    control_mean: float
    effect: float
    low: float
    high: float
    narrower: float = Field(description="Share by which purchases before shorten the interval.")
    total: float = Field(description="The effect times the customers who were to be contacted.")
    total_low: float
    total_high: float


class ReportedEffect(BaseModel):
    """What a campaign changed, or why that cannot be told yet.

    `customers` counts by arm those who drew on its lists: the members, whether or not a
    contact came through, and those held out. `control_shares` are the shares held out.
    """

    model_config = ConfigDict(frozen=True)

    campaign_id: str
    status: Literal["told", "too_early", "untold"]
    why: str = Field(description="Why there is no answer yet, or what to know about the answer.")
    closes_at: str = Field(description="When outcomes cease to count; empty without a draw.")
    level: float
    lists: int
    customers: dict[str, int]
    control_shares: list[float]
    added: list[Changed]


def effect_of_reports(
    artifacts: Path, state: Engine, campaign_id: str, *, at: datetime
) -> ReportedEffect:
    """Estimate what a campaign changed, by intention to treat.

    Outcomes count from a customer's first draw until the campaign ends. Before that there is
    no answer: one that is looked at again and again is wrong more often than it says.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    state : Engine
        The state database.
    campaign_id : str
        Which campaign.
    at : datetime
        Now, with its zone.

    Raises
    ------
    UnknownCampaignError
        If there is no plan of it.
    DamagedListError
        If the members or the control of a list are missing.
    """
    plan = find_campaign(state, campaign_id).campaign
    drawn = assignments_of(artifacts, state, campaign_id)
    treated = drawn["treated"].to_numpy(dtype=bool)
    if not len(drawn):
        return _without(plan, drawn, "too_early", "no list of this campaign has been built")
    closes = plan.ends_at or drawn["assigned_at"].max() + timedelta(days=HORIZON_DAYS)
    closes = pd.Timestamp(closes).to_pydatetime()
    if at < closes:
        return _without(plan, drawn, "too_early", f"outcomes count until {_text(closes)}", closes)
    if treated.all() or not treated.any():
        missing = CONTROL if treated.all() else "treated"
        return _without(plan, drawn, "untold", f"nobody is in the arm {missing}", closes)
    reported = _reported(state, campaign_id, drawn, until=closes)
    bought = _bought(artifacts, state, campaign_id, drawn, until=closes)
    outcomes = _outcomes(plan, state, drawn, reported, bought)
    if not outcomes:
        why = "no outcomes have been reported, and no receipts reach into the campaign"
        return _without(plan, drawn, "too_early", why, closes)
    before = None if bought is None else bought[["bought_before", "amount_before"]].to_numpy(float)
    chance = np.where(treated, drawn["probability"], 1 - drawn["probability"])
    added = []
    for (name, source), y in outcomes.items():
        found = effect_by_draw(y, treated, chance, before=before, level=LEVEL)
        if found is not None:
            added.append(_changed(name, source, found, int(treated.sum())))
    if not added:
        why = "no outcome differs between customers, or an arm holds too few of them"
        return _without(plan, drawn, "untold", why, closes)
    why = _warning(reported, drawn)
    return _without(plan, drawn, "told", why, closes).model_copy(update={"added": added})


def _changed(name: str, source: Any, found: Estimate, treated: int) -> Changed:
    return Changed(
        outcome=name,
        source=source,
        **found._asdict(),
        total=found.effect * treated,
        total_low=found.low * treated,
        total_high=found.high * treated,
    )


def _without(
    plan: Campaign, drawn: pd.DataFrame, status: Any, why: str, closes: datetime | None = None
) -> ReportedEffect:
    treated = drawn["treated"].to_numpy(dtype=bool)
    held = drawn.loc[~treated, "probability"]
    shares = pd.concat([held, 1 - drawn.loc[treated, "probability"]]).round(9).unique()
    return ReportedEffect(
        campaign_id=plan.campaign_id,
        status=status,
        why=why,
        closes_at=_text(closes) if closes else "",
        level=LEVEL,
        lists=int(drawn["list_id"].nunique()),
        customers={"treated": int(treated.sum()), CONTROL: int((~treated).sum())},
        control_shares=sorted(map(float, shares)),
        added=[],
    )


def _text(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


def _outcomes(
    plan: Campaign,
    state: Engine,
    drawn: pd.DataFrame,
    reported: pd.DataFrame,
    bought: pd.DataFrame | None,
) -> dict[tuple[str, str], np.ndarray]:
    """Return each outcome of every customer, in the order of the draws."""
    customers = drawn["customer_id"]
    found: dict[tuple[str, str], np.ndarray] = {}
    sums: dict[str, np.ndarray] = {}
    for kind, own in reported.groupby("kind"):
        sums[str(kind)] = _by_customer(own.groupby("customer_id")["value"].sum(), customers)
        had = own.groupby("customer_id").size().gt(0).astype(float)
        found[str(kind), "reports"] = _by_customer(had, customers)
        if own["value"].notna().any():
            found[f"{kind}_value", "reports"] = sums[str(kind)]
    if bought is not None and bought["reaches"].any():
        found["bought", "receipts"] = bought["bought"].to_numpy(float)
        found["amount", "receipts"] = bought["amount"].to_numpy(float)
    spent = next(
        (
            (found[name], name[1])
            for name in (("purchase_value", "reports"), ("amount", "receipts"))
            if name in found
        ),
        None,
    )
    if spent is not None and plan.margin_share is not None:
        amount, source = spent
        redeemed = found.get(("redemption", "reports"), np.zeros(len(customers)))
        costs = (plan.contact_cost or 0.0) * _contacts(state, plan.campaign_id, customers)
        costs = costs + (plan.redemption_cost or 0.0) * redeemed
        found["net", source] = plan.margin_share * amount - costs
    return found


def _by_customer(values: pd.Series, customers: pd.Series) -> np.ndarray:
    return values.reindex(customers).fillna(0.0).to_numpy(dtype=np.float64)


def _reported(
    state: Engine, campaign_id: str, drawn: pd.DataFrame, *, until: datetime
) -> pd.DataFrame:
    """Return the outcomes reported of those who drew, from their draw on."""
    query = select(
        OutcomeEvent.customer_id, OutcomeEvent.kind, OutcomeEvent.value, OutcomeEvent.event_time
    ).where(OutcomeEvent.campaign_id == campaign_id, OutcomeEvent.event_time < until)
    with Session(state) as session:
        rows = [tuple(row) for row in session.execute(query)]
    found = pd.DataFrame(rows, columns=["customer_id", "kind", "value", "event_time"])
    found["value"] = found["value"].astype(float)
    found["event_time"] = pd.to_datetime(found["event_time"], utc=True)
    found = found.merge(drawn[["customer_id", "treated", "assigned_at"]], on="customer_id")
    return found[found["event_time"] >= found["assigned_at"]]


def _contacts(state: Engine, campaign_id: str, customers: pd.Series) -> np.ndarray:
    """Return how often each customer was contacted; what bounced was paid for, too."""
    query = select(ContactEvent.customer_id).where(ContactEvent.campaign_id == campaign_id)
    with Session(state) as session:
        found = pd.Series(list(session.scalars(query)), dtype=str)
    return _by_customer(found.value_counts().astype(float), customers)


def _warning(reported: pd.DataFrame, drawn: pd.DataFrame) -> str:
    """Say which kinds were reported of one arm only: nobody may have looked at the other."""
    treated = reported.groupby("kind")["treated"].agg(["any", "all"])
    alone = sorted(map(str, treated.index[treated["all"] | ~treated["any"]]))
    if not alone or not len(drawn):
        return ""
    return (
        f"{', '.join(alone)}: reported of one arm only. Where nobody looked at those held out, "
        "this is no effect; report outcomes of both arms."
    )


def _bought(
    artifacts: Path, state: Engine, campaign_id: str, drawn: pd.DataFrame, *, until: datetime
) -> pd.DataFrame | None:
    """Return what each customer bought in the campaign and before it, from the receipts.

    By local days: a draw counts from its day on, as in `campaigns.effect.campaign`.
    """
    tables = tables_folder(artifacts)
    if not (tables / "transactions.parquet").exists():
        return None
    zone = _time_zone(artifacts, state, campaign_id)
    local = ZoneInfo(zone)
    drawn_on = drawn["assigned_at"].dt.tz_convert(local).dt.date
    units = pd.DataFrame({"customer_id": drawn["customer_id"], "drawn_on": drawn_on})
    with engine(artifacts) as connection:
        lines = read_events(connection, tables, time_zone=zone)["transactions"]
        rows = ibis.memtable(units, schema={"customer_id": "string", "drawn_on": "date"})
        own = rows.inner_join(lines, "customer_id")
        inside = (own.event_on >= own.drawn_on) & (
            own.event_on < ibis.literal(until.astimezone(local).date())
        )
        since = own.drawn_on - ibis.interval(days=BEFORE_DAYS)
        earlier = (own.event_on >= since.cast("date")) & (own.event_on < own.drawn_on)
        sale = own.kind == "sale"
        sums = own.group_by("customer_id").aggregate(
            bought=(inside & sale).any(),
            amount=own.amount.sum(where=inside),
            bought_before=(earlier & sale).any(),
            amount_before=own.amount.sum(where=earlier),
        )
        last = lines.event_on.max().to_pyarrow().as_py()
        found = connection.to_pandas(sums).set_index("customer_id")
    reaches = last is not None and last >= min(drawn_on)
    columns = {
        name: _by_customer(found[name].astype(float), drawn["customer_id"])
        for name in ("bought", "amount", "bought_before", "amount_before")
    }
    return pd.DataFrame({**columns, "reaches": np.full(len(drawn), reaches)})


def _time_zone(artifacts: Path, state: Engine, campaign_id: str) -> str:
    """Return the zone in which days begin: that of the scores of a list, or of what is live."""
    query = (
        select(FrozenList.model, FrozenList.score_set)
        .where(FrozenList.campaign == campaign_id, FrozenList.score_set.is_not(None))
        .order_by(FrozenList.created_at)
    )
    with Session(state) as session:
        named = [(row.model, row.score_set) for row in session.execute(query)]
    live = [(model, one.score_set) for model, one in read_release(artifacts).models.items()]
    for model, score_set in (*named, *live):
        if model is None or score_set is None:
            continue
        try:
            return read_score_set(artifacts, model, score_set).time_zone
        except (DamagedScoreSetError, UnknownScoreSetError):
            continue
    return "UTC"
