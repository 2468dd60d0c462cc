"""/v1/models: what is live, what could be, making a version live and stepping back."""

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from campaigns.loop.lines import Label
from pipeline.aliases import follow_aside
from pipeline.evaluation import NoEvaluationError
from pipeline.publish import RefusedError, require_gate
from pipeline.release import (
    AnotherLiveError,
    DamagedReleaseError,
    NothingBeforeError,
    Released,
    UnreleasedModelError,
    read_release,
    step_back,
)
from pipeline.score_set import DamagedScoreSetError, UnknownScoreSetError
from pipeline.versions import decision_of, evaluation_of, versions
from serving.access import allowed
from serving.audit_log import audited, audited_soon
from serving.documentation import documented
from serving.idempotency import idempotent
from serving.jobs import ACCEPTED, accepted, queue, waited_for
from serving.json_bytes import json_bytes
from serving.kept_answers import InProgressError, ReusedKeyError
from serving.model_errors import UnknownModelError, UnregisteredVersionError
from serving.preference import Preferred
from serving.problems import refuse_kept
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/models", tags=["models"])
Shared = Annotated[Resources, Depends(resources)]
Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="Of a model.")]


class EntryDocument(BaseModel):
    """A version that was released, with its scores."""

    version: str
    score_set: str
    released_at: str


class VersionDocument(BaseModel):
    """A registered version."""

    version: str
    gate: str = Field(description="passed, refused or not asked.")
    calibrated: bool
    tested_as_of: str | None
    withdrawn_at: str | None = Field(description="When a person put another in its place.")


class ModelDocument(BaseModel):
    """A model: what is live, what one may step back to, and all versions."""

    model: str
    live: EntryDocument | None
    previous: list[EntryDocument] = Field(description="The newest first.")
    versions: list[VersionDocument] = Field(description="The oldest first.")


class ModelsDocument(BaseModel):
    """Every model that is live, or has a version."""

    revision: int = Field(description="Grows with each release.")
    models: list[ModelDocument]


class Promotion(BaseModel):
    """A version to make live."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"version": "2"}, {"version": "3", "reason": "audited"}]},
    )

    version: Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]
    reason: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="Why, if the gate has not passed it; kept with it."
    )


class StepBack(BaseModel):
    """What is live and shall be no longer, as the model says; so a repeated request is one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"version": "3", "score_set": "2026-03-01-0247f180decb"}]},
    )

    version: Label
    score_set: Label


_ENTRY = {
    "version": "3",
    "score_set": "2026-03-01-0247f180decb",
    "released_at": "2026-03-01T12:00:00+00:00",
}
_EXAMPLE: dict[str, Any] = {
    "model": "customer_activity",
    "live": _ENTRY,
    "previous": [{**_ENTRY, "version": "2"}],
    "versions": [
        {
            "version": "3",
            "gate": "passed",
            "calibrated": True,
            "tested_as_of": "2026-01-01",
            "withdrawn_at": None,
        }
    ],
}
_ANSWER = {"model": ModelDocument, "content": {"application/json": {"example": _EXAMPLE}}}
_ERRORS = (UnknownModelError, InProgressError, ReusedKeyError, DamagedReleaseError)


@router.get(
    "",
    summary="See what is live",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {
            "model": ModelsDocument,
            "content": {"application/json": {"example": {"revision": 7, "models": [_EXAMPLE]}}},
        },
        **documented(DamagedReleaseError),
    },
)
def index(shared: Shared) -> Response:
    """Every model with the version that is live, the earlier ones, and all that there are."""
    now = read_release(shared.artifacts)
    folders = (shared.artifacts / "versions").glob("[a-z]*")
    names = sorted({*now.models, *(folder.name for folder in folders)})
    models = [_document(shared, name, now.models.get(name)) for name in names]
    return Response(
        json_bytes({"revision": now.revision, "models": models}), media_type="application/json"
    )


@router.get(
    "/{model}",
    summary="Look at a model",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={200: _ANSWER, **documented(UnknownModelError, DamagedReleaseError)},
)
def show(model: Name, shared: Shared) -> Response:
    """Show the version that is live, the earlier ones, and all that there are."""
    return _answer(shared, model)


