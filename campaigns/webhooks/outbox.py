"""Events on their way: taken by whoever is free, tried again, given up, replayed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Self

import orjson
from sqlalchemy import Engine, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from campaigns.state.tables import WebhookDelivery, WebhookEvent, WebhookSubscription
from campaigns.webhooks.events import GIVE_UP_AFTER, ping
from campaigns.webhooks.schedule import MOST_ATTEMPTS, wait_before_next
from campaigns.webhooks.sending import Outcome
from campaigns.webhooks.signing import signed_headers
from campaigns.webhooks.subscriptions import held

Status = Literal["pending", "delivered", "failed"]

#: Whoever tries to deliver is done before this time is over, or has died.
LEASE = timedelta(seconds=60)
#: What is over is forgotten after this time.
KEPT_FOR = timedelta(days=30)

_GONE = 410
_LOST = "the process that tried ended before it was answered"


class UnknownDeliveryError(ValueError):
    """There is no delivery of that id."""


class UnfinishedDeliveryError(ValueError):
    """A delivery that is on its way cannot be replayed."""


@dataclass(frozen=True)
class Delivery:
    """An event on its way to a subscription, as it is now.

    Attributes
    ----------
    id, webhook_id, event_id, event : str
        Which delivery, to whom, and of what.
    status : str
        pending, delivered or failed.
    attempts : int
        How often it was tried since it was queued, or last replayed.
    answered : int, optional
        The status code of the last answer.
    problem : str, optional
        What went wrong at the last attempt.
    created_at, tried_at, due_at, finished_at : datetime
        When it was queued, last tried, will be tried next, was delivered or given up.
    """

    id: str
    webhook_id: str
    event_id: str
    event: str
    status: Status
    attempts: int
    answered: int | None
    problem: str | None
    created_at: datetime
    tried_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: WebhookDelivery, kind: str) -> Self:
        """Return what a row of the database says."""
        return cls(
            id=row.id,
            webhook_id=row.subscription_id,
            event_id=row.event_id,
            event=kind,
            status=row.status,  # type: ignore[arg-type]  # we wrote it
            attempts=row.attempts,
            answered=row.answered,
            problem=row.problem,
            created_at=row.created_at,
            tried_at=row.tried_at,
            due_at=row.due_at if row.status == "pending" else None,
            finished_at=row.finished_at,
        )

    def document(self) -> dict[str, Any]:
        """Return the delivery as command line and HTTP answer it."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in vars(self).items()
        }


class Attempt(NamedTuple):
    """What is to be sent, by whom this was claimed.

    Attributes
    ----------
    delivery_id, webhook_id : str
        What is delivered, and to whom.
    number : int
        Which attempt it is, from 1.
    url : str
        Where to.
    body : bytes
        The same for each attempt.
    headers : dict
        The signature.
    """

    delivery_id: str
    webhook_id: str
    number: int
    url: str
    body: bytes
    headers: dict[str, str]


class Before(NamedTuple):
    """The last delivery of a page: the next one starts below it."""

    created_at: datetime
    id: str


