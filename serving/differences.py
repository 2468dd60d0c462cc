"""GET /v1/lists/{id}/diff: what a list changed against another one, and why."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.differences import Change, changed_members, difference
from campaigns.members import DamagedListError
from campaigns.target_list import UnknownListError, find_list
from serving.access import allowed
from serving.audit_log import audited
from serving.cursor import InvalidCursorError, make_cursor, read_cursor
from serving.documentation import documented
from serving.json_bytes import json_bytes
from serving.names import Naming
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/lists", tags=["lists"])

_AGAINST = Query(max_length=64, description="Id of the other list, usually the earlier one.")


class DiffDocument(BaseModel):
    """A list, compared with another one."""

    list_id: str
    against: str
    joined: int = Field(description="Members of this list only.")
    left: int = Field(description="Members of the other one only.")
    stayed: int
    reranked: int = Field(description="Of those who stayed, how many have another rank.")
    joined_from: dict[str, int] = Field(
        description="Who joined, by their outcome in the other list; `unknown` is new since."
    )
    left_for: dict[str, int] = Field(description="Who left, by their outcome in this list.")
    causes: list[Literal["spec", "model", "model_version", "score_set", "permissions"]]
    spec_changes: list[str] = Field(description="Fields of the request that differ.")
    by_permission: int = Field(
        description="How many left or joined by consents, suppressions or contacts."
    )


class ChangedMember(BaseModel):
    """A customer who joined, left or has another rank."""

    customer_id: str
    rank: int | None
    rank_before: int | None
    outcome: str = Field(description="In the list in which the customer is no member.")


class ChangedPage(BaseModel):
    """Some customers of one kind of change, best rank first."""

    list_id: str
    against: str
    change: Change
    next_cursor: str | None = Field(description="Pass it as `cursor`; null on the last page.")
    members: list[ChangedMember]


_NAMES = {"list_id": "list_5f0c9a4be1d27c3388aa", "against": "list_2b7de0914cd27c3388aa"}
_EXAMPLE = {
    **_NAMES,
    "joined": 120,
    "left": 120,
    "stayed": 880,
    "reranked": 871,
    "joined_from": {"below_cut_off": 108, "control": 12},
    "left_for": {"below_cut_off": 101, "control": 15, "suppressed": 4},
    "causes": ["score_set", "permissions"],
    "spec_changes": ["size"],
    "by_permission": 4,
}
_PAGE = {
    **_NAMES,
    "change": "reranked",
    "next_cursor": make_cursor("list_5f0c9a4be1d27c3388aa", 1),
    "members": [
        {"customer_id": "c-01842", "rank": 1, "rank_before": 3, "outcome": "selected"},
    ],
}


@router.get(
    "/{list_id}/diff",
    summary="Compare a list with another one",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {"model": DiffDocument, "content": {"application/json": {"example": _EXAMPLE}}},
        **documented(UnknownListError, DamagedListError),
    },
)
def diff(
    list_id: str,
    against: Annotated[str, _AGAINST],
    shared: Annotated[Resources, Depends(resources)],
) -> Response:
    """How many joined, left or changed rank, and whether request, scores or permissions did it."""
    now, before = find_list(shared.state, list_id), find_list(shared.state, against)
    found = difference(shared.artifacts, now, before).document()
    return Response(
        json_bytes({"list_id": list_id, "against": against, **found}),
        media_type="application/json",
    )


@router.get(
    "/{list_id}/diff/members",
    summary="See who joined, left or changed rank",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {"model": ChangedPage, "content": {"application/json": {"example": _PAGE}}},
        **documented(UnknownListError, InvalidCursorError, DamagedListError),
    },
)
def changed(
    *,
    list_id: str,
    against: Annotated[str, _AGAINST],
    change: Annotated[Change, Query(description="Which kind of change.")],
    request: Request,
    names: Naming,
    shared: Annotated[Resources, Depends(resources)],
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> Response:
    """Name the customers of one kind of change, best rank first; both lists are frozen."""
    now, before = find_list(shared.state, list_id), find_list(shared.state, against)
    of = f"{list_id} {against} {change}"
    after = read_cursor(of, cursor) if cursor else 0
    found = changed_members(shared.artifacts, now, before, change, after=after, limit=limit + 1)
    page, more = found.slice(0, limit), len(found) > limit
    audited(
        request,
        list_id=list_id,
        about=against,
        rows=len(page),
        fields=tuple(page.column_names),
        pseudonymous=names.pseudonymous,
    )
    document = {
        "list_id": list_id,
        "against": against,
        "change": change,
        "next_cursor": make_cursor(of, after + limit) if more else None,
        "members": names.rows(page).to_pylist(),
    }
    return Response(json_bytes(document), media_type="application/json")