@router.post(
    "/{model}/promote",
    summary="Make a version live",
    status_code=202,
    response_class=Response,
    dependencies=[allowed("models:promote"), idempotent],
    responses={
        **ACCEPTED,
        200: {**_ANSWER, "description": "Live while the caller waited."},
        **documented(*_ERRORS, UnregisteredVersionError, RefusedError),
    },
)
async def promote(
    *,
    model: Name,
    body: Promotion,
    request: Request,
    preference: Preferred,
    shared: Shared,
) -> Response:
    """Score the newest snapshot with a version and make that live, as a job.

    What the gate has not passed takes a `reason`. To make live what is live changes nothing.
    Following the job takes `lists:read`, too.
    """
    await run_in_threadpool(_require_version, shared, model, body)
    await audited_soon(request, about=f"{model} {body.version}")
    wanted = {"model": model, **body.model_dump(mode="json")}
    job = await run_in_threadpool(queue, request, shared, "promotion", wanted)
    job = await waited_for(shared, job, preference)
    if job.problem is not None:
        return refuse_kept(request, job.problem)
    if job.location is None:
        return accepted(job)
    return await run_in_threadpool(_answer, shared, model)


@router.post(
    "/{model}/rollback",
    summary="Step back to the previous release of a model",
    response_class=Response,
    dependencies=[allowed("models:promote"), idempotent],
    responses={
        200: _ANSWER,
        **documented(
            *_ERRORS,
            UnreleasedModelError,
            NothingBeforeError,
            AnotherLiveError,
            UnknownScoreSetError,
            DamagedScoreSetError,
        ),
    },
)
def rollback(model: Name, body: StepBack, request: Request, shared: Shared) -> Response:
    """Withdraw what is live, and make the entry before it live again, exactly as it was.

    Sent again, it changes nothing: what it names is withdrawn already.
    """
    _require_model(shared, model)
    live = read_release(shared.artifacts).live(model)
    is_live = (live.version, live.score_set) == (body.version, body.score_set)
    if is_live or not live.has_withdrawn(body.version, body.score_set):
        audited(request, about=f"{model} {body.version}")
        step_back(shared.artifacts, model, at=shared.now(), leaving=body.score_set)
        follow_aside(shared.artifacts)
    return _answer(shared, model)


def _require_model(shared: Resources, model: str) -> None:
    if model not in read_release(shared.artifacts).models and not versions(shared.artifacts, model):
        raise UnknownModelError("there is no model of this name. GET /v1/models lists them.")


def _require_version(shared: Resources, model: str, wanted: Promotion) -> None:
    _require_model(shared, model)
    known = [one.number for one in versions(shared.artifacts, model)]
    if wanted.version not in known:
        raise UnregisteredVersionError(
            f"the model has no such version. Versions: {', '.join(known) or 'none yet'}."
        )
    require_gate(shared.artifacts, model, wanted.version, reason=wanted.reason)


def _answer(shared: Resources, model: str) -> Response:
    _require_model(shared, model)
    live = read_release(shared.artifacts).models.get(model)
    return Response(json_bytes(_document(shared, model, live)), media_type="application/json")


def _document(shared: Resources, model: str, live: Released | None) -> dict[str, Any]:
    withdrawn = live.withdrawn_versions if live else {}
    found = []
    for one in versions(shared.artifacts, model):
        tested = None
        decision = decision_of(shared.artifacts, model, one.number)
        since = withdrawn.get(one.number)
        said = "not asked" if decision is None else "passed" if decision.passed else "refused"
        with suppress(NoEvaluationError):
            tested = evaluation_of(shared.artifacts, model, one.number).as_of.isoformat()
        found.append(
            {
                "version": one.number,
                "gate": said,
                "calibrated": decision is not None and decision.calibrated,
                "tested_as_of": tested,
                "withdrawn_at": since.isoformat() if since else None,
            }
        )
    entries = [] if live is None else [live, *live.previous]
    told = [
        {
            "version": one.version,
            "score_set": one.score_set,
            "released_at": one.released_at.isoformat(),
        }
        for one in entries
    ]
    return {
        "model": model,
        "live": told[0] if told else None,
        "previous": told[1:],
        "versions": found,
    }
