"""What is told, and that it is told to everybody who wants to know: ids and links only."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.state.tables import WebhookDelivery, WebhookEvent, WebhookSubscription

#: What there is to be told of.
EventKind = Literal["list.ready", "export.ready", "release", "alarm"]
EVENTS: tuple[EventKind, ...] = get_args(EventKind)
#: Told to one subscription alone, when its owner asks for it.
PING = "ping"

#: After this time a delivery that has not succeeded is given up.
GIVE_UP_AFTER = timedelta(days=3)

_Id = Field(min_length=1, max_length=255)


class _Payload(BaseModel):
    """Nothing but what is declared: no field can carry a customer."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ListReady(_Payload):
    """A list is frozen."""

    list_id: str = _Id
    model: str | None
    as_of: str
    campaign: str | None
    link: str = _Id


class ExportReady(_Payload):
    """An export is finished."""

    export_id: str = _Id
    list_id: str = _Id
    format: str
    link: str = _Id


class Release(_Payload):
    """A version of a model, with its scores, is live."""

    model: str = _Id
    model_version: str
    score_set: str
    released_at: str


class Alarm(_Payload):
    """Something needs a person: a retraining that was refused, data that moved.

    `alarm` names the kind, `detail` says what was found, of models and measures, never of a
    customer; `link` leads to where there is more.
    """

    alarm: str = _Id
    model: str | None = None
    detail: str | None = Field(default=None, max_length=1000)
    link: str | None = None


class Ping(_Payload):
    """A test."""

    webhook_id: str = _Id


_PAYLOADS: dict[str, type[_Payload]] = {
    "list.ready": ListReady,
    "export.ready": ExportReady,
    "release": Release,
    "alarm": Alarm,
    PING: Ping,
}


def emit(
    state: Engine,
    kind: EventKind,
    payload: dict[str, Any],
    at: datetime,
    *,
    once: str | None = None,
) -> str:
    """Tell everybody who wants to know of something; return the id of the event.

    What is told is on record when this returns, and is delivered by the service, now or when
    it next runs.

    Parameters
    ----------
    state : Engine
        The state database.
    kind : str
        Among `EVENTS`.
    payload : dict
        The fields that are declared for the kind, and no others: ids and links.
    at : datetime
        When it happened, with its zone.
    once : str, optional
        Names what happened: the same of the same kind is told once, however often and by
        however many processes this is called.

    Raises
    ------
    pydantic.ValidationError
        If the payload is not what is declared for the kind.

    Examples
    --------
    >>> emit(state, "alarm", {"alarm": "drift", "model": "card_uptake"}, at)  # doctest: +SKIP
    'evt_5f0c9a4be1d27c3388aa'
    """
    try:
        with Session(state) as session, session.begin():
            return emit_in(session, kind, payload, at, once=once)
    except IntegrityError:
        # Another process was a moment earlier.
        return _event_id(kind, once)


def emit_in(
    session: Session,
    kind: EventKind,
    payload: dict[str, Any],
    at: datetime,
    *,
    once: str | None = None,
) -> str:
    """Tell of something in the transaction that makes it so; see `emit`."""
    told = _PAYLOADS[kind].model_validate(payload).model_dump()
    identity = _event_id(kind, once)
    if once is not None and session.get(WebhookEvent, identity) is not None:
        return identity
    session.add(WebhookEvent(id=identity, kind=kind, payload=told, created_at=at))
    active = select(WebhookSubscription).where(WebhookSubscription.disabled_at.is_(None))
    for subscription in session.scalars(active):
        if kind in subscription.events:
            session.add(pending(identity, subscription.id, at))
    session.flush()
    return identity


def ping(session: Session, subscription_id: str, at: datetime) -> WebhookDelivery:
    """Queue a test for one subscription."""
    identity = _event_id(PING, None)
    payload = Ping(webhook_id=subscription_id).model_dump()
    session.add(WebhookEvent(id=identity, kind=PING, payload=payload, created_at=at))
    row = pending(identity, subscription_id, at)
    session.add(row)
    return row


def pending(event_id: str, subscription_id: str, at: datetime) -> WebhookDelivery:
    """Return a delivery that is due."""
    return WebhookDelivery(
        id=f"delivery_{secrets.token_hex(10)}",
        subscription_id=subscription_id,
        event_id=event_id,
        status="pending",
        attempts=0,
        due_at=at,
        give_up_at=at + GIVE_UP_AFTER,
        created_at=at,
    )


def _event_id(kind: str, once: str | None) -> str:
    if once is None:
        return f"evt_{secrets.token_hex(10)}"
    return f"evt_{hashlib.sha256(f'{kind} {once}'.encode()).hexdigest()[:20]}"
