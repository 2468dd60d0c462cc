"""/v1/standing-lists: lists that `shortlist list run-due` builds again and again."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.standing.requests import (
    Kept,
    Name,
    StandingList,
    StandingListExistsError,
    UnknownStandingListError,
    add_standing_list,
    remove_standing_list,
    runs_of,
    standing_lists,
)
from serving.access import allowed
from serving.documentation import documented
from serving.idempotency import idempotent
from serving.json_bytes import json_bytes
from serving.kept_answers import InProgressError, ReusedKeyError
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/standing-lists", tags=["standing lists"])
Shared = Annotated[Resources, Depends(resources)]


class StandingListDocument(BaseModel):
    """A standing list, and since when there is one."""

    standing_list: StandingList
    created_at: str


class StandingLists(BaseModel):
    """Every standing list, by name."""

    standing_lists: list[StandingListDocument]


class RunDocument(BaseModel):
    """One list of a standing list."""

    due_on: str = Field(description="The local day that it was due.")
    list_id: str
    built_at: str


class Runs(BaseModel):
    """The runs of a standing list, the newest first."""

    name: str
    runs: list[RunDocument]


class Removed(BaseModel):
    """A standing list that is built no more."""

    removed: str


_STANDING: dict[str, Any] = {
    "name": "refill",
    "list": {"model": "repurchase_timing", "size": 500, "campaign": "refill"},
    "when": {"every": "week", "on": "monday"},
    "remind_again_after_days": 28,
}
_EXAMPLE = {"standing_list": _STANDING, "created_at": "2026-03-01T12:00:00+00:00"}
_RUNS = {
    "name": "refill",
    "runs": [
        {
            "due_on": "2026-03-02",
            "list_id": "list_5f0c9a4be1d27c3388aa",
            "built_at": "2026-03-02T01:00:00+00:00",
        }
    ],
}
_ANSWER = {"model": StandingListDocument, "content": {"application/json": {"example": _EXAMPLE}}}


@router.post(
    "",
    summary="Add a standing list",
    status_code=201,
    response_class=Response,
    dependencies=[allowed("lists:write"), idempotent],
    responses={
        201: {**_ANSWER, "description": "Added."},
        200: {**_ANSWER, "description": "The same was added before."},
        **documented(StandingListExistsError, InProgressError, ReusedKeyError),
    },
)
def add(standing: StandingList, shared: Shared) -> Response:
    """Add a list that is built whenever it is due, each time frozen, nobody reminded twice."""
    kept = add_standing_list(shared.state, standing, at=shared.now())
    return Response(
        json_bytes(_document(kept)),
        status_code=201 if kept.new else 200,
        media_type="application/json",
    )


@router.get(
    "",
    summary="List the standing lists",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {
            "model": StandingLists,
            "content": {"application/json": {"example": {"standing_lists": [_EXAMPLE]}}},
        },
        **documented(),
    },
)
def show(shared: Shared) -> Response:
    """Every standing list, by name."""
    document = {"standing_lists": [_document(kept) for kept in standing_lists(shared.state)]}
    return Response(json_bytes(document), media_type="application/json")


@router.delete(
    "/{name}",
    summary="Remove a standing list",
    response_class=Response,
    dependencies=[allowed("lists:write")],
    responses={
        200: {
            "model": Removed,
            "content": {"application/json": {"example": {"removed": "refill"}}},
        },
        **documented(UnknownStandingListError),
    },
)
def remove(name: Annotated[Name, Path()], shared: Shared) -> Response:
    """Build it no more; the lists it made, and whom they reminded, stay on record."""
    remove_standing_list(shared.state, name)
    return Response(json_bytes({"removed": name}), media_type="application/json")


@router.get(
    "/{name}/runs",
    summary="List the runs of a standing list",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {"model": Runs, "content": {"application/json": {"example": _RUNS}}},
        **documented(UnknownStandingListError),
    },
)
def runs(name: Annotated[Name, Path()], shared: Shared) -> Response:
    """List what was built, the newest first."""
    found = [
        {
            "due_on": run.due_on.isoformat(),
            "list_id": run.list_id,
            "built_at": run.built_at.isoformat() if run.built_at else "",
        }
        for run in runs_of(shared.state, name)
    ]
    return Response(json_bytes({"name": name, "runs": found}), media_type="application/json")


def _document(kept: Kept) -> dict[str, Any]:
    return {
        "standing_list": kept.standing.document(),
        "created_at": kept.created_at.isoformat(),
    }
