"""Errors as a caller meets them: RFC 9457 problem documents, from one table."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from campaigns.assignments import UnknownAssignmentError
from campaigns.building import ListTooLargeError
from campaigns.conditions.errors import ConditionError
from campaigns.contact_columns import NoCustomersError
from campaigns.desk import UnfitSpecError
from campaigns.exports import UnknownExportError, UnknownFieldError
from campaigns.homes import UnknownPlaceError
from campaigns.jobs import StartedJobError, UnknownJobError
from campaigns.keys import InvalidKeyError, UnknownKeyError
from campaigns.list_spec import pointer
from campaigns.loop.plans import CampaignExistsError, UnknownCampaignError
from campaigns.member import NoReasonsError, UnknownMemberError
from campaigns.members import DamagedListError
from campaigns.permissions import NoConsentsError
from campaigns.standing.requests import StandingListExistsError, UnknownStandingListError
from campaigns.target_list import UnknownListError
from campaigns.webhooks.outbox import UnfinishedDeliveryError, UnknownDeliveryError
from campaigns.webhooks.subscriptions import TooManyWebhooksError, UnknownWebhookError
from campaigns.webhooks.targets import UnfitTargetError
from pipeline.companions import CompanionsError
from pipeline.fresh import NotFreshError, UnknownCustomerError
from pipeline.grain_store import MissingTableError
from pipeline.left_out import LeftOutError
from pipeline.pairs.targets import UnknownProductError
from pipeline.params import ParamsError
from pipeline.publish import RefusedError
from pipeline.release import (
    AnotherLiveError,
    DamagedReleaseError,
    NothingBeforeError,
    UnreleasedModelError,
)
from pipeline.score_set import DamagedScoreSetError, UnknownScoreSetError
from pipeline.snapshot_store import SnapshotError
from pipeline.versions import UnknownVersionError
from serving.access import ForbiddenError, MissingKeyError
from serving.body_limit import BodyTooLargeError
from serving.cursor import InvalidCursorError
from serving.formats import NotAcceptableError
from serving.issuer_keys import UnreachableIssuerError
from serving.json_bytes import json_bytes
from serving.kept_answers import InProgressError, ReusedKeyError
from serving.live import NotReadyError
from serving.model_errors import UnknownModelError, UnregisteredVersionError
from serving.ndjson import NotLinesError
from serving.rate_limit import TooManyRequestsError
from serving.request_id import request_id
from serving.resources import DATABASE_AWAY

_LOG = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """How an error of ours is told over HTTP.

    Attributes
    ----------
    status : int
        The status code.
    slug : str
        Last part of the problem's `type`.
    title : str
        The same for every problem of the type.
    at : dict
        Where in the request it lies: a JSON pointer into the body, or a parameter.
    headers : dict
        What else the caller needs.
    """

    status: int
    slug: str
    title: str
    at: Mapping[str, str] = MappingProxyType({})
    headers: Mapping[str, str] = MappingProxyType({})


_BEARER = {"WWW-Authenticate": 'Bearer realm="shortlist"'}
_SOON = {"Retry-After": "5"}

#: The one table from our errors to HTTP. What is not in it is a defect of ours: 500.
KINDS: dict[type[Exception], Kind] = {
    MissingKeyError: Kind(401, "missing-key", "A key is required", headers=_BEARER),
    InvalidKeyError: Kind(401, "invalid-key", "The key is not valid", headers=_BEARER),
    ForbiddenError: Kind(403, "forbidden", "The key is not allowed this"),
    TooManyRequestsError: Kind(
        429, "too-many-requests", "The key asks too often", headers={"Retry-After": "60"}
    ),
    UnreachableIssuerError: Kind(
        503, "issuer-away", "Tokens cannot be judged", headers={"Retry-After": "60"}
    ),
    UnknownKeyError: Kind(404, "unknown-key", "There is no such key"),
    UnknownModelError: Kind(404, "unknown-model", "There is no such model"),
    UnregisteredVersionError: Kind(
        422, "unknown-version", "There is no such version", at={"pointer": "#/version"}
    ),
    RefusedError: Kind(
        422, "refused-version", "The gate has not passed it", at={"pointer": "#/reason"}
    ),
    LeftOutError: Kind(422, "left-out", "The data cannot teach the model"),
    NothingBeforeError: Kind(409, "nothing-before", "There is nothing to step back to"),
    AnotherLiveError: Kind(409, "another-live", "Something else is live"),
    UnknownListError: Kind(404, "unknown-list", "There is no such list"),
    UnknownCampaignError: Kind(404, "unknown-campaign", "There is no such campaign"),
    UnknownStandingListError: Kind(404, "unknown-standing-list", "There is no such standing list"),
    CampaignExistsError: Kind(
        409, "campaign-exists", "There is another campaign", at={"pointer": "#/campaign_id"}
    ),
    StandingListExistsError: Kind(
        409, "standing-list-exists", "There is another standing list", at={"pointer": "#/name"}
    ),
    UnknownCustomerError: Kind(404, "unknown-customer", "There is no such customer"),
    UnknownProductError: Kind(404, "unknown-product", "There is no such product on sale"),
    UnknownAssignmentError: Kind(404, "unknown-assignment", "There is no such assignment"),
    UnknownExportError: Kind(404, "unknown-export", "There is no such export"),
    UnknownMemberError: Kind(404, "unknown-member", "There is no such member"),
    NoReasonsError: Kind(404, "no-reasons", "There are no reasons"),
    NotAcceptableError: Kind(406, "not-acceptable", "There is no such form"),
    UnknownJobError: Kind(404, "unknown-job", "There is no such job"),
    UnknownWebhookError: Kind(404, "unknown-webhook", "There is no such webhook"),
    UnknownDeliveryError: Kind(404, "unknown-delivery", "There is no such delivery"),
    UnfinishedDeliveryError: Kind(409, "unfinished-delivery", "The delivery is on its way"),
    TooManyWebhooksError: Kind(409, "too-many-webhooks", "There are too many webhooks"),
    UnfitTargetError: Kind(422, "unfit-target", "Nothing is sent there", at={"pointer": "#/url"}),
    StartedJobError: Kind(409, "started-job", "The job has begun"),
    InProgressError: Kind(
        409, "in-progress", "The first request is still worked on", headers={"Retry-After": "1"}
    ),
    BodyTooLargeError: Kind(413, "body-too-large", "The body is too long"),
    NotLinesError: Kind(415, "not-lines", "The body is not NDJSON"),
    ReusedKeyError: Kind(422, "reused-key", "The idempotency key belongs to another request"),
    InvalidCursorError: Kind(
        422, "invalid-cursor", "The cursor is not valid", at={"parameter": "cursor"}
    ),
    UnreleasedModelError: Kind(
        422, "unreleased-model", "The model is not live", at={"pointer": "#/model"}
    ),
    ListTooLargeError: Kind(
        422, "list-too-large", "More customers than there are", at={"pointer": "#/size"}
    ),
    ConditionError: Kind(
        422, "invalid-condition", "The condition cannot be asked", at={"pointer": "#/where"}
    ),
    UnknownFieldError: Kind(
        422, "unknown-field", "There is no such field", at={"pointer": "#/fields"}
    ),
    NotFreshError: Kind(422, "not-fresh", "Not for one customer alone", at={"parameter": "model"}),
    CompanionsError: Kind(422, "no-companions", "Companions cannot be looked for"),
    MissingTableError: Kind(503, "missing-table", "A table is gone"),
    SnapshotError: Kind(503, "missing-snapshot", "A snapshot is gone"),
    UnknownVersionError: Kind(503, "missing-version", "The version is gone"),
    ParamsError: Kind(503, "no-project", "The project cannot be read"),
    UnknownPlaceError: Kind(
        422, "unknown-place", "There is no such place", at={"pointer": "#/capacities"}
    ),
    NoCustomersError: Kind(503, "no-customers", "The customers are gone"),
    UnfitSpecError: Kind(422, "unfit-request", "The model cannot do this"),
    NoConsentsError: Kind(422, "no-consents", "Nobody has consented", at={"pointer": "#/channel"}),
    DamagedListError: Kind(500, "damaged-list", "The list cannot be read"),
    DamagedScoreSetError: Kind(503, "damaged-scores", "The scores cannot be read", headers=_SOON),
    UnknownScoreSetError: Kind(503, "missing-scores", "The scores are gone", headers=_SOON),
    DamagedReleaseError: Kind(503, "damaged-release", "The release is damaged", headers=_SOON),
    NotReadyError: Kind(503, "not-ready", "Not ready to answer", headers=_SOON),
    DataError: Kind(422, "unkept-value", "No database keeps this"),
    **dict.fromkeys(
        DATABASE_AWAY,
        Kind(503, "database-away", "The database does not answer", headers=_SOON),
    ),
}

#: Errors of others, whose messages may hold addresses or values: they are told in our words.
_TOLD = {
    "database-away": "the state database cannot be reached. Try again in a few seconds.",
    "unkept-value": "a NUL character, or a number beyond 64 bits, is in the request. Leave it out.",
    "no-project": "the parameters of the project cannot be read. `shortlist doctor` looks why.",
}


def handle_problems(app: FastAPI) -> None:
    """Answer every error with a problem document."""
    for error in KINDS:
        app.add_exception_handler(error, _ours)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _defect)


INVALID = Kind(422, "invalid-request", "The request is not valid")
_DEFECT = Kind(500, "defect", "A defect of ours")
_DEFECT_DETAIL = "this should not have happened. Report it with the request id."


async def _ours(request: Request, error: Exception) -> Response:
    return refuse(request, error)


def refuse(request: Request, error: Exception) -> Response:
    """Return the answer to a request that ended in an error of the table."""
    kind = next(KINDS[base] for base in type(error).__mro__ if base in KINDS)
    detail = _TOLD.get(kind.slug, str(error))
    if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.warning("%s: %s: %s", kind.slug, type(error).__name__, detail)
    if isinstance(error, TooManyRequestsError):
        kind = kind._replace(headers=error.headers)
    at = {"pointer": f"#{error.pointer}"} if isinstance(error, ConditionError) else kind.at
    return _respond(request, kind, detail, [{"detail": detail, **at}] if at else [])


def kept_problem(error: Exception) -> dict[str, Any]:
    """Return what a job keeps of an error: the problem document without its request."""
    kind = next((KINDS[base] for base in type(error).__mro__ if base in KINDS), _DEFECT)
    detail = _TOLD.get(kind.slug, str(error)) if kind is not _DEFECT else _DEFECT_DETAIL
    document = problem_document(kind, detail, "", "", [])
    return {name: document[name] for name in ("type", "title", "status", "detail")}


def refuse_kept(request: Request, problem: Mapping[str, Any]) -> Response:
    """Return the answer to a request whose job failed."""
    slug = problem["type"].rpartition(":")[2]
    return _respond(request, Kind(problem["status"], slug, problem["title"]), problem["detail"], [])


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # by registration
    places = [_place(item) for item in error.errors()]
    first = places[0]
    name = first.get("parameter") or first.get("pointer", "#").removeprefix("#/") or "body"
    return _respond(request, INVALID, f"{name}: {first['detail']}", places)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # by registration
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:  # bytes that are no text, or nested beyond reason
        return _respond(request, INVALID, _NOT_JSON, [{"detail": _NOT_JSON, "pointer": "#"}])
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))
    kind = Kind(status, status.phrase.lower().replace(" ", "-"), status.phrase, headers=headers)
    return _respond(request, kind, _HTTP_DETAILS.get(status, str(error.detail)), [])


def _methods(request: Request) -> list[str]:
    """Return what a path takes, of all the routes that share it."""
    found = (
        route.methods
        for route in iter_route_contexts(request.app.routes)
        if route.path_regex is not None and route.path_regex.match(request.url.path)
    )
    return sorted({method for methods in found if methods for method in methods})


_NOT_JSON = "the body is not JSON in UTF-8."
_HTTP_DETAILS = {
    HTTPStatus.NOT_FOUND: "there is nothing at this path. /openapi.json lists what there is.",
    HTTPStatus.METHOD_NOT_ALLOWED: "this path does not take that method. See the Allow header.",
}


async def _defect(request: Request, _error: Exception) -> Response:
    return _respond(request, _DEFECT, _DEFECT_DETAIL, [])


def _respond(request: Request, kind: Kind, detail: str, places: list[dict[str, str]]) -> Response:
    identity = request_id(request.scope)
    document = problem_document(kind, detail, request.url.path, identity, places)
    headers = {**kind.headers, "X-Request-Id": identity}
    return Response(json_bytes(document), kind.status, headers, MEDIA_TYPE)


def problem_document(
    kind: Kind, detail: str, path: str, identity: str, places: list[dict[str, str]]
) -> dict[str, Any]:
    """Return the document: what was found at `path` in the request of that `identity`."""
    document: dict[str, Any] = {
        "type": f"urn:shortlist:problem:{kind.slug}",
        "title": kind.title,
        "status": int(kind.status),
        "detail": detail,
        "instance": path,
        "request_id": identity,
    }
    return {**document, "errors": places} if places else document


def _place(item: Any) -> dict[str, str]:
    """Say where an invalid value is and what was expected; never the value itself."""
    where, *path = item["loc"]
    if item["type"] == "json_invalid":
        return {"detail": f"not JSON, at character {path[0]}", "pointer": "#"}
    if where == "body":
        where_in = pointer(tuple(path)) if path else ""
        return {"detail": item["msg"].removeprefix("Value error, "), "pointer": f"#{where_in}"}
    return {"detail": item["msg"], "parameter": str(path[0]) if path else where}
