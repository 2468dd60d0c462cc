"""/v1/lists/{id}/assignments: members handed out to stores, salespeople or agents."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.assignments import (
    Assignment,
    AssignmentSpec,
    UnknownAssignmentError,
    assigned_members,
    read_assignment,
)
from campaigns.homes import UnknownPlaceError, places_of
from campaigns.target_list import UnknownListError, find_list
from serving.access import allowed
from serving.audit_log import audited
from serving.cursor import InvalidCursorError, make_cursor, read_cursor
from serving.documentation import documented
from serving.idempotency import idempotent
from serving.jobs import ACCEPTED, accepted, queue, waited_for
from serving.json_bytes import json_bytes
from serving.kept_answers import InProgressError, ReusedKeyError
from serving.names import Naming
from serving.preference import Preferred
from serving.problems import refuse_kept
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/lists", tags=["lists"])


class AssignmentDocument(BaseModel):
    """A finished assignment: `removed`, `assigned` and `unassigned` add up to `members`."""

    id: str
    list_id: str
    spec: AssignmentSpec
    created_at: str
    members: int
    removed: dict[str, int] = Field(description="Who may not be contacted any more, by reason.")
    assigned: int
    unassigned: int = Field(description="Who found no room at home or nearby.")
    ways: dict[str, int] = Field(description="At home, or in the area where there was room.")
    places: dict[str, int] = Field(description="How many each was given.")


class AssignedMember(BaseModel):
    """A member and the place."""

    rank: int
    customer_id: str
    place_id: str | None = Field(description="null: no room was found.")
    way: str | None


class AssignedPage(BaseModel):
    """Some members, in rank order."""

    list_id: str
    assignment_id: str
    next_cursor: str | None = Field(description="Pass it as `cursor`; null on the last page.")
    members: list[AssignedMember]


_NAMES = {"list_id": "list_5f0c9a4be1d27c3388aa"}
_EXAMPLE: dict[str, Any] = {
    "id": "assignment_5f0c9a4be1d27c3388aa",
    **_NAMES,
    "spec": {"to": "stores", "capacity": 200},
    "created_at": "2026-03-02T09:00:00+00:00",
    "members": 1000,
    "removed": {"suppressed": 4},
    "assigned": 960,
    "unassigned": 36,
    "ways": {"home": 801, "city": 120, "region": 39},
    "places": {"S001": 200, "S002": 187},
}
_PAGE: dict[str, Any] = {
    **_NAMES,
    "assignment_id": "assignment_5f0c9a4be1d27c3388aa",
    "next_cursor": make_cursor("list_5f0c9a4be1d27c3388aa", 1),
    "members": [{"rank": 1, "customer_id": "c-01842", "place_id": "S001", "way": "home"}],
}
_ANSWER = {"model": AssignmentDocument, "content": {"application/json": {"example": _EXAMPLE}}}


@router.post(
    "/{list_id}/assignments",
    summary="Hand the members of a list out",
    status_code=202,
    response_class=Response,
    dependencies=[allowed("lists:write"), idempotent],
    responses={
        **ACCEPTED,
        201: {**_ANSWER, "description": "Made while the caller waited."},
        **documented(UnknownListError, UnknownPlaceError, InProgressError, ReusedKeyError),
    },
)
async def hand_out(
    list_id: str,
    spec: AssignmentSpec,
    request: Request,
    preference: Preferred,
    shared: Annotated[Resources, Depends(resources)],
) -> Response:
    """Give each member, the best first, the own place or one nearby with room, as a job.

    The own store is the one with most orders, the own salesperson the one who sold most
    often. Where it is full, or there is none, city and region are looked through, for
    salespeople the store first. Who may not be contacted any more is left out and counted.
    """
    await run_in_threadpool(find_list, shared.state, list_id)
    await run_in_threadpool(
        places_of,
        shared.artifacts,
        spec.to,
        capacity=spec.capacity,
        capacities=dict(spec.capacities),
    )
    wanted = {"list_id": list_id, "spec": spec.model_dump(mode="json", exclude_unset=True)}
    job = await run_in_threadpool(queue, request, shared, "assignment", wanted)
    job = await waited_for(shared, job, preference)
    if job.problem is not None:
        return refuse_kept(request, job.problem)
    if job.location is None:
        return accepted(job)
    made = await run_in_threadpool(
        read_assignment, shared.artifacts, list_id, job.location.rpartition("/")[2]
    )
    return _answer(made, status=201, headers={"Location": job.location})


@router.get(
    "/{list_id}/assignments/{assignment_id}",
    summary="Look at an assignment",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={200: _ANSWER, **documented(UnknownListError, UnknownAssignmentError)},
)
def show(
    list_id: str, assignment_id: str, shared: Annotated[Resources, Depends(resources)]
) -> Response:
    """How many each place was given, and how many found no room."""
    find_list(shared.state, list_id)
    return _answer(read_assignment(shared.artifacts, list_id, assignment_id))


@router.get(
    "/{list_id}/assignments/{assignment_id}/members",
    summary="Read who was handed out to whom",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {"model": AssignedPage, "content": {"application/json": {"example": _PAGE}}},
        **documented(UnknownListError, UnknownAssignmentError, InvalidCursorError),
    },
)
def members(
    *,
    list_id: str,
    assignment_id: str,
    request: Request,
    names: Naming,
    shared: Annotated[Resources, Depends(resources)],
    place: Annotated[str | None, Query(max_length=255, description="Only of this one.")] = None,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> Response:
    """Read members in rank order; an assignment is frozen, so paging never skips or repeats."""
    find_list(shared.state, list_id)
    made = read_assignment(shared.artifacts, list_id, assignment_id)
    of = f"{assignment_id} {place}"
    after = read_cursor(of, cursor) if cursor else 0
    found = assigned_members(shared.artifacts, made, place=place, after=after, limit=limit + 1)
    page, more = found.slice(0, limit), len(found) > limit
    audited(
        request,
        list_id=list_id,
        about=assignment_id,
        rows=len(page),
        fields=tuple(page.column_names),
        pseudonymous=names.pseudonymous,
    )
    document = {
        "list_id": list_id,
        "assignment_id": assignment_id,
        "next_cursor": make_cursor(of, page["rank"][-1].as_py()) if more else None,
        "members": names.rows(page).to_pylist(),
    }
    return Response(json_bytes(document), media_type="application/json")


def _answer(
    made: Assignment, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        json_bytes(made.document()),
        status_code=status,
        headers=headers or {},
        media_type="application/json",
    )
