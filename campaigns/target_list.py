"""Frozen target lists: where they came from, and who was left out."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Self

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from campaigns.ledger import Ledger
from campaigns.members import (
    MembersFile,
)
from campaigns.state.tables import FrozenList

#: How long a request waits while another one builds the same list, in seconds.
_PATIENCE_S = 600


class UnknownListError(ValueError):
    """There is no list of that id."""


@dataclass(frozen=True)
class TargetList:
    """A frozen list, without its members.

    Attributes
    ----------
    id : str
        Follows from the request and from what was live.
    spec : dict
        What was asked for.
    model, version, score_set, score_set_revision : str, str, str, int, optional
        What ranked it, if a model did.
    campaign : str, optional
        What it is for.
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
    spec: dict[str, Any]
    model: str | None
    version: str | None
    campaign: str | None
    score_set: str | None
    score_set_revision: int | None
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
            spec=row.spec,
            model=row.model,
            version=row.version,
            campaign=row.campaign,
            score_set=row.score_set,
            score_set_revision=row.score_set_revision,
            as_of=row.as_of,
            data_fingerprint=row.data_fingerprint,
            ledger=Ledger(row.base, row.selected, row.control, row.excluded),
            members=MembersFile(row.members_bytes, row.members_sha256),
            created_at=row.created_at,
        )

    def document(self) -> dict[str, Any]:
        """Return the list as command line and HTTP answer it."""
        return {
            "id": self.id,
            "model": self.model,
            "model_version": self.version,
            "as_of": self.as_of.isoformat(),
            "created_at": self.created_at.isoformat(),
            "campaign": self.campaign,
            **asdict(self.ledger),
            "spec": self.spec,
            "score_set": self.score_set,
            "score_set_revision": self.score_set_revision,
            "data_fingerprint": self.data_fingerprint,
            "members_sha256": self.members.sha256,
        }


def find_list(state: Engine, identity: str) -> TargetList:
    """Return a list by its id.

    Raises
    ------
    UnknownListError
        If there is none.
    """
    found = known_list(state, identity)
    if found is None:
        raise UnknownListError("there is no list of this id. Build one with POST /v1/lists.")
    return found


def known_list(state: Engine, identity: str) -> TargetList | None:
    """Return a list by its id; none if there is none."""
    with Session(state) as session:
        row = session.get(FrozenList, identity)
        return TargetList.of(row) if row else None
