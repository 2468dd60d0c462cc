"""GET and DELETE /v1/jobs/{id}: how far work has come that outlasts its request."""

import asyncio
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.jobs import Job, StartedJobError, UnknownJobError, cancel, find_job, submit
from campaigns.keys import Key
from serving.access import allowed
from serving.documentation import documented
from serving.json_bytes import json_bytes
from serving.preference import Preference
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

#: Time between two looks at a job that a request waits for, in seconds.
_LOOKS_EVERY_S = 0.05


class JobProblem(BaseModel):
    """Why a job failed."""

    type: str
    title: str
    status: int
    detail: str


class JobDocument(BaseModel):
    """Work that outlasts its request."""

    id: str
    kind: Literal["list", "export", "assignment", "promotion"]
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    progress: float = Field(ge=0, le=1, description="Share that is done.")
    attempts: int = Field(description="How often a process began; one that dies is followed.")
    location: str | None = Field(description="Path of what was made.")
    problem: JobProblem | None = Field(description="Why it failed.")
    created_at: str
    started_at: str | None
    finished_at: str | None


_PROBLEM = {
    "type": "urn:shortlist:problem:list-too-large",
    "title": "More customers than there are",
    "status": 422,
    "detail": "size is 50,000, but only 20,000 customers are known at 2026-03-01.",
}
_EXAMPLE: dict[str, Any] = {
    "id": "job_5f0c9a4be1d27c3388aa",
    "kind": "list",
    "status": "failed",
    "progress": 0.0,
    "attempts": 1,
    "location": "/v1/lists/list_5f0c9a4be1d27c3388aa",
    "problem": _PROBLEM,
    "created_at": "2026-03-01T12:00:00+00:00",
    "started_at": "2026-03-01T12:00:00+00:00",
    "finished_at": "2026-03-01T12:00:01+00:00",
}
_ANSWER = {"model": JobDocument, "content": {"application/json": {"example": _EXAMPLE}}}

#: What a route documents that may answer with a job.
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {**_ANSWER, "description": "It takes long: `Location` is the job to ask."}
}


def queue(request: Request, shared: Resources, kind: str, wanted: dict[str, Any]) -> Job:
    """Queue a job for whoever asks, and wake the worker of this process."""
    key: Key = request.state.key
    job = submit(shared.state, kind=kind, request=wanted, asked_by=key.prefix, at=shared.now())
    shared.wake.set()
    return job


async def waited_for(shared: Resources, job: Job, preference: Preference) -> Job:
    """Return a job when it is done, or as it is when the caller's patience ends."""
    until = time.monotonic() + preference.wait_s
    while not job.is_done and time.monotonic() < until:
        await asyncio.sleep(_LOOKS_EVERY_S)
        job = await run_in_threadpool(find_job, shared.state, job.id)
    return job


def accepted(job: Job) -> Response:
    """Return the answer that names a job."""
    return Response(
        json_bytes(job.document()),
        status_code=202,
        headers={"Location": f"/v1/jobs/{job.id}", "Retry-After": "1"},
        media_type="application/json",
    )


@router.get(
    "/{job_id}",
    summary="Look at a job",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={200: _ANSWER, **documented(UnknownJobError)},
)
def show(job_id: str, shared: Annotated[Resources, Depends(resources)]) -> Response:
    """How far it has come; `location` is what was made, once it has succeeded."""
    return _answer(find_job(shared.state, job_id))


@router.delete(
    "/{job_id}",
    summary="Cancel a queued job",
    response_class=Response,
    dependencies=[allowed("lists:write")],
    responses={200: _ANSWER, **documented(UnknownJobError, StartedJobError)},
)
def stop(job_id: str, shared: Annotated[Resources, Depends(resources)]) -> Response:
    """Cancel what nobody has begun; a job that is done stays as it is."""
    return _answer(cancel(shared.state, job_id, at=shared.now()))


def _answer(job: Job) -> Response:
    headers = {} if job.is_done else {"Retry-After": "1"}
    return Response(json_bytes(job.document()), headers=headers, media_type="application/json")
