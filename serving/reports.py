"""POST /v1/contacts, /v1/outcomes, /v1/consents and /v1/suppressions: what happened outside."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.loop.lines import Id
from campaigns.loop.reports import (
    CONSENTS,
    CONTACTS,
    OUTCOMES,
    SUPPRESSIONS,
    Kind,
    Received,
    lift_suppression,
    receive,
)
from features.columns import Channel
from pipeline.forgotten import read_forgotten
from serving.access import allowed
from serving.documentation import documented
from serving.idempotency import idempotent
from serving.json_bytes import json_bytes
from serving.kept_answers import InProgressError, ReusedKeyError
from serving.names import Names, Naming
from serving.ndjson import Lines, NotLinesError, described
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1", tags=["reports"])

#: Where many rows come in at once.
PATHS = ("/v1/contacts", "/v1/outcomes", "/v1/consents", "/v1/suppressions")

_RECEIVED: dict[str, Any] = {
    "accepted": 2,
    "changed": 1,
    "rejected": 1,
    "errors": [{"line": 2, "detail": "Field required", "pointer": "/customer_id"}],
}
_ANSWER = {"model": Received, "content": {"application/json": {"example": _RECEIVED}}}
_ERRORS = documented(NotLinesError, InProgressError, ReusedKeyError)
Shared = Annotated[Resources, Depends(resources)]


def _bulk(kind: Kind[Any], scope: str) -> dict[str, Any]:
    return {
        "response_class": Response,
        "dependencies": [allowed(scope), idempotent],
        "responses": {200: {**_ANSWER, "description": "Read line by line."}, **_ERRORS},
        "openapi_extra": described(kind.line),
    }


def _received(shared: Resources, names: Names, content: bytes, kind: Kind[Any]) -> Response:
    found = receive(
        shared.state,
        content,
        kind,
        at=shared.now(),
        forgotten=read_forgotten(shared.artifacts),
        meant=names.meant if names.pseudonymous else None,
    )
    document = found.model_dump(mode="json", exclude_none=True)
    return Response(json_bytes(document), media_type="application/json")


@router.post("/contacts", summary="Report contacts", **_bulk(CONTACTS, "outcomes:write"))
def contacts(content: Lines, names: Naming, shared: Shared) -> Response:
    """Report contacts, in any order and however late; each is counted once.

    A contact is known by campaign, customer, channel and time. Reported again with another
    status it gets further (sent, delivered, bounced, complained), never back. Who complained
    is suppressed over that channel at once.
    """
    return _received(shared, names, content, CONTACTS)


@router.post("/outcomes", summary="Report outcomes", **_bulk(OUTCOMES, "outcomes:write"))
def outcomes(content: Lines, names: Naming, shared: Shared) -> Response:
    """Report what came back, of those contacted and of those held out; each is counted once.

    An outcome is known by campaign, customer, kind and time; of two reports of the same one
    the first holds. Values of a customer are added up, so a correction is a row of its own.
    """
    return _received(shared, names, content, OUTCOMES)


@router.post("/consents", summary="Report consents", **_bulk(CONSENTS, "consents:write"))
def consents(content: Lines, names: Naming, shared: Shared) -> Response:
    """Report consents granted and withdrawn; the latest word holds at once.

    That is: for every list that is built from now on, and every one not yet exported. Of a
    grant and a withdrawal at the same moment the withdrawal holds.
    """
    return _received(shared, names, content, CONSENTS)


@router.post("/suppressions", summary="Suppress customers", **_bulk(SUPPRESSIONS, "consents:write"))
def suppressions(content: Lines, names: Naming, shared: Shared) -> Response:
    """Name customers who must not be contacted, whatever they agreed to; it holds at once."""
    return _received(shared, names, content, SUPPRESSIONS)


class Lifted(BaseModel):
    """What became of a suppression."""

    lifted: int = Field(description="1, or 0 where there was none.")


@router.delete(
    "/suppressions/{customer_id:path}",
    summary="Lift a suppression",
    response_class=Response,
    dependencies=[allowed("consents:write")],
    responses={
        200: {"model": Lifted, "content": {"application/json": {"example": {"lifted": 1}}}},
        **documented(),
    },
)
def lift(
    customer_id: Annotated[Id, Path()],
    names: Naming,
    shared: Shared,
    channel: Annotated[
        Channel | None, Query(description="The channel that was suppressed, if one was named.")
    ] = None,
) -> Response:
    """Let a customer be contacted again, as far as they agreed to it and did not complain."""
    meant = names.meant([customer_id]).get(customer_id)
    lifted = 0 if meant is None else lift_suppression(shared.state, meant, channel)
    return Response(json_bytes({"lifted": lifted}), media_type="application/json")
