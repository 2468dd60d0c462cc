"""Who wants to be told of what, and where."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from campaigns.state.tables import WebhookDelivery, WebhookSubscription
from campaigns.webhooks.events import EventKind
from campaigns.webhooks.signing import new_secret

#: More are not taken: each makes a delivery of every event.
MOST = 100


class UnknownWebhookError(ValueError):
    """There is no webhook of that id."""


class TooManyWebhooksError(ValueError):
    """There are as many webhooks as there may be."""


class WebhookSpec(BaseModel):
    """Where to tell of what."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "url": "https://crm.example/hooks/shortlist",
                    "events": ["list.ready", "export.ready"],
                    "name": "CRM",
                }
            ]
        },
    )

    url: str = Field(
        min_length=1,
        max_length=2000,
        description="https, on the public internet; where what happens is posted to.",
    )
    events: Annotated[
        list[EventKind],
        Field(min_length=1, max_length=20, description="What to tell of."),
    ]
    name: str = Field(
        default="unnamed",
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="What it is for.",
    )


@dataclass(frozen=True)
class Webhook:
    """A subscription, without its secret.

    Attributes
    ----------
    id, name, url : str
        Which, what for, and where to.
    events : tuple of str
        What it wants to be told of.
    created_at : datetime
        Since when.
    disabled_at : datetime, optional
        When the receiver said that it is gone for good.
    """

    id: str
    name: str
    url: str
    events: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, row: WebhookSubscription) -> Self:
        """Return what a row of the database says."""
        return cls(
            id=row.id,
            name=row.name,
            url=row.url,
            events=tuple(row.events),
            created_at=row.created_at,
            disabled_at=row.disabled_at,
        )

    def document(self) -> dict[str, Any]:
        """Return the subscription as command line and HTTP answer it."""
        return {
            "id": self.id,
            "name": self.name,
            "url": self.url,
            "events": list(self.events),
            "created_at": self.created_at.isoformat(),
            "disabled_at": self.disabled_at.isoformat() if self.disabled_at else None,
        }


class NewWebhook(NamedTuple):
    """A subscription, and its secret, which is shown this once."""

    webhook: Webhook
    secret: str


def subscribe(state: Engine, spec: WebhookSpec, *, created_by: str, at: datetime) -> NewWebhook:
    """Add a subscription whose target was checked.

    Raises
    ------
    TooManyWebhooksError
        If there are `MOST` already.
    """
    row = WebhookSubscription(
        id=f"hook_{secrets.token_hex(10)}",
        url=spec.url,
        name=spec.name,
        events=list(dict.fromkeys(spec.events)),
        secret=new_secret(),
        created_by=created_by,
        created_at=at,
        disabled_at=None,
    )
    with Session(state) as session, session.begin():
        if (session.scalar(select(func.count()).select_from(WebhookSubscription)) or 0) >= MOST:
            raise TooManyWebhooksError(f"there are {MOST} webhooks. Delete one first.")
        session.add(row)
        session.flush()
        return NewWebhook(Webhook.of(row), row.secret)


def list_webhooks(state: Engine) -> list[Webhook]:
    """Return all subscriptions, the oldest first."""
    query = select(WebhookSubscription).order_by(
        WebhookSubscription.created_at, WebhookSubscription.id
    )
    with Session(state) as session:
        return [Webhook.of(row) for row in session.scalars(query)]


def find_webhook(state: Engine, identity: str) -> Webhook:
    """Return a subscription by its id.

    Raises
    ------
    UnknownWebhookError
        If there is none.
    """
    with Session(state) as session:
        return Webhook.of(held(session, identity))


def remove_webhook(state: Engine, identity: str) -> None:
    """Tell it nothing more, and forget its deliveries.

    Raises
    ------
    UnknownWebhookError
        If there is none.
    """
    with Session(state) as session, session.begin():
        session.delete(held(session, identity))
        session.execute(delete(WebhookDelivery).where(WebhookDelivery.subscription_id == identity))


def held(session: Session, identity: str) -> WebhookSubscription:
    """Return the row of a subscription.

    Raises
    ------
    UnknownWebhookError
        If there is none.
    """
    row = session.get(WebhookSubscription, identity)
    if row is None:
        raise UnknownWebhookError("there is no webhook of this id. GET /v1/webhooks lists them.")
    return row
