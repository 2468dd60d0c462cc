"""/v1/webhooks: who is told of lists, exports, releases and alarms, and what became of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.keys import Key
from campaigns.webhooks.events import EventKind
from campaigns.webhooks.outbox import (
    Before,
    Status,
    UnfinishedDeliveryError,
    UnknownDeliveryError,
    find_delivery,
    list_deliveries,
    replay,
    send_ping,
)
from campaigns.webhooks.subscriptions import (
    TooManyWebhooksError,
    UnknownWebhookError,
    WebhookSpec,
    find_webhook,
    list_webhooks,
    remove_webhook,
    subscribe,
)
from campaigns.webhooks.targets import UnfitTargetError, checked
from serving.access import allowed
from serving.cursor import InvalidCursorError, make_text_cursor, read_time_cursor
from serving.documentation import documented
from serving.idempotency import idempotent
from serving.json_bytes import json_bytes
from serving.kept_answers import InProgressError, ReusedKeyError
from serving.resources import Resources, resources

#: Its answer to POST holds a secret, and is not kept for whoever sends the same again.
PATH = "/v1/webhooks"
router = APIRouter(prefix=PATH, tags=["webhooks"])
Shared = Annotated[Resources, Depends(resources)]

#: The largest page, in deliveries.
LARGEST = 1000


class WebhookDocument(BaseModel):
    """Where to tell of what."""

    id: str
    name: str
    url: str
    events: list[EventKind]
    created_at: str
    disabled_at: str | None = Field(
        description="When the receiver answered 410: it is told nothing more until a ping succeeds."
    )


class NewWebhookDocument(WebhookDocument):
    """A new webhook, with its secret."""

    secret: str = Field(description="Signs each message; shown this once.")


class Webhooks(BaseModel):
    """Every webhook, the oldest first."""

    webhooks: list[WebhookDocument]


class Removed(BaseModel):
    """A webhook that is told nothing more."""

    removed: str


class DeliveryDocument(BaseModel):
    """An event on its way to a webhook."""

    id: str
    webhook_id: str
    event_id: str = Field(description="The header `webhook-id`; the same however often it is sent.")
    event: str
    status: Status
    attempts: int = Field(description="Since it was queued, or last replayed.")
    answered: int | None = Field(description="Status code of the last answer.")
    problem: str | None = Field(description="What went wrong at the last attempt.")
    created_at: str
    tried_at: str | None
    due_at: str | None = Field(description="When it is tried next.")
    finished_at: str | None


class Deliveries(BaseModel):
    """Some deliveries to a webhook, the newest first."""

    webhook_id: str
    next_cursor: str | None = Field(description="Pass it as `cursor`; null on the last page.")
    deliveries: list[DeliveryDocument]


_WEBHOOK: dict[str, Any] = {
    "id": "hook_5f0c9a4be1d27c3388aa",
    "name": "CRM",
    "url": "https://crm.example/hooks/shortlist",
    "events": ["list.ready", "export.ready"],
    "created_at": "2026-03-01T12:00:00+00:00",
    "disabled_at": "2026-05-04T09:00:00+00:00",
}
_NEW = {**_WEBHOOK, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
_DELIVERY: dict[str, Any] = {
    "id": "delivery_0247f180decb5f0c9a4b",
    "webhook_id": "hook_5f0c9a4be1d27c3388aa",
    "event_id": "evt_9b74c9897bac770ffc02",
    "event": "list.ready",
    "status": "pending",
    "attempts": 1,
    "answered": 503,
    "problem": "answered 503: no success",
    "created_at": "2026-03-01T12:00:00+00:00",
    "tried_at": "2026-03-01T12:00:00+00:00",
    "due_at": "2026-03-01T12:00:11+00:00",
    "finished_at": "2026-03-01T12:00:12+00:00",
}
_PAGE = {
    "webhook_id": _WEBHOOK["id"],
    "next_cursor": make_text_cursor(_WEBHOOK["id"], "2026-03-01 delivery_a"),
    "deliveries": [_DELIVERY],
}


def _answer(model: type[BaseModel], example: dict[str, Any], text: str = "") -> dict[str, Any]:
    described = {"description": text} if text else {}
    return {"model": model, "content": {"application/json": {"example": example}}, **described}


@router.post(
    "",
    summary="Add a webhook",
    status_code=201,
    response_class=Response,
    dependencies=[allowed("admin")],
    responses={
        201: _answer(NewWebhookDocument, _NEW, "Added."),
        **documented(UnfitTargetError, TooManyWebhooksError),
    },
)
async def add(spec: WebhookSpec, request: Request, shared: Shared) -> Response:
    """Tell a URL of what happens from now on, each message signed with the secret in the answer.

    The URL has to be https and on the public internet. Messages carry ids and links, never
    customers. What is not answered with a 2xx is sent again, ten times in all within three days.
    """
    await checked(spec.url, allow=shared.webhooks_allow)
    key: Key = request.state.key
    made = await run_in_threadpool(
        subscribe, shared.state, spec, created_by=key.prefix, at=shared.now()
    )
    return _json(
        {**made.webhook.document(), "secret": made.secret},
        status=201,
        location=f"/v1/webhooks/{made.webhook.id}",
    )


@router.get(
    "",
    summary="List the webhooks",
    response_class=Response,
    dependencies=[allowed("admin")],
    responses={200: _answer(Webhooks, {"webhooks": [_WEBHOOK]}), **documented()},
)
def index(shared: Shared) -> Response:
    """Every webhook, without its secret."""
    return _json({"webhooks": [one.document() for one in list_webhooks(shared.state)]})


@router.get(
    "/{webhook_id}",
    summary="Look at a webhook",
    response_class=Response,
    dependencies=[allowed("admin")],
    responses={200: _answer(WebhookDocument, _WEBHOOK), **documented(UnknownWebhookError)},
)
def show(webhook_id: str, shared: Shared) -> Response:
    """Where it leads, and what it is told of."""
    return _json(find_webhook(shared.state, webhook_id).document())


@router.delete(
    "/{webhook_id}",
    summary="Remove a webhook",
    response_class=Response,
    dependencies=[allowed("admin")],
    responses={
        200: _answer(Removed, {"removed": _WEBHOOK["id"]}),
        **documented(UnknownWebhookError),
    },
)
def remove(webhook_id: str, shared: Shared) -> Response:
    """Tell it nothing more, and forget what it was told."""
    remove_webhook(shared.state, webhook_id)
    return _json({"removed": webhook_id})


@router.post(
    "/{webhook_id}/ping",
    summary="Test a webhook",
    status_code=202,
    response_class=Response,
    dependencies=[allowed("admin"), idempotent],
    responses={
        202: _answer(DeliveryDocument, {**_DELIVERY, "event": "ping"}, "On its way."),
        **documented(UnknownWebhookError, InProgressError, ReusedKeyError),
    },
)
def try_out(webhook_id: str, shared: Shared) -> Response:
    """Send it a message of the type `ping`; `Location` says what became of it."""
    made = send_ping(shared.state, webhook_id, at=shared.now())
    return _json(made.document(), status=202, location=_path(webhook_id, made.id))


@router.get(
    "/{webhook_id}/deliveries",
    summary="See what a webhook was told",
    response_class=Response,
    dependencies=[allowed("admin")],
    responses={
        200: _answer(Deliveries, _PAGE),
        **documented(UnknownWebhookError, InvalidCursorError),
    },
)
def deliveries(
    *,
    webhook_id: str,
    shared: Shared,
    status: Annotated[Status | None, Query(description="Only of this status.")] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST)] = 100,
) -> Response:
    """Show deliveries of the last 30 days, the newest first, and those that are on their way."""
    before = None
    if cursor:
        before = Before(*read_time_cursor(webhook_id, cursor))
    found = list_deliveries(shared.state, webhook_id, limit=limit + 1, before=before, status=status)
    page, more = found[:limit], len(found) > limit
    last = f"{page[-1].created_at.isoformat()} {page[-1].id}" if more else ""
    return _json(
        {
            "webhook_id": webhook_id,
            "next_cursor": make_text_cursor(webhook_id, last) if more else None,
            "deliveries": [one.document() for one in page],
        }
    )


@router.get(
    "/{webhook_id}/deliveries/{delivery_id}",
    summary="Look at a delivery",
    response_class=Response,
    dependencies=[allowed("admin")],
    responses={
        200: _answer(DeliveryDocument, _DELIVERY),
        **documented(UnknownDeliveryError),
    },
)
def delivery(webhook_id: str, delivery_id: str, shared: Shared) -> Response:
    """How often it was tried, what came of it, and when it is tried next."""
    return _json(find_delivery(shared.state, webhook_id, delivery_id).document())


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    summary="Deliver again",
    status_code=202,
    response_class=Response,
    dependencies=[allowed("admin"), idempotent],
    responses={
        202: _answer(DeliveryDocument, _DELIVERY, "On its way again."),
        **documented(
            UnknownWebhookError,
            UnknownDeliveryError,
            UnfinishedDeliveryError,
            InProgressError,
            ReusedKeyError,
        ),
    },
)
def again(webhook_id: str, delivery_id: str, shared: Shared) -> Response:
    """Deliver again what was delivered or given up, with the same `webhook-id`."""
    found = replay(shared.state, webhook_id, delivery_id, at=shared.now())
    return _json(found.document(), status=202, location=_path(webhook_id, delivery_id))


def _path(webhook_id: str, delivery_id: str) -> str:
    return f"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}"


def _json(document: dict[str, Any], *, status: int = 200, location: str = "") -> Response:
    return Response(
        json_bytes(document),
        status_code=status,
        headers={"Location": location} if location else {},
        media_type="application/json",
    )
