"""What marketing systems report: contacts, outcomes, consents, suppressions; each once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine, case, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaigns.loop.lines import BadLine, Id, Label, Line, Moment, read_lines, renamed
from campaigns.state.tables import (
    Base,
    ConsentChange,
    ContactEvent,
    OutcomeEvent,
    Suppression,
)
from features.columns import Channel
from pipeline.forgotten import Forgotten

#: What became of a contact, from the least to the most that is known of it.
STATUSES = ("sent", "delivered", "bounced", "complained")

#: Rows that are written at a time.
_CHUNK = 10_000


class Contact(Line):
    """A contact, and what became of it: reported again, it can only get further."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "campaign_id": "spring-2026",
                    "customer_id": "c-01842",
                    "channel": "email",
                    "status": "sent",
                    "event_time": "2026-03-02T09:00:00+08:00",
                }
            ]
        }
    )

    campaign_id: Label = Field(description="The campaign; one without a plan is taken, too.")
    customer_id: Id
    channel: Channel
    status: Literal["sent", "delivered", "bounced", "complained"]
    event_time: Moment = Field(description="When the contact was made, whatever became of it.")


class Outcome(Line):
    """What came back from a campaign: from those contacted and from those held out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "campaign_id": "spring-2026",
                    "customer_id": "c-01842",
                    "kind": "purchase",
                    "value": 1280.0,
                    "event_time": "2026-03-05T18:30:00+08:00",
                }
            ]
        }
    )

    campaign_id: Label
    customer_id: Id
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")] = Field(
        description="Such as `purchase`, `visit` or `redemption`."
    )
    value: Annotated[float, Field(strict=True, allow_inf_nan=False)] | None = Field(
        default=None, description="Amount or count, as the kind says."
    )
    event_time: Moment


class Consent(Line):
    """A consent that was granted or withdrawn; it holds at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer_id": "c-01842",
                    "channel": "email",
                    "purpose": "marketing",
                    "granted": False,
                    "event_time": "2026-03-02T09:00:00+08:00",
                }
            ]
        }
    )

    customer_id: Id
    channel: Channel
    purpose: Label = "marketing"
    granted: Annotated[bool, Field(strict=True)]
    event_time: Moment | None = Field(default=None, description="Now, if left out.")


