"""GET /v1/audit: who took which list and which fields, and who changed what others may."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.audit import read_audit
from serving.access import allowed
from serving.cursor import InvalidCursorError, make_text_cursor, read_text_cursor
from serving.documentation import documented
from serving.json_bytes import json_bytes
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/audit", tags=["keys"])

#: Of the largest number of an entry.
_DIGITS = 18


class EventDocument(BaseModel):
    """One entry of the audit."""

    at: str
    who: str = Field(description="Prefix of the key, or subject of the token.")
    route: str
    request_id: str
    list_id: str | None
    about: str | None = Field(description="An export, another list, models, a key.")
    rows: int = Field(description="Rows that were taken.")
    fields: list[str] = Field(description="Columns that were taken; scopes that were granted.")
    pseudonymous: bool = Field(description="Whether pseudonyms stood for ids of customers.")


class AuditPage(BaseModel):
    """Some entries, the newest first."""

    next_cursor: str | None = Field(description="Pass it as `cursor`; null on the last page.")
    events: list[EventDocument]


_PAGE = {
    "next_cursor": make_text_cursor("audit", "41"),
    "events": [
        {
            "at": "2026-03-01T12:00:00+00:00",
            "who": "1f3a9c0b",
            "route": "GET /v1/lists/{list_id}/members",
            "request_id": "9f0eff10a0628242",
            "list_id": "list_5f0c9a4be1d27c3388aa",
            "about": None,
            "rows": 1000,
            "fields": ["rank", "customer_id", "probability"],
            "pseudonymous": True,
        }
    ],
}


@router.get(
    "",
    summary="Read the audit",
    response_class=Response,
    dependencies=[allowed("admin")],
    responses={
        200: {"model": AuditPage, "content": {"application/json": {"example": _PAGE}}},
        **documented(InvalidCursorError),
    },
)
def audit(
    *,
    shared: Annotated[Resources, Depends(resources)],
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    list_id: Annotated[str | None, Query(max_length=64, description="Only of this one.")] = None,
    who: Annotated[str | None, Query(max_length=255, description="Only of this holder.")] = None,
) -> Response:
    """Read who took what, from the newest on; an entry was written before its rows were sent."""
    before = _place(cursor) if cursor else None
    found = read_audit(shared.state, limit=limit + 1, before=before, list_id=list_id, who=who)
    page = found[:limit]
    more = make_text_cursor("audit", str(page[-1].id)) if len(found) > limit else None
    document = {"next_cursor": more, "events": [one.event.document() for one in page]}
    return Response(json_bytes(document), media_type="application/json")


def _place(cursor: str) -> int:
    text = read_text_cursor("audit", cursor)
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        raise InvalidCursorError("the cursor is none of ours. Start without a cursor.")
    return int(text)