def claim_delivery(
    state: Engine,
    owner: str,
    *,
    at: datetime,
    busy: Collection[str] = (),
    lease: timedelta = LEASE,
) -> Attempt | None:
    """Take what has been due the longest, of subscriptions that are not `busy`; or none.

    Of several who try at once, one has it: whoever changes the row as it was seen. What a
    process left that died counts as an attempt.
    """
    free = and_(
        WebhookDelivery.status == "pending",
        WebhookDelivery.due_at <= at,
        or_(WebhookDelivery.leased_until.is_(None), WebhookDelivery.leased_until < at),
    )
    while True:
        with Session(state) as session, session.begin():
            row = session.scalars(
                select(WebhookDelivery)
                .where(free, WebhookDelivery.subscription_id.not_in(list(busy)))
                .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
                .limit(1)
            ).first()
            if row is None:
                return None
            identity, seen = row.id, row.attempts
            # What nobody could try in time, since no service ran, is tried once.
            gives_up = seen >= MOST_ATTEMPTS or (seen > 0 and at > row.give_up_at)
            attempt = None if gives_up else _attempt(session, row, at)
            session.expunge(row)
            over = {
                "status": "failed",
                "finished_at": at,
                "problem": _LOST,
                "owner": None,
                "leased_until": None,
            }
            ours = {
                "owner": owner,
                "leased_until": at + lease,
                "attempts": seen + 1,
                "tried_at": at,
            }
            taken = session.execute(
                update(WebhookDelivery)
                .where(WebhookDelivery.id == identity, WebhookDelivery.attempts == seen, free)
                .values(**(over if attempt is None else ours))
                .execution_options(synchronize_session=False)
            )
            changed = bool(taken.rowcount)  # type: ignore[attr-defined]  # an update has one
        if changed and attempt is not None:
            return attempt


def settle(
    state: Engine, owner: str, attempt: Attempt, outcome: Outcome, *, at: datetime, jitter: float
) -> bool:
    """Record what came of an attempt; return whether it was still ours.

    A receiver that answers 410 is gone for good: it is told nothing more, until a ping or
    something replayed succeeds.

    Parameters
    ----------
    state : Engine
        The state database.
    owner : str
        Who claimed it.
    attempt : Attempt
        What was tried.
    outcome : Outcome
        What came of it.
    at : datetime
        Now.
    jitter : float
        Drawn anew in [0, 1], so that what failed together is not tried again together.
    """
    with Session(state) as session, session.begin():
        row = session.get(WebhookDelivery, attempt.delivery_id)
        if row is None or row.owner != owner or row.attempts != attempt.number:
            return False
        due_at = at + wait_before_next(attempt.number, jitter, asked_s=outcome.retry_after_s)
        values: dict[str, Any] = {"answered": outcome.status, "problem": outcome.problem}
        if outcome.succeeded:
            values |= {"status": "delivered", "finished_at": at}
        elif attempt.number >= MOST_ATTEMPTS or due_at > row.give_up_at or outcome.status == _GONE:
            values |= {"status": "failed", "finished_at": at}
        else:
            values |= {"due_at": due_at}
        session.expunge(row)
        settled = session.execute(
            update(WebhookDelivery)
            .where(
                WebhookDelivery.id == attempt.delivery_id,
                WebhookDelivery.owner == owner,
                WebhookDelivery.attempts == attempt.number,
            )
            .values(**values, owner=None, leased_until=None)
            .execution_options(synchronize_session=False)
        )
        if outcome.succeeded or outcome.status == _GONE:
            _disable(session, attempt.webhook_id, None if outcome.succeeded else at)
        return bool(settled.rowcount)  # type: ignore[attr-defined]  # an update has one


def give_back_delivery(state: Engine, owner: str, attempt: Attempt) -> None:
    """Leave an attempt that was not finished to somebody else, who makes it again at once."""
    with Session(state) as session, session.begin():
        session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.id == attempt.delivery_id, WebhookDelivery.owner == owner)
            .values(owner=None, leased_until=None, attempts=attempt.number - 1)
        )


def send_ping(state: Engine, webhook_id: str, *, at: datetime) -> Delivery:
    """Queue a test for a subscription.

    Raises
    ------
    UnknownWebhookError
        If there is no such subscription.
    """
    with Session(state) as session, session.begin():
        row = ping(session, held(session, webhook_id).id, at)
        session.flush()
        return Delivery.of(row, "ping")


