"""POST /v1/lists and GET /v1/lists/{id}: freeze a list, and look at it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.building import (
    Built,
    ListTooLargeError,
    already_built,
    build_list,
)
from campaigns.conditions.errors import ConditionError
from campaigns.desk import UnfitSpecError
from campaigns.ledger import REASONS
from campaigns.list_spec import ListSpec
from campaigns.permissions import NoConsentsError
from campaigns.preview import preview
from campaigns.target_list import TargetList, UnknownListError, find_list
from pipeline.release import Release, UnreleasedModelError
from pipeline.score_set import DamagedScoreSetError, UnknownScoreSetError
from serving.access import allowed
from serving.documentation import documented
from serving.idempotency import idempotent
from serving.jobs import ACCEPTED, accepted, queue, waited_for
from serving.json_bytes import json_bytes
from serving.kept_answers import InProgressError, ReusedKeyError
from serving.live import NotReadyError
from serving.preference import Preferred
from serving.problems import refuse_kept
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/lists", tags=["lists"])


#: A longer list becomes a job.
AT_ONCE = 10_000

Reason = Literal[REASONS]  # type: ignore[valid-type]  # the reasons that the ledger knows


class Told(BaseModel):
    """A request in words."""

    en: str
    zh_TW: str = Field(alias="zh-TW")  # noqa: N815 - the language's own name


_EXCLUDED = Field(description="Customers left out, by the first reason that applied.")


class ListDocument(BaseModel):
    """A frozen list; `base` is `selected`, `control` and everybody `excluded`."""

    id: str
    model: str | None
    model_version: str | None
    as_of: str
    created_at: str
    campaign: str | None
    base: int
    selected: int
    control: int
    excluded: dict[Reason, int] = _EXCLUDED
    spec: ListSpec
    score_set: str | None
    score_set_revision: int | None
    data_fingerprint: str
    members_sha256: str


class PreviewDocument(BaseModel):
    """What a list would be."""

    base: int
    selected: int
    control: int
    excluded: dict[Reason, int] = _EXCLUDED
    expected: float | None = Field(description="Sum of the members' probabilities, or effects.")
    cost: float | None = Field(description="Of all members, where values are given.")
    expected_value: float | None
    least_effect: float | None = Field(
        description="Smallest change in the share of outcomes that the control would show."
    )
    told: Told


EXAMPLE: dict[str, Any] = {
    "id": "list_5f0c9a4be1d27c3388aa",
    "model": "customer_activity",
    "model_version": "3",
    "as_of": "2026-03-01",
    "created_at": "2026-03-01T12:00:00+00:00",
    "campaign": "spring-2026",
    "base": 20000,
    "selected": 1000,
    "control": 113,
    "excluded": {"not_eligible": 1204, "below_cut_off": 17683},
    "spec": {"model": "customer_activity", "size": 1000},
    "score_set": "2026-03-01-0247f180decb",
    "score_set_revision": 1,
    "data_fingerprint": "c0ffee",
    "members_sha256": "9b74c9897bac770ffc029102a200c5de2d2f36c2f0a3f1d5e9d1c6c2a3b4c5d6",
}

_PREVIEW: dict[str, Any] = {
    "base": 20000,
    "selected": 1000,
    "control": 113,
    "excluded": {"not_eligible": 1204, "below_cut_off": 17683},
    "expected": 412.6,
    "cost": 2000.0,
    "expected_value": 121780.0,
    "least_effect": 0.136,
    "told": {
        "en": "the best 1,000 by customer_activity; 0.1 of them held out as control",
        "zh-TW": "依 customer_activity 最佳 1,000 人 (另保留 0.1 為對照組)",
    },
}

_ANSWER = {"model": ListDocument, "content": {"application/json": {"example": EXAMPLE}}}


@router.post(
    "",
    summary="Freeze the best customers of a model",
    status_code=201,
    response_class=Response,
    dependencies=[allowed("lists:write"), idempotent],
    responses={
        201: {**_ANSWER, "description": "Built."},
        200: {**_ANSWER, "description": "The same request has built it before."},
        **ACCEPTED,
        **documented(
            UnreleasedModelError,
            ListTooLargeError,
            ConditionError,
            UnfitSpecError,
            NoConsentsError,
            InProgressError,
            ReusedKeyError,
            NotReadyError,
            DamagedScoreSetError,
            UnknownScoreSetError,
        ),
    },
)
async def build(
    spec: ListSpec,
    request: Request,
    preference: Preferred,
    shared: Annotated[Resources, Depends(resources)],
) -> Response:
    """Build a list from what is live; the same request on the same release is the same list.

    A list of more than 10,000, of no given size, or for one product becomes a job.
    """
    if not preference.is_async and not takes_long(spec):
        return _answer(await run_in_threadpool(_build, shared, spec))
    known = await run_in_threadpool(_known, shared, spec)
    if known is not None:
        return _answer(Built(known, new=False))
    job = await run_in_threadpool(queue, request, shared, "list", spec.document())
    job = await waited_for(shared, job, preference)
    if job.problem is not None:
        return refuse_kept(request, job.problem)
    if job.status != "succeeded" or job.location is None:
        return accepted(job)
    made = job.location.rpartition("/")[2]
    return _answer(Built(await run_in_threadpool(find_list, shared.state, made), new=True))


def takes_long(spec: ListSpec) -> bool:
    """Tell whether a list is better built by a job."""
    of_one_product = spec.product is not None or spec.new_product is not None
    return of_one_product or spec.size is None or spec.size > AT_ONCE


def _known(shared: Resources, spec: ListSpec) -> TargetList | None:
    release = _live(spec, shared)
    return already_built(
        spec,
        release,
        artifacts=shared.artifacts,
        state=shared.state,
        global_control=shared.global_control,
    )


def _build(shared: Resources, spec: ListSpec) -> Built:
    release = _live(spec, shared)
    return build_list(
        spec,
        release,
        desk=shared.desk,
        state=shared.state,
        at=shared.now(),
        global_control=shared.global_control,
    )


def _answer(built: Built) -> Response:
    return Response(
        json_bytes(built.list.document()),
        status_code=201 if built.new else 200,
        headers={"Location": f"/v1/lists/{built.list.id}"},
        media_type="application/json",
    )


@router.post(
    ":preview",
    summary="Count a list without building it",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {
            "model": PreviewDocument,
            "content": {"application/json": {"example": _PREVIEW}},
        },
        **documented(
            UnreleasedModelError,
            ListTooLargeError,
            ConditionError,
            UnfitSpecError,
            NoConsentsError,
            NotReadyError,
            DamagedScoreSetError,
            UnknownScoreSetError,
        ),
    },
)
def look_ahead(spec: ListSpec, shared: Annotated[Resources, Depends(resources)]) -> Response:
    """How many would be on the list and why the others would not, at which cost."""
    release = _live(spec, shared)
    found = preview(
        spec,
        release,
        desk=shared.desk,
        state=shared.state,
        at=shared.now(),
        global_control=shared.global_control,
    )
    return Response(json_bytes(found.document()), media_type="application/json")


@router.get(
    "/{list_id}",
    summary="Look at a list",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={200: _ANSWER, **documented(UnknownListError)},
)
def show(list_id: str, shared: Annotated[Resources, Depends(resources)]) -> Response:
    """Where a list came from, and how many were left out for which reason."""
    found = find_list(shared.state, list_id)
    return Response(json_bytes(found.document()), media_type="application/json")


def _live(spec: ListSpec, shared: Resources) -> Release:
    """Return what is live, having made sure that the model is."""
    if spec.model is not None:
        shared.live.model(spec.model)
    return shared.live.view().release
