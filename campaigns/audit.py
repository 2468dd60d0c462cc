"""The audit: who took which list and which fields of it, and who changed what others may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from campaigns.state.tables import AuditEvent


@dataclass(frozen=True)
class Event:
    """What is recorded: of customers, only how many.

    Attributes
    ----------
    at : datetime
        When, with its zone.
    who : str
        Prefix of the key, or the subject of the token.
    route : str
        Method and pattern of the path, such as `GET /v1/lists/{list_id}/members`.
    request_id : str
        The id that the answer and the log carry, too.
    list_id : str, optional
        The list that rows were taken of.
    about : str, optional
        What else it was about: an export, a key, a version.
    rows : int
        Rows that were taken, at least 0.
    fields : tuple of str
        The columns that were taken.
    pseudonymous : bool
        Whether customers were named by pseudonyms.
    """

    at: datetime
    who: str
    route: str
    request_id: str
    list_id: str | None = None
    about: str | None = None
    rows: int = 0
    fields: tuple[str, ...] = ()
    pseudonymous: bool = False

    def document(self) -> dict[str, Any]:
        """Return it as command line and HTTP answer it."""
        return {**vars(self), "at": self.at.isoformat(), "fields": [*self.fields]}


class Recorded(NamedTuple):
    """An event, and its number in the audit."""

    id: int
    event: Event


def record(state: Engine, events: Sequence[Event]) -> None:
    """Add events to the audit, all or none; they are there when this returns."""
    rows = [{**vars(one), "who": one.who[:255], "fields": [*one.fields]} for one in events]
    with state.begin() as connection:
        connection.execute(insert(AuditEvent), rows)


def read_audit(
    state: Engine,
    *,
    limit: int,
    before: int | None = None,
    list_id: str | None = None,
    who: str | None = None,
) -> list[Recorded]:
    """Return up to `limit` events, newest first, of one list or holder if it is named."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    if list_id is not None:
        query = query.where(AuditEvent.list_id == list_id)
    if who is not None:
        query = query.where(AuditEvent.who == who)
    with Session(state) as session:
        return [Recorded(row.id, _event(row)) for row in session.scalars(query)]


def _event(row: AuditEvent) -> Event:
    return Event(
        at=row.at,
        who=row.who,
        route=row.route,
        request_id=row.request_id,
        list_id=row.list_id,
        about=row.about,
        rows=row.rows,
        fields=tuple(row.fields),
        pseudonymous=row.pseudonymous,
    )
