"""The tables of the state database, the same in SQLite and in PostgreSQL."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    Index,
    Integer,
    String,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone on the way in, in UTC on the way out.

    SQLite has no type for times and would return them without a zone.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone. Pass a time with one, such as UTC.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of the tables."""

    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's own declaration
        datetime: UtcTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
    }


class ApiKey(Base):
    """A key to the HTTP interface; of the secret only the hash is kept."""

    __tablename__ = "api_keys"

    prefix: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str]
    secret_sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class FrozenList(Base):
    """A target list: where it came from, and who was left out; its members are in Parquet."""

    __tablename__ = "lists"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    spec: Mapped[dict[str, Any]]
    model: Mapped[str | None]
    version: Mapped[str | None]
    score_set: Mapped[str | None]
    score_set_revision: Mapped[int | None]
    as_of: Mapped[date]
    data_fingerprint: Mapped[str]
    campaign: Mapped[str | None] = mapped_column(String(64))
    base: Mapped[int]
    selected: Mapped[int]
    control: Mapped[int]
    excluded: Mapped[dict[str, Any]]
    members_bytes: Mapped[int]
    members_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("lists_by_time", "created_at", "id"),
        Index("lists_by_campaign", "campaign"),
    )


class ConsentChange(Base):
    """A consent granted or withdrawn since the tables were delivered; it holds at once."""

    __tablename__ = "consent_changes"

    customer_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(64), primary_key=True)
    event_time: Mapped[datetime] = mapped_column(primary_key=True)
    granted: Mapped[bool]
    received_at: Mapped[datetime]


class Suppression(Base):
    """Somebody not to be contacted, whatever they agreed to; an empty channel means any."""

    __tablename__ = "suppressions"

    customer_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    reason: Mapped[str]
    since: Mapped[datetime]


class ContactEvent(Base):
    """A contact that was delivered or tried, as reported by whoever made it."""

    __tablename__ = "contact_events"

    campaign_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    event_time: Mapped[datetime] = mapped_column(primary_key=True)
    status: Mapped[str]
    received_at: Mapped[datetime]

    __table_args__ = (Index("contact_events_by_time", "event_time"),)


class OutcomeEvent(Base):
    """What came back from a campaign, as reported."""

    __tablename__ = "outcome_events"

    campaign_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    event_time: Mapped[datetime] = mapped_column(primary_key=True)
    value: Mapped[float | None] = mapped_column(Double)
    received_at: Mapped[datetime]


class CampaignPlan(Base):
    """A campaign as it was planned; lists, contacts and outcomes name it by its id."""

    __tablename__ = "campaigns"

    campaign_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    goal: Mapped[str | None]
    channel: Mapped[str | None] = mapped_column(String(32))
    offer: Mapped[str | None]
    product_id: Mapped[str | None] = mapped_column(String(255))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    contact_cost: Mapped[float | None] = mapped_column(Double)
    redemption_cost: Mapped[float | None] = mapped_column(Double)
    margin_share: Mapped[float | None] = mapped_column(Double)
    created_at: Mapped[datetime]

    __table_args__ = (Index("campaigns_by_time", "created_at", "campaign_id"),)


class StandingRequest(Base):
    """A list that is built again and again, and when."""

    __tablename__ = "standing_lists"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class StandingRun(Base):
    """One list of a standing list; claimed before it is built, so that no run is lost."""

    __tablename__ = "standing_runs"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)
    list_id: Mapped[str] = mapped_column(String(32))
    claimed_at: Mapped[datetime]
    built_at: Mapped[datetime | None]


class Reminded(Base):
    """Somebody who was on a standing list, or held out of it, and about what."""

    __tablename__ = "reminded"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    about: Mapped[str] = mapped_column(String(255), primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)


class KeptAnswer(Base):
    """What a request with an idempotency key was answered; no status while it is worked on."""

    __tablename__ = "idempotency_keys"

    api_key: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes]
    created_at: Mapped[datetime]

    __table_args__ = (Index("idempotency_keys_by_time", "created_at"),)


class QueuedJob(Base):
    """Work that outlasts a request, and how far it has come.

    Whoever works on it holds a lease; when that has run out, somebody else may take it over.
    """

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16))
    request: Mapped[dict[str, Any]]
    asked_by: Mapped[str] = mapped_column(String(16))
    progress: Mapped[float] = mapped_column(Double)
    attempts: Mapped[int]
    owner: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]
    location: Mapped[str | None]
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (Index("jobs_by_status", "status", "created_at"),)


class Secret(Base):
    """A secret of the project, made once; whoever holds it can tell pseudonyms from people."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[bytes]
    created_at: Mapped[datetime]


class AuditEvent(Base):
    """Who took which rows and fields, or changed who may; rows are added and never changed."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True
    )
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(255))
    route: Mapped[str] = mapped_column(String(128))
    request_id: Mapped[str] = mapped_column(String(64))
    list_id: Mapped[str | None] = mapped_column(String(64))
    about: Mapped[str | None] = mapped_column(String(128))
    rows: Mapped[int]
    fields: Mapped[list[str]]
    pseudonymous: Mapped[bool]

    __table_args__ = (
        Index("audit_events_by_list", "list_id", "id"),
        Index("audit_events_by_who", "who", "id"),
    )


class WebhookSubscription(Base):
    """Somebody who wants to be told; the secret signs what is told, so it is kept as it is."""

    __tablename__ = "webhook_subscriptions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str]
    name: Mapped[str] = mapped_column(String(64))
    events: Mapped[list[str]]
    secret: Mapped[str] = mapped_column(String(80))
    created_by: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class WebhookEvent(Base):
    """Something that has happened; it has the same id however often it is told."""

    __tablename__ = "webhook_events"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

    __table_args__ = (Index("webhook_events_by_time", "created_at"),)


class WebhookDelivery(Base):
    """An event on its way to a subscription.

    Whoever tries to deliver it holds a lease; when that has run out, somebody else may try.
    """

    __tablename__ = "webhook_deliveries"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    subscription_id: Mapped[str] = mapped_column(String(32))
    event_id: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    give_up_at: Mapped[datetime]
    owner: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]
    answered: Mapped[int | None]
    problem: Mapped[str | None]
    created_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("webhook_deliveries_by_due", "status", "due_at"),
        Index("webhook_deliveries_by_subscription", "subscription_id", "created_at"),
    )
