"""GET /healthz and /readyz: is the process up, and can it answer."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from serving.documentation import answers_for
from serving.json_bytes import json_bytes
from serving.live import NotReadyError
from serving.resources import Resources, resources

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The process is up."""

    status: Literal["ok"]


class ReadyModel(BaseModel):
    """What a model is answered from."""

    version: str
    score_set: str
    as_of: str
    status: Literal["ready", "behind"] = Field(
        description="behind: a newer version is released, but cannot be read."
    )


class Readiness(BaseModel):
    """What the service answers from."""

    status: Literal["ready", "degraded"] = Field(
        description="degraded: the newest release cannot be read, the last good one answers."
    )
    revision: int
    models: dict[str, ReadyModel]
    problems: list[str]


@router.get(
    "/healthz",
    summary="Whether the process is up",
    responses={200: {"content": {"application/json": {"example": {"status": "ok"}}}}},
)
async def healthz() -> Health:
    """Answer as long as the process runs; says nothing about the data."""
    return Health(status="ok")


_READY = {
    "status": "ready",
    "revision": 7,
    "models": {
        "customer_activity": {
            "version": "3",
            "score_set": "2026-03-01-0247f180decb",
            "as_of": "2026-03-01",
            "status": "ready",
        }
    },
    "problems": [],
}


@router.get(
    "/readyz",
    summary="Whether lists can be built",
    response_class=Response,
    responses={
        200: {"model": Readiness, "content": {"application/json": {"example": _READY}}},
        **answers_for(NotReadyError),
    },
)
def readyz(
    shared: Annotated[Resources, Depends(resources)],
    model: Annotated[
        str | None, Query(max_length=64, description="Whether this one can be answered from.")
    ] = None,
    version: Annotated[
        str | None, Query(max_length=64, description="The version of it that has to be live.")
    ] = None,
) -> Response:
    """Ready once a release is readable with its score sets; with `model`, once that one is.

    A release that is damaged later leaves the last good one in force: the service answers
    from it, and says `degraded` with the problem.
    """
    view = shared.live.view()
    if not view.score_sets:
        raise NotReadyError(view.problems[0])
    if model is not None:
        found = view.score_sets.get(model)
        if found is None or version not in {None, found.version}:
            raise NotReadyError(
                "that model is not live in that version. Look at /readyz for what is."
            )
    document: dict[str, Any] = {
        "status": "degraded" if view.problems else "ready",
        "revision": view.release.revision,
        "models": {
            name: {
                "version": score_set.version,
                "score_set": score_set.id,
                "as_of": score_set.as_of.isoformat(),
                "status": "behind" if name in view.behind else "ready",
            }
            for name, score_set in view.score_sets.items()
        },
        "problems": list(view.problems),
    }
    return Response(json_bytes(document), media_type="application/json")
