"""Choose the campaigns to learn from, and the cut-off of every assignment in them."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
from ibis import _

from models.definition import LiftModel
from pipeline.grain_store import Grains
from pipeline.left_out import LeftOutError, left_out_reason
from pipeline.planned import Span
from pipeline.project import OutcomeWindow, Project, outcome_window
from pipeline.zones import local_date

#: A campaign that assigns on more days than this is seen from one cut-off a week.
MOST_DAYS = 7
#: The tables without which nobody knows who was offered what.
NEEDED = ("campaigns", "assignments")


class LiftCutoffs(NamedTuple):
    """Campaigns whose outcome windows are closed, and the cut-offs of their assignments.

    Attributes
    ----------
    campaigns : dict of str to tuple of date
        By campaign, in time order: its cut-offs.
    closed_on : dict of str to date
        The day on which a campaign's last outcome window was closed.
    score : date
        Scoring cut-off.
    notices : tuple of str
        Why a campaign is left out.
    """

    campaigns: dict[str, tuple[date, ...]]
    closed_on: dict[str, date]
    score: date
    notices: tuple[str, ...] = ()

    @property
    def labelled(self) -> tuple[date, ...]:
        """All cut-offs at which arms were drawn, in time order."""
        return tuple(sorted({day for days in self.campaigns.values() for day in days}))


def drawn(events: Mapping[str, ir.Table], *, as_of: date, time_zone: str) -> ir.Table:
    """Return every assignment known before `as_of`, with its local day and its cut-off.

    The cut-off is the day itself. A campaign that assigns day by day, for months maybe, is
    seen from the first day of each of its weeks: an earlier cut-off knows less, never more.
    """
    rows = events["assignments"].mutate(assigned_on=local_date(_.assigned_at, time_zone))
    rows = rows.filter(_.assigned_on < ibis.literal(as_of))
    whole = ibis.window(group_by="campaign_id")
    rows = rows.mutate(
        first_on=_.assigned_on.min().over(whole), days=_.assigned_on.nunique().over(whole)
    )
    since = rows.assigned_on.delta(rows.first_on, unit="day")
    weekly = rows.first_on + (since - since % 7).as_interval("D")
    cutoff = (rows.days > MOST_DAYS).ifelse(weekly.cast("date"), rows.assigned_on)
    return rows.mutate(cutoff=cutoff).drop("first_on", "days")


def plan_lift(
    events: Mapping[str, ir.Table],
    *,
    as_of: date,
    window: OutcomeWindow,
    time_zone: str,
    most: int,
) -> LiftCutoffs | str:
    """Choose the newest campaigns whose outcomes are all known, or say why there is none.

    Parameters
    ----------
    events : mapping of str to Table
        Tables as the authors of grains see them.
    as_of : date
        Scoring cut-off: nothing known at or after it is seen.
    window : OutcomeWindow
        When outcomes count, from the day of the assignment on.
    time_zone : str
        In which days begin.
    most : int
        Most campaigns to use.
    """
    missing = [name for name in NEEDED if name not in events]
    if missing:
        return f"{' and '.join(missing)} not delivered."
    rows = drawn(events, as_of=as_of, time_zone=time_zone).semi_join(
        events["campaigns"], "campaign_id"
    )
    table = (
        rows.group_by("campaign_id")
        .aggregate(last=_.assigned_on.max(), cutoffs=_.cutoff.collect(distinct=True))
        .order_by(["last", "campaign_id"])
        .to_pyarrow()
        .to_pylist()
    )
    length = timedelta(days=window.gap_days + window.horizon_days)
    closed = [row for row in table if row["last"] + length <= as_of][-most:]
    notices = tuple(
        f"campaign {row['campaign_id']}: its outcome window closes on {row['last'] + length}, "
        f"after the scoring cut-off {as_of}; it is left out until then"
        for row in table
        if row["last"] + length > as_of
    )
    if not closed:
        return "; ".join(notices) or f"no customer was assigned to a campaign before {as_of}."
    return LiftCutoffs(
        {row["campaign_id"]: tuple(sorted(row["cutoffs"])) for row in closed},
        {row["campaign_id"]: row["last"] + length for row in closed},
        as_of,
        notices,
    )


def plan(
    project: Project,
    model: LiftModel,
    grains: Grains,
    _span: Span,
    as_of: date,
) -> LiftCutoffs | str:
    """Return the campaigns that a model learns from, or why there is none; see `plan_lift`."""
    return plan_lift(
        {name: grains.table(name) for name in grains.delivered},
        as_of=as_of,
        window=outcome_window(model, project.params.models[model.name]),
        time_zone=project.params.time_zone,
        most=project.params.snapshots.max_training,
    )


def read_lift_cutoffs(artifacts: Path, model: str) -> LiftCutoffs:
    """Return what the snapshot stage chose; see `pipeline.project.write_cutoffs`.

    Raises
    ------
    LeftOutError
        If the data cannot teach the model.
    """
    if reason := left_out_reason(artifacts, model):
        raise LeftOutError(f"{model} is left out: {reason}")
    found = json.loads((artifacts / "cutoffs.json").read_text(encoding="utf-8"))[model]
    return LiftCutoffs(
        {name: tuple(map(date.fromisoformat, days)) for name, days in found["campaigns"].items()},
        {name: date.fromisoformat(day) for name, day in found["closed_on"].items()},
        date.fromisoformat(found["score"]),
        tuple(found["notices"]),
    )
