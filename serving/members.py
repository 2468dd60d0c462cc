"""GET /v1/lists/{id}/members: the members of a frozen list, in rank order, a page at a time."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.members import DamagedListError, read_members
from campaigns.target_list import UnknownListError, find_list
from serving.access import allowed
from serving.cursor import InvalidCursorError, make_cursor, read_cursor
from serving.json_bytes import json_bytes
from serving.problems import documented
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/lists", tags=["lists"])

#: The largest page, in members.
LARGEST = 1000


class Member(BaseModel):
    """One customer of a list; the fields that its model does not have are absent."""

    rank: int = Field(ge=1)
    customer_id: str
    product_id: str | None = None
    arm: str | None = None
    state: str | None = None
    probability: float | None = Field(default=None, ge=0, le=1)
    effect: float | None = None
    low: float | None = Field(default=None, description="Lower end of the interval.")
    high: float | None = Field(default=None, description="Upper end of the interval.")


class MembersPage(BaseModel):
    """Some members of a list, in rank order."""

    list_id: str
    model: str
    model_version: str
    members: list[Member]
    next_cursor: str | None = Field(description="Pass it as `cursor`; null on the last page.")


_PAGE: dict[str, Any] = {
    "list_id": "list_5f0c9a4be1d27c3388aa",
    "model": "customer_activity",
    "model_version": "3",
    "members": [
        {"rank": 1, "customer_id": "c-01842", "probability": 0.93},
        {"rank": 2, "customer_id": "c-00317", "probability": 0.91},
    ],
    "next_cursor": make_cursor("list_5f0c9a4be1d27c3388aa", 2),
}


@router.get(
    "/{list_id}/members",
    summary="Read the members of a list",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {"model": MembersPage, "content": {"application/json": {"example": _PAGE}}},
        **documented(UnknownListError, InvalidCursorError, DamagedListError),
    },
)
def members(
    list_id: str,
    shared: Annotated[Resources, Depends(resources)],
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST)] = LARGEST,
) -> Response:
    """Members from the best rank on; paging never skips or repeats, as the list is frozen."""
    found = find_list(shared.state, list_id)
    after = read_cursor(list_id, cursor) if cursor else 0
    rows = read_members(shared.artifacts, list_id, after=after, limit=limit).to_pylist()
    last = after + len(rows)
    page = {
        "list_id": list_id,
        "model": found.spec.model,
        "model_version": found.version,
        "members": rows,
        "next_cursor": make_cursor(list_id, last) if last < found.ledger.selected else None,
    }
    return Response(json_bytes(page), media_type="application/json")
