"""/v1/keys: make, list and withdraw keys; a key's text is answered once and never again."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from campaigns.keys import SCOPES, Key, UnknownKeyError, create_key, list_keys, revoke_key
from campaigns.loop.lines import Label
from serving.access import allowed
from serving.audit_log import audited
from serving.documentation import documented
from serving.json_bytes import json_bytes
from serving.resources import Resources, resources

#: What is never answered twice, whatever the request repeats.
PATH = "/v1/keys"
router = APIRouter(prefix=PATH, tags=["keys"])
Shared = Annotated[Resources, Depends(resources)]


class KeyRequest(BaseModel):
    """A key to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "shop", "scopes": ["lists:read"], "valid_for_days": 90}]
        },
    )

    name: Label = Field(description="What it is for.")
    scopes: list[Literal[tuple(SCOPES)]] = Field(  # type: ignore[valid-type]  # those there are
        min_length=1, max_length=len(SCOPES)
    )
    valid_for_days: int = Field(default=90, ge=1, le=365, strict=True)


class KeyDocument(BaseModel):
    """A key, without its secret."""

    prefix: str
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str
    revoked_at: str | None


class NewKeyDocument(KeyDocument):
    """A key that has just been made, and the only copy of its text."""

    key: str


class KeysDocument(BaseModel):
    """Every key there has been, the oldest first."""

    keys: list[KeyDocument]


_EXAMPLE: dict[str, Any] = {
    "prefix": "1f3a9c0b",
    "name": "shop",
    "scopes": ["lists:read"],
    "created_at": "2026-03-01T12:00:00+00:00",
    "expires_at": "2026-05-30T12:00:00+00:00",
    "revoked_at": "2026-04-01T12:00:00+00:00",
}
_NEW = {**_EXAMPLE, "key": "sl_1f3a9c0b_..."}


def _answers(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    return {"model": model, "content": {"application/json": {"example": example}}}


@router.post(
    "",
    summary="Make a key",
    status_code=201,
    response_class=Response,
    dependencies=[allowed("admin")],
    responses={
        201: {**_answers(NewKeyDocument, _NEW), "description": "Made; its text is not kept."},
        **documented(),
    },
)
def create(body: KeyRequest, request: Request, shared: Shared) -> Response:
    """Make a key; its text is in this answer alone, so an `Idempotency-Key` repeats nothing.

    Only who may everything makes keys, so nobody grants what they do not hold.
    """
    text, key = create_key(
        shared.state,
        name=body.name,
        scopes=frozenset(body.scopes),
        valid_for=timedelta(days=body.valid_for_days),
        at=shared.now(),
    )
    audited(request, about=f"key {key.prefix}", fields=tuple(sorted(key.scopes)))
    return Response(
        json_bytes({**_document(key), "key": text}),
        status_code=201,
        headers={"Location": f"{PATH}/{key.prefix}"},
        media_type="application/json",
    )


@router.get(
    "",
    summary="List the keys",
    response_class=Response,
    dependencies=[allowed("admin")],
    responses={200: _answers(KeysDocument, {"keys": [_EXAMPLE]}), **documented()},
)
def show(shared: Shared) -> Response:
    """List keys with what they may and until when, without their secrets."""
    document = {"keys": [_document(key) for key in list_keys(shared.state)]}
    return Response(json_bytes(document), media_type="application/json")


@router.delete(
    "/{prefix}",
    summary="Withdraw a key",
    response_class=Response,
    dependencies=[allowed("admin")],
    responses={200: _answers(KeyDocument, _EXAMPLE), **documented(UnknownKeyError)},
)
def revoke(
    prefix: Annotated[str, Path(max_length=16)], request: Request, shared: Shared
) -> Response:
    """Withdraw a key; within a second every process refuses it."""
    key = revoke_key(shared.state, prefix, at=shared.now())
    audited(request, about=f"key {key.prefix}")
    return Response(json_bytes(_document(key)), media_type="application/json")


def _document(key: Key) -> dict[str, Any]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
