"""GET /v1/lists/{id}/exclusions: how many were left out for which reason, and who."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.exclusions import left_out
from campaigns.ledger import REASONS
from campaigns.members import DamagedListError
from campaigns.target_list import UnknownListError, find_list
from serving.access import allowed
from serving.audit_log import audited
from serving.cursor import InvalidCursorError, make_cursor, read_cursor
from serving.documentation import documented
from serving.json_bytes import json_bytes
from serving.lists import Reason
from serving.names import Naming
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/lists", tags=["lists"])


class Exclusions(BaseModel):
    """Everybody who is no member of a list, by the first reason that applied."""

    list_id: str
    base: int
    selected: int
    control: int
    excluded: dict[Reason, int]
    reason: Reason | None = Field(description="Whose customers are named, if any were asked for.")
    customers: list[str] = Field(
        description="In the order of their ids; empty where no reason is named."
    )
    next_cursor: str | None = Field(description="Pass it as `cursor`; null on the last page.")


_EXAMPLE = {
    "list_id": "list_5f0c9a4be1d27c3388aa",
    "base": 20000,
    "selected": 1000,
    "control": 113,
    "excluded": {"not_eligible": 1204, "suppressed": 12, "below_cut_off": 17671},
    "reason": "suppressed",
    "customers": ["c-00144", "c-02310"],
    "next_cursor": make_cursor("list_5f0c9a4be1d27c3388aa suppressed", 2310),
}


@router.get(
    "/{list_id}/exclusions",
    summary="See who was left out of a list, and why",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {"model": Exclusions, "content": {"application/json": {"example": _EXAMPLE}}},
        **documented(UnknownListError, InvalidCursorError, DamagedListError),
    },
)
def exclusions(
    *,
    list_id: str,
    request: Request,
    names: Naming,
    shared: Annotated[Resources, Depends(resources)],
    reason: Annotated[
        Reason | None, Query(description=f"Name its customers: {', '.join(REASONS)}.")
    ] = None,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> Response:
    """Count who adds up to the base with members and control; with `reason`, name them.

    Of those without a score, only who is in the snapshot is named: where it was gone when
    the list was built, the count is larger than the names are many.
    """
    found = find_list(shared.state, list_id)
    named: list[str] = []
    last: int | None = None
    if reason is not None:
        of = f"{list_id} {reason}"
        after = read_cursor(of, cursor) if cursor else 0
        named, last = left_out(shared.artifacts, list_id, reason, after=after, limit=limit)
        audited(
            request,
            list_id=list_id,
            rows=len(named),
            fields=("customer_id", "outcome"),
            pseudonymous=names.pseudonymous,
        )
    document = {
        "list_id": list_id,
        "base": found.ledger.base,
        "selected": found.ledger.selected,
        "control": found.ledger.control,
        "excluded": dict(found.ledger.excluded),
        "reason": reason,
        "customers": names.each(named),
        "next_cursor": None if last is None else make_cursor(f"{list_id} {reason}", last),
    }
    return Response(json_bytes(document), media_type="application/json")
