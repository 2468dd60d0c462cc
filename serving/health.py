"""GET /healthz and /readyz: is the process up, and can it answer."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
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
def readyz(shared: Annotated[Resources, Depends(resources)]) -> Response:
    """Ready once a release is readable with its score sets.

    A release that is damaged later leaves the last good one in force: the service answers
    from it, and says `degraded` with the problem.
    """
    view = shared.live.view()
    if not view.score_sets:
        raise NotReadyError(view.problems[0])
    document: dict[str, Any] = {
        "status": "degraded" if view.problems else "ready",
        "revision": view.release.revision,
        "models": {
            name: {
                "version": score_set.version,
                "score_set": score_set.id,
                "as_of": score_set.as_of.isoformat(),
            }
            for name, score_set in view.score_sets.items()
        },
        "problems": list(view.problems),
    }
    return Response(json_bytes(document), media_type="application/json")
