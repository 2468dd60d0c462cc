"""Build the standing lists that are due, each once, whatever happened in between."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from campaigns.building import Occasion, build_list, list_id
from campaigns.desk import Desk, scores_of
from campaigns.standing.due import Due, festival_calendar, newest_due
from campaigns.standing.reminded import already_reminded, remember
from campaigns.standing.requests import Before, Kept, StandingList, standing_lists
from campaigns.state.tables import StandingRun
from campaigns.target_list import TargetList, UnknownListError, find_list
from pipeline.lock import exclusive
from pipeline.release import Release

#: How long one who builds standing lists waits for another, in seconds.
_PATIENCE_S = 600


class Run(NamedTuple):
    """What became of a standing list that was due.

    Attributes
    ----------
    name : str
        The standing list.
    due_on : date
        The day that it was due.
    list : TargetList, optional
        The list; none where it could not be built.
    problem : str
        Why not; it stays due.
    """

    name: str
    due_on: date
    list: TargetList | None
    problem: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as the command line answers it."""
        found = {"name": self.name, "due_on": self.due_on.isoformat(), "problem": self.problem}
        if self.list is None:
            return found
        counts = {"selected": self.list.ledger.selected, "control": self.list.ledger.control}
        return {**found, "list_id": self.list.id, **counts}


def run_due(
    state: Engine,
    desk: Desk,
    release: Release,
    *,
    today: date,
    at: datetime,
    time_zone: str,
    global_control: float = 0.0,
) -> list[Run]:
    """Build every standing list that is due, or was and is missing; none twice.

    A run is claimed with the id of its list before that is built, and complete once its
    members are on record as reminded. So whoever is killed on the way, and starts again,
    takes up the list that was built, and makes no second one.

    Parameters
    ----------
    state : Engine
        The state database.
    desk : Desk
        Holds who is known and how they rank.
    release : Release
        What is live.
    today : date
        The local day that decides what is due.
    at : datetime
        Now, with its zone: permissions are read as they are at this moment.
    time_zone : str
        In which days begin.
    global_control : float
        Share of all customers that no list reaches.
    """
    with exclusive(desk.artifacts / ".standing-lists.lock", timeout_s=_PATIENCE_S):
        return list(
            _runs(
                state,
                desk,
                release,
                today=today,
                at=at,
                time_zone=time_zone,
                global_control=global_control,
            )
        )


def _runs(
    state: Engine,
    desk: Desk,
    release: Release,
    *,
    today: date,
    at: datetime,
    time_zone: str,
    global_control: float,
) -> Iterator[Run]:
    everything = standing_lists(state)
    asked = any(isinstance(one.standing.when, Before) for one in everything)
    festivals = festival_calendar() if asked else {}
    for kept in everything:
        due = _unfinished(state, kept.standing, festivals) or newest_due(
            kept.standing.when,
            today=today,
            since=kept.created_at.astimezone(ZoneInfo(time_zone)).date(),
            last=_last(state, kept.standing.name),
            festivals=festivals,
        )
        if due is None:
            continue
        try:
            built = _build(state, desk, release, kept, due, at=at, global_control=global_control)
        except (ValueError, RuntimeError) as error:  # what one cannot have, others may
            if type(error).__module__.partition(".")[0] not in {"campaigns", "pipeline"}:
                raise
            yield Run(kept.standing.name, due.on, None, str(error))
        else:
            yield Run(kept.standing.name, due.on, built)


def _build(
    state: Engine,
    desk: Desk,
    release: Release,
    kept: Kept,
    due: Due,
    *,
    at: datetime,
    global_control: float,
) -> TargetList:
    name, spec = kept.standing.name, kept.standing.spec
    found = _claimed_list(state, name, due.on)
    if found is None:
        left_out = partial(
            already_reminded,
            state,
            desk.artifacts,
            name=name,
            occasion=due.occasion,
            due_on=due.on,
            again_after_days=kept.standing.remind_again_after_days,
        )
        occasion = Occasion(f"{name} {due.on}", left_out)
        scores = scores_of(spec, release, desk.artifacts)
        identity = list_id(
            spec, scores, release, occasion=occasion.name, global_control=global_control
        )
        _claim(state, name, due.on, identity, at=at)
        found = build_list(
            spec,
            release,
            desk=desk,
            state=state,
            at=at,
            global_control=global_control,
            occasion=occasion,
        ).list
    with state.begin() as connection:
        remember(
            connection,
            desk.artifacts,
            found.id,
            name=name,
            occasion=due.occasion,
            due_on=due.on,
        )
        connection.execute(
            update(StandingRun)
            .where(StandingRun.name == name, StandingRun.due_on == due.on)
            .values(built_at=at)
        )
    return found


def _claim(state: Engine, name: str, due_on: date, identity: str, *, at: datetime) -> None:
    with Session(state) as session, session.begin():
        session.merge(
            StandingRun(name=name, due_on=due_on, list_id=identity, claimed_at=at, built_at=None)
        )


def _claimed_list(state: Engine, name: str, due_on: date) -> TargetList | None:
    """Return the list of a run that was claimed, if it was built before its process ended."""
    with Session(state) as session:
        row = session.get(StandingRun, (name, due_on))
    if row is None:
        return None
    try:
        return find_list(state, row.list_id)
    except UnknownListError:
        return None


def _unfinished(state: Engine, standing: StandingList, festivals: Any) -> Due | None:
    """Return the run whose list was built, but whose members are not on record."""
    query = select(StandingRun.due_on).where(
        StandingRun.name == standing.name, StandingRun.built_at.is_(None)
    )
    with Session(state) as session:
        days = session.scalars(query.order_by(StandingRun.due_on)).all()
    for on in days:
        if _claimed_list(state, standing.name, on) is None:
            continue
        if not isinstance(standing.when, Before):
            return Due(on)
        first = min(day for day in festivals[standing.when.festival] if day >= on)
        return Due(on, f"{standing.when.festival} {first.year}")
    return None


def _last(state: Engine, name: str) -> date | None:
    query = (
        select(StandingRun.due_on)
        .where(StandingRun.name == name, StandingRun.built_at.is_not(None))
        .order_by(StandingRun.due_on.desc())
        .limit(1)
    )
    with Session(state) as session:
        return session.scalar(query)
