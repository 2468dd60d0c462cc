"""Build target lists: choose who is on them, and freeze what was chosen."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.choosing import Chosen, Step, choose, expected_value
from campaigns.desk import Desk, models_asked, scores_of
from campaigns.ledger import OUTCOMES
from campaigns.list_spec import ListSpec
from campaigns.members import (
    MembersFile,
    control_path,
    freeze,
    member_rows,
    members_path,
    outcomes_path,
)
from campaigns.population import Population
from campaigns.ranking import Ranking
from campaigns.reasons import with_reasons
from campaigns.state.tables import FrozenList
from campaigns.steps import households, steps
from campaigns.target_list import TargetList, find_list, known_list
from campaigns.webhooks.events import emit_in
from pipeline.forgotten import mark, unforgotten_since
from pipeline.leftovers import discard
from pipeline.lock import exclusive
from pipeline.release import Release
from pipeline.score_set import ScoreSet

#: How long a request waits while another one builds the same list, in seconds.
_PATIENCE_S = 600


class ListTooLargeError(ValueError):
    """More customers are asked for than there are."""


class Built(NamedTuple):
    """A list, and whether it is new."""

    list: TargetList
    new: bool


class Occasion(NamedTuple):
    """A time at which a request is made again, and is another list.

    Attributes
    ----------
    name : str
        Part of what the id of the list follows from.
    left_out : callable
        Who is left out this time; takes the scores, the population and the ranking.
    """

    name: str
    left_out: Callable[[ScoreSet, Population, Ranking], Step]


def build_list(
    spec: ListSpec,
    release: Release,
    *,
    desk: Desk,
    state: Engine,
    at: datetime,
    global_control: float = 0.0,
    occasion: Occasion | None = None,
) -> Built:
    """Freeze the best customers of a live model.

    The same request on the same release gives the same list, however often and however
    many times at once it is made.

    Parameters
    ----------
    spec : ListSpec
        What is asked for.
    release : Release
        What is live.
    desk : Desk
        Holds who is known and how they rank.
    state : Engine
        The state database.
    at : datetime
        The time to record, with its zone.
    global_control : float
        Share of all customers that no list reaches; see `campaigns.steps`.
    occasion : Occasion, optional
        Which run of a standing list it is.

    Raises
    ------
    ListTooLargeError
        If more customers are asked for than are known.
    ConditionError, UnfitSpecError, NoConsentsError
        If the request asks for what there is not.
    UnknownScoreSetError, DamagedScoreSetError
        If the scores cannot be read.
    """
    score_set = scores_of(spec, release, desk.artifacts)
    identity = list_id(
        spec,
        score_set,
        release,
        occasion=occasion.name if occasion else None,
        global_control=global_control,
    )
    folder = members_path(desk.artifacts, identity).parent
    # Of two that are built at once, the second finds the row of the first.
    with exclusive(folder.with_name(f".{identity}.lock"), timeout_s=_PATIENCE_S):
        known = known_list(state, identity)
        if known:
            return Built(known, new=False)
        before = mark(desk.artifacts)
        with desk.opened(spec, release) as (_, population, ranking):
            more = [occasion.left_out(score_set, population, ranking)] if occasion else []
            chosen = chosen_for(
                spec,
                desk,
                population,
                ranking,
                state=state,
                at=at,
                draw=identity,
                global_control=global_control,
                more=more,
            )
            file = _freeze(
                spec,
                desk.artifacts,
                score_set,
                population,
                ranking,
                chosen=chosen,
                identity=identity,
            )
        row = FrozenList(
            id=identity,
            spec=spec.document(),
            model=spec.model,
            version=score_set.version if spec.model else None,
            campaign=spec.campaign,
            score_set=score_set.id if spec.model else None,
            score_set_revision=score_set.revision if spec.model else None,
            as_of=score_set.as_of,
            data_fingerprint=score_set.data_fingerprint,
            members_bytes=file.bytes,
            members_sha256=file.sha256,
            created_at=at,
            **asdict(chosen.ledger),
        )
        # The row makes the list visible, and comes last: no reader sees a list without members.
        try:
            with unforgotten_since(desk.artifacts, before) as is_current:
                if is_current:
                    with Session(state) as session, session.begin():
                        session.add(row)
                        session.flush()
                        emit_in(session, "list.ready", _ready(row), at, once=identity)
        except IntegrityError:
            return Built(find_list(state, identity), new=False)
        if is_current:
            return Built(find_list(state, identity), new=True)
        discard(folder)
    # Somebody was forgotten meanwhile, who may be on it: it is built again without them.
    return build_list(
        spec,
        release,
        desk=desk,
        state=state,
        at=at,
        global_control=global_control,
        occasion=occasion,
    )


def _ready(row: FrozenList) -> dict[str, Any]:
    """Return what is told of a list that is ready."""
    return {
        "list_id": row.id,
        "model": row.model,
        "as_of": row.as_of.isoformat(),
        "campaign": row.campaign,
        "link": f"/v1/lists/{row.id}",
    }


def already_built(
    spec: ListSpec,
    release: Release,
    *,
    artifacts: Path,
    state: Engine,
    global_control: float = 0.0,
) -> TargetList | None:
    """Return the list that this request has led to on this release; none if it has not.

    Raises `ListTooLargeError` where it never can.
    """
    score_set = scores_of(spec, release, artifacts)
    _require_so_many(spec, score_set.base, score_set.as_of)
    identity = list_id(spec, score_set, release, global_control=global_control)
    return known_list(state, identity)


def _require_so_many(spec: ListSpec, base: int, as_of: date) -> None:
    if spec.size is not None and spec.size > base:
        raise ListTooLargeError(
            f"size is {spec.size:,}, but only {base:,} customers are known at {as_of}. "
            f"Ask for {base:,} or fewer."
        )


def chosen_for(
    spec: ListSpec,
    desk: Desk,
    population: Population,
    ranking: Ranking,
    *,
    state: Engine,
    at: datetime,
    draw: str,
    global_control: float = 0.0,
    more: Sequence[Step] = (),
) -> Chosen:
    """Choose the members of a list without freezing it."""
    _require_so_many(spec, population.base, population.facts.as_of)
    found = steps(
        spec,
        population,
        ranking,
        artifacts=desk.artifacts,
        state=state,
        at=at,
        global_control=global_control,
        more=more,
    )
    return choose(
        spec, population, ranking, found, households=households(spec, population), draw=draw
    )


def list_id(
    spec: ListSpec,
    score_set: ScoreSet,
    release: Release,
    *,
    occasion: str | None = None,
    global_control: float = 0.0,
) -> str:
    """Return the id that this request on these scores, on this occasion, always leads to."""
    asked = {model: release.live(model).score_set for model in models_asked(spec)
             if model in release.models}  # fmt: skip
    inputs = [spec.model_dump(mode="json"), score_set.id, score_set.revision, score_set.base, asked]
    inputs += [occasion] if occasion is not None else []
    inputs += [global_control] if global_control else []
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return f"list_{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def _freeze(
    spec: ListSpec,
    artifacts: Path,
    score_set: ScoreSet,
    population: Population,
    ranking: Ranking,
    *,
    chosen: Chosen,
    identity: str,
) -> MembersFile:
    """Write the members, those held out, and the outcome of everybody; the members last."""
    outcomes = pa.table(
        {
            "customer_id": population.customers,
            "outcome": pa.DictionaryArray.from_arrays(chosen.outcome, list(OUTCOMES)),
        }
    )
    freeze(outcomes_path(artifacts, identity), outcomes)
    for arm, positions in (("control", chosen.control), ("treated", chosen.selected)):
        rows = member_rows(artifacts, score_set, ranking, positions)
        if spec.value is not None:
            worth = expected_value(
                spec.value, ranking.value[positions], is_effect=ranking.is_effect
            )
            rows = rows.append_column("expected_value", pa.array(worth))
        if arm == "control" or "arm" not in rows.column_names:
            rows = _with(rows, "arm", pa.array([arm] * len(rows), pa.string()))
        share = spec.control_share if arm == "control" else 1 - spec.control_share
        rows = _with(rows, "arm_probability", pa.array(np.full(len(rows), share)))
        if arm == "control":
            freeze(control_path(artifacts, identity), rows)
            continue
        if ranking.columns is None:
            rows = with_reasons(artifacts, score_set, rows)
    return freeze(members_path(artifacts, identity), rows)


def _with(rows: pa.Table, name: str, column: pa.Array) -> pa.Table:
    if name in rows.column_names:
        rows = rows.drop_columns([name])
    return rows.append_column(name, column)