def replay(state: Engine, webhook_id: str, delivery_id: str, *, at: datetime) -> Delivery:
    """Deliver again what was delivered or given up, under the same event id.

    Raises
    ------
    UnknownWebhookError, UnknownDeliveryError
        If there is none.
    UnfinishedDeliveryError
        If it is on its way.
    """
    with Session(state) as session, session.begin():
        held(session, webhook_id)
        again = session.execute(
            update(WebhookDelivery)
            .where(
                WebhookDelivery.id == delivery_id,
                WebhookDelivery.subscription_id == webhook_id,
                WebhookDelivery.status != "pending",
            )
            .values(
                status="pending",
                attempts=0,
                due_at=at,
                give_up_at=at + GIVE_UP_AFTER,
                finished_at=None,
            )
        )
        found = _find(session, webhook_id, delivery_id)
        if not again.rowcount:  # type: ignore[attr-defined]  # an update has one
            raise UnfinishedDeliveryError("the delivery is on its way. Wait for its end.")
        return found


def find_delivery(state: Engine, webhook_id: str, delivery_id: str) -> Delivery:
    """Return a delivery of a subscription.

    Raises
    ------
    UnknownDeliveryError
        If there is none.
    """
    with Session(state) as session:
        return _find(session, webhook_id, delivery_id)


def list_deliveries(
    state: Engine,
    webhook_id: str,
    *,
    limit: int,
    before: Before | None = None,
    status: Status | None = None,
) -> Sequence[Delivery]:
    """Return up to `limit` deliveries to a subscription, the newest first.

    Raises
    ------
    UnknownWebhookError
        If there is no such subscription.
    """
    row = WebhookDelivery
    query = (
        select(row, WebhookEvent.kind)
        .join(WebhookEvent, WebhookEvent.id == row.event_id)
        .where(row.subscription_id == webhook_id)
        .order_by(row.created_at.desc(), row.id.desc())
    )
    if before is not None:
        same = and_(row.created_at == before.created_at, row.id < before.id)
        query = query.where(or_(row.created_at < before.created_at, same))
    if status is not None:
        query = query.where(row.status == status)
    with Session(state) as session:
        held(session, webhook_id)
        return [Delivery.of(one, kind) for one, kind in session.execute(query.limit(limit))]


def forget_deliveries(state: Engine, *, at: datetime) -> None:
    """Forget what has long been over; that a release was told of is kept."""
    old = at - KEPT_FOR
    with Session(state) as session, session.begin():
        session.execute(delete(WebhookDelivery).where(WebhookDelivery.finished_at < old))
        wanted = select(WebhookDelivery.event_id)
        session.execute(
            delete(WebhookEvent).where(
                WebhookEvent.created_at < old,
                WebhookEvent.kind != "release",
                WebhookEvent.id.not_in(wanted),
            )
        )


def _attempt(session: Session, row: WebhookDelivery, at: datetime) -> Attempt | None:
    subscription = session.get(WebhookSubscription, row.subscription_id)
    event = session.get(WebhookEvent, row.event_id)
    if subscription is None or event is None:
        return None
    body = orjson.dumps(
        {
            "type": event.kind,
            "timestamp": event.created_at.isoformat(),
            "data": event.payload,
        }
    )
    return Attempt(
        delivery_id=row.id,
        webhook_id=subscription.id,
        number=row.attempts + 1,
        url=subscription.url,
        body=body,
        headers=signed_headers(subscription.secret, event.id, at, body),
    )


def _disable(session: Session, webhook_id: str, at: datetime | None) -> None:
    subscription = session.get(WebhookSubscription, webhook_id)
    if subscription is not None and (subscription.disabled_at is None) is not (at is None):
        subscription.disabled_at = at


def _find(session: Session, webhook_id: str, delivery_id: str) -> Delivery:
    row = session.get(WebhookDelivery, delivery_id, populate_existing=True)
    if row is None or row.subscription_id != webhook_id:
        raise UnknownDeliveryError(
            "there is no delivery of this id. GET .../deliveries lists them."
        )
    event = session.get_one(WebhookEvent, row.event_id)
    return Delivery.of(row, event.kind)