class Suppressed(Line):
    """Somebody not to be contacted, whatever they agreed to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"customer_id": "c-01842", "channel": "email", "reason": "complaint"}]
        }
    )

    customer_id: Id
    channel: Channel | None = Field(default=None, description="Over this one; any, if left out.")
    reason: Label = "requested"


class Received(BaseModel):
    """What became of a body of lines."""

    accepted: int = Field(description="Sound lines, whether or not they were new.")
    changed: int = Field(description="Of these, lines that told something new.")
    rejected: int = Field(description="Lines that were not taken.")
    errors: list[BadLine] = Field(description="The first 1,000 of them.")


_L = TypeVar("_L", bound=Line)


class Kind(NamedTuple, Generic[_L]):
    """How one kind of report is kept.

    Attributes
    ----------
    line : type
        What a line holds.
    table : type
        Where it is kept.
    row : callable
        Returns the row of a line that came in at a time.
    further : callable, optional
        Given the statement, the values to set on a row that is known, and under which
        condition; without it the first report of a key holds.
    """

    line: type[_L]
    table: type[Base]
    row: Callable[[_L, datetime], dict[str, Any]]
    further: Callable[[Any], tuple[dict[str, Any], Any]] | None = None


def _contact(line: Contact, at: datetime) -> dict[str, Any]:
    return {**line.model_dump(), "received_at": at}


def _outcome(line: Outcome, at: datetime) -> dict[str, Any]:
    return {**line.model_dump(), "received_at": at}


def _consent(line: Consent, at: datetime) -> dict[str, Any]:
    # A clock that is ahead of ours must not keep a withdrawal from holding at once.
    time = min(line.event_time or at, at)
    return {**line.model_dump(), "event_time": time, "received_at": at}


def _suppressed(line: Suppressed, at: datetime) -> dict[str, Any]:
    return {**line.model_dump(), "channel": line.channel or "", "since": at}


def _got_further(made: Any) -> tuple[dict[str, Any], Any]:
    """Let a contact only get further, so that the order in which reports come is no matter."""

    def far(status: Any) -> Any:
        return case({name: number for number, name in enumerate(STATUSES)}, value=status)

    new = made.excluded
    return (
        {"status": new.status, "received_at": new.received_at},
        far(new.status) > far(ContactEvent.status),
    )


def _withdrawn(made: Any) -> tuple[dict[str, Any], Any]:
    """Of a grant and a withdrawal at the same moment, let the withdrawal hold."""
    new = made.excluded
    return (
        {"granted": new.granted, "received_at": new.received_at},
        ConsentChange.granted & ~new.granted,
    )


CONTACTS = Kind(Contact, ContactEvent, _contact, _got_further)
OUTCOMES = Kind(Outcome, OutcomeEvent, _outcome)
CONSENTS = Kind(Consent, ConsentChange, _consent, _withdrawn)
SUPPRESSIONS = Kind(Suppressed, Suppression, _suppressed)


def receive(
    state: Engine,
    content: bytes,
    kind: Kind[_L],
    *,
    at: datetime,
    meant: Callable[[Sequence[str]], Mapping[str, str]] | None = None,
    forgotten: Forgotten | None = None,
) -> Received:
    """Keep what a body of lines reports; a report that is known changes nothing.

    All that is sound is kept or, where the database fails, nothing: the body may be sent
    again.

    Parameters
    ----------
    state : Engine
        The state database.
    content : bytes
        One JSON object a line; see `campaigns.loop.lines.read_lines`.
    kind : Kind
        What is reported.
    at : datetime
        Now, with its zone.
    forgotten : Forgotten, optional
        Whose lines are taken and not kept.
    meant : callable, optional
        Returns the ids of the pseudonyms that lines name customers by; by default they name
        them by their ids.
    """
    read = read_lines(content, kind.line, at=at)
    read = read if meant is None else renamed(read, meant)
    gone = forgotten or Forgotten()
    rows = [kind.row(line, at) for line in read.rows]
    if gone.people:
        rows = [row for row in rows if gone.since(row["customer_id"]) is None]
    changed = keep(state, rows, kind)
    return Received(accepted=len(read.rows), changed=changed, rejected=read.bad, errors=read.told)


def keep(state: Engine, rows: Iterable[dict[str, Any]], kind: Kind[Any]) -> int:
    """Write rows, each key once; return how many were new, or told more than was known."""
    table: Any = kind.table.__table__
    key = [column.name for column in table.primary_key]
    # Two who report the same keys at once write them in the same order, and none waits for ever.
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in key))
    dialect: Any = sqlite if state.dialect.name == "sqlite" else postgresql
    made = dialect.insert(table)
    if kind.further is None:
        made = made.on_conflict_do_nothing()
    else:
        values, where = kind.further(made)
        made = made.on_conflict_do_update(index_elements=key, set_=values, where=where)
    changed = 0
    with state.begin() as connection:
        for start in range(0, len(ordered), _CHUNK):
            done = connection.execute(
                made,
                ordered[start : start + _CHUNK],
                execution_options={"preserve_rowcount": True},
            )
            changed += done.rowcount
    return changed


def lift_suppression(state: Engine, customer_id: str, channel: str | None) -> int:
    """Let a customer be contacted again; return whether there was such a suppression.

    Parameters
    ----------
    state : Engine
        The state database.
    customer_id : str
        Who.
    channel : str, optional
        The channel that was suppressed; where none is given, the suppression of any.
    """
    with Session(state) as session, session.begin():
        done = session.execute(
            delete(Suppression).where(
                Suppression.customer_id == customer_id, Suppression.channel == (channel or "")
            )
        )
        return int(done.rowcount)  # type: ignore[attr-defined]  # a deletion has one
