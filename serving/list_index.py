"""GET /v1/lists: which lists there are, newest first."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.list_index import After, list_lists
from serving.access import allowed
from serving.cursor import InvalidCursorError, make_text_cursor, read_time_cursor
from serving.documentation import documented
from serving.json_bytes import json_bytes
from serving.lists import EXAMPLE, ListDocument
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/lists", tags=["lists"])


class ListsPage(BaseModel):
    """Some lists, newest first."""

    next_cursor: str | None = Field(description="Pass it as `cursor`; null on the last page.")
    lists: list[ListDocument]


_PAGE = {"next_cursor": make_text_cursor("lists", "2026-03-01 list_a"), "lists": [EXAMPLE]}


@router.get(
    "",
    summary="See which lists there are",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {"model": ListsPage, "content": {"application/json": {"example": _PAGE}}},
        **documented(InvalidCursorError),
    },
)
def index(
    *,
    shared: Annotated[Resources, Depends(resources)],
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    campaign: Annotated[str | None, Query(max_length=64, description="Only of this one.")] = None,
    model: Annotated[str | None, Query(max_length=64, description="Only by this one.")] = None,
) -> Response:
    """Show lists from the newest on, without their members."""
    after = None
    if cursor:
        after = After(*read_time_cursor("lists", cursor))
    found = list_lists(shared.state, limit=limit + 1, after=after, campaign=campaign, model=model)
    page, more = found[:limit], len(found) > limit
    last = f"{page[-1].created_at.isoformat()} {page[-1].id}" if more else ""
    document = {
        "next_cursor": make_text_cursor("lists", last) if more else None,
        "lists": [one.document() for one in page],
    }
    return Response(json_bytes(document), media_type="application/json")
