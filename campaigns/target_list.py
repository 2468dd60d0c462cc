"""Target lists: frozen when built, with where they came from and who was left out."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.list_spec import ListSpec
from campaigns.members import MembersFile, choose_members, freeze_members
from campaigns.reasons import with_reasons
from campaigns.state.tables import FrozenList
from pipeline.release import Released
from pipeline.score_set import ScoreSet, read_score_set


class ListTooLargeError(ValueError):
    """More customers are asked for than there are."""


class UnknownListError(ValueError):
    """There is no list of that id."""


@dataclass(frozen=True)
class Ledger:
    """Every customer known at the cut-off, with one outcome each.

    Attributes
    ----------
    base : int
        Number of customers known at the cut-off.
    selected : int
        Members of the list.
    not_eligible : int
        Customers for whom the model has no score.
    below_cut_off : int
        Customers with a score, who rank below the last member.

    Raises
    ------
    ValueError
        If the outcomes do not add up to the base.
    """

    base: int
    selected: int
    not_eligible: int
    below_cut_off: int

    def __post_init__(self) -> None:
        outcomes = (self.selected, self.not_eligible, self.below_cut_off)
        if min(outcomes) < 0 or sum(outcomes) != self.base:
            raise ValueError(f"{outcomes} do not add up to a base of {self.base}.")


@dataclass(frozen=True)
class TargetList:
    """A frozen list, without its members.

    Attributes
    ----------
    id : str
        Follows from the request and from what was live.
    spec : ListSpec
        What was asked for.
    version, score_set, score_set_revision : str, str, int
        What it was built from.
    as_of : date
        The cut-off of the scores.
    data_fingerprint : str
        Fingerprint of the data that were scored.
    ledger : Ledger
        How many were selected, and how many left out for which reason.
    members : MembersFile
        Size and contents of the file of members.
    created_at : datetime
        When it was first built, in UTC.
    """

    id: str
    spec: ListSpec
    version: str
    score_set: str
    score_set_revision: int
    as_of: date
    data_fingerprint: str
    ledger: Ledger
    members: MembersFile
    created_at: datetime

    @classmethod
    def of(cls, row: FrozenList) -> Self:
        """Return what a row of the database says."""
        return cls(
            id=row.id,
            spec=ListSpec.model_validate(row.spec),
            version=row.version,
            score_set=row.score_set,
            score_set_revision=row.score_set_revision,
            as_of=row.as_of,
            data_fingerprint=row.data_fingerprint,
            ledger=Ledger(row.base, row.selected, row.not_eligible, row.below_cut_off),
            members=MembersFile(row.members_bytes, row.members_sha256),
            created_at=row.created_at,
        )

    def document(self) -> dict[str, Any]:
        """Return the list as command line and HTTP answer it."""
        ledger = self.ledger
        return {
            "id": self.id,
            "model": self.spec.model,
            "model_version": self.version,
            "as_of": self.as_of.isoformat(),
            "created_at": self.created_at.isoformat(),
            "base": ledger.base,
            "selected": ledger.selected,
            "excluded": {
                "not_eligible": ledger.not_eligible,
                "below_cut_off": ledger.below_cut_off,
            },
            "spec": self.spec.model_dump(),
            "score_set": self.score_set,
            "score_set_revision": self.score_set_revision,
            "data_fingerprint": self.data_fingerprint,
            "members_sha256": self.members.sha256,
        }


class Built(NamedTuple):
    """A list, and whether it is new."""

    list: TargetList
    new: bool


def build_list(
    spec: ListSpec, live: Released, *, artifacts: Path, state: Engine, at: datetime
) -> Built:
    """Freeze the best customers of a live model.

    The same request on the same release gives the same list, however often and however
    many times at once it is made.

    Parameters
    ----------
    spec : ListSpec
        What is asked for.
    live : Released
        What is live of the model that it names.
    artifacts : Path
        The folder that holds everything produced.
    state : Engine
        The state database.
    at : datetime
        The time to record, with its zone.

    Raises
    ------
    ListTooLargeError
        If more customers are asked for than are known.
    UnknownScoreSetError, DamagedScoreSetError
        If the scores cannot be read.
    """
    score_set = read_score_set(artifacts, spec.model, live.score_set)
    identity = list_id(spec, score_set)
    known = _find(state, identity)
    if known:
        return Built(known, new=False)
    if spec.size > score_set.base:
        raise ListTooLargeError(
            f"size is {spec.size:,}, but only {score_set.base:,} customers are known at "
            f"{score_set.as_of}. Ask for {score_set.base:,} or fewer."
        )
    members = choose_members(artifacts, score_set, size=spec.size)
    ledger = Ledger(
        base=score_set.base,
        selected=len(members),
        not_eligible=score_set.base - score_set.customers,
        below_cut_off=score_set.customers - len(members),
    )
    file = freeze_members(artifacts, identity, with_reasons(artifacts, score_set, members))
    row = FrozenList(
        id=identity,
        spec=spec.model_dump(),
        model=spec.model,
        version=score_set.version,
        score_set=score_set.id,
        score_set_revision=score_set.revision,
        as_of=score_set.as_of,
        data_fingerprint=score_set.data_fingerprint,
        members_bytes=file.bytes,
        members_sha256=file.sha256,
        created_at=at,
        **asdict(ledger),
    )
    # The row makes the list visible, and comes last: no reader sees a list without members.
    # Of two that were built at once, the second finds the row of the first.
    try:
        with Session(state) as session, session.begin():
            session.add(row)
    except IntegrityError:
        return Built(find_list(state, identity), new=False)
    return Built(find_list(state, identity), new=True)


def list_id(spec: ListSpec, score_set: ScoreSet) -> str:
    """Return the id that this request on these scores always leads to."""
    inputs = [spec.model_dump(), score_set.id, score_set.revision, score_set.base]
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return f"list_{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def find_list(state: Engine, identity: str) -> TargetList:
    """Return a list by its id.

    Raises
    ------
    UnknownListError
        If there is none.
    """
    found = _find(state, identity)
    if found is None:
        raise UnknownListError("there is no list of this id. Build one with POST /v1/lists.")
    return found


def _find(state: Engine, identity: str) -> TargetList | None:
    with Session(state) as session:
        row = session.get(FrozenList, identity)
        return TargetList.of(row) if row else None
