"""GET /v1/lists/{id}/members/{customer_id}/reasons: why somebody is on a list."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.member import NoReasonsError, UnknownMemberError, find_member
from campaigns.members import DamagedListError, outcomes_path
from campaigns.target_list import UnknownListError, find_list
from serving.access import allowed
from serving.audit_log import audited
from serving.documentation import documented
from serving.json_bytes import json_bytes
from serving.language import Spoken
from serving.names import Naming
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/lists", tags=["lists"])


class ToldReason(BaseModel):
    """A fact about a customer in one language, and what it adds to the probability."""

    points: float = Field(ge=-1, le=1)
    text: str


class MemberReasons(BaseModel):
    """`start`, plus the points of `strongest`, plus `rest`, is the probability."""

    list_id: str
    customer_id: str
    rank: int
    probability: float
    language: Literal["en", "zh-TW"]
    start: float
    strongest: list[ToldReason]
    rest: float


_EXAMPLE = {
    "list_id": "list_5f0c9a4be1d27c3388aa",
    "customer_id": "c-01842",
    "rank": 1,
    "probability": 0.93,
    "language": "en",
    "start": 0.62,
    "strongest": [{"points": 0.22, "text": "Orders in the last 180 days: 19: +22.0 points"}],
    "rest": 0.09,
}


@router.get(
    "/{list_id}/members/{customer_id}/reasons",
    summary="See why a customer is on a list",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {"model": MemberReasons, "content": {"application/json": {"example": _EXAMPLE}}},
        **documented(UnknownListError, UnknownMemberError, NoReasonsError, DamagedListError),
    },
)
def reasons(
    *,
    list_id: str,
    customer_id: str,
    language: Spoken,
    request: Request,
    names: Naming,
    shared: Annotated[Resources, Depends(resources)],
) -> Response:
    """Say what the model goes by, largest first, in English or Traditional Chinese."""
    found = find_list(shared.state, list_id)
    everybody = outcomes_path(shared.artifacts, list_id)
    meant = names.meant([customer_id], also_in=[everybody]).get(customer_id)
    member = find_member(shared.artifacts, found, meant)
    why = member["reasons"]
    document = {
        "list_id": list_id,
        "customer_id": customer_id,
        "rank": member["rank"],
        "probability": member["probability"],
        "language": language,
        "start": why["start"],
        "strongest": [{"points": one["points"], "text": one[language]} for one in why["strongest"]],
        "rest": why["rest"],
    }
    audited(
        request,
        list_id=list_id,
        rows=1,
        fields=("rank", "customer_id", "probability", "reasons"),
        pseudonymous=names.pseudonymous,
    )
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    return Response(json_bytes(document), headers=headers, media_type="application/json")
