"""GET /v1/lists/{id}/members: the members of a frozen list, in rank order, a page at a time."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.members import DamagedListError
from campaigns.target_list import UnknownListError
from serving.access import allowed
from serving.audit_log import audited_soon
from serving.cursor import InvalidCursorError, make_cursor, read_cursor
from serving.documentation import documented
from serving.formats import CONTENT_TYPES, Accepted, NotAcceptableError, lines_content
from serving.json_bytes import json_bytes
from serving.names import Naming
from serving.pages import BLOCK
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/lists", tags=["lists"])

#: The largest page, in members.
LARGEST = BLOCK


class Reason(BaseModel):
    """A fact about a customer, and what it adds to the probability."""

    points: float = Field(ge=-1, le=1)
    en: str
    zh_TW: str = Field(alias="zh-TW")  # noqa: N815 - the language's own name


class Reasons(BaseModel):
    """What a probability is made of: `start`, plus the points of `strongest`, plus `rest`."""

    start: float = Field(ge=0, le=1, description="Where every customer starts.")
    strongest: list[Reason] = Field(description="What adds or takes away most, largest first.")
    rest: float = Field(ge=-1, le=1, description="Everything else together.")


class Member(BaseModel):
    """One customer of a list; the fields that its model does not have are absent."""

    rank: int = Field(ge=1)
    customer_id: str
    product_id: str | None = None
    category: str | None = Field(default=None, description="What is bought again, if by category.")
    arm: str | None = None
    state: str | None = None
    probability: float | None = Field(default=None, ge=0, le=1)
    arm_probability: float | None = Field(
        default=None, ge=0, le=1, description="Chance of being contacted, not held out."
    )
    effect: float | None = None
    expected_value: float | None = Field(default=None, description="Where values were given.")
    low: float | None = Field(default=None, description="Lower end of the interval.")
    high: float | None = Field(default=None, description="Upper end of the interval.")
    due_on: date | None = Field(default=None, description="When the next purchase is due.")
    opens_on: date | None = Field(default=None, description="First day of the contact window.")
    closes_on: date | None = Field(default=None, description="Last day of the contact window.")
    reasons: Reasons | None = Field(
        default=None,
        description=(
            "With `reasons=true`; null beyond rank 10,000, absent where the model cannot explain."
        ),
    )


class MembersPage(BaseModel):
    """Some members of a list, in rank order."""

    list_id: str
    model: str | None
    model_version: str | None
    next_cursor: str | None = Field(description="Pass it as `cursor`; null on the last page.")
    members: list[Member]


_PAGE: dict[str, Any] = {
    "list_id": "list_5f0c9a4be1d27c3388aa",
    "model": "customer_activity",
    "model_version": "3",
    "next_cursor": make_cursor("list_5f0c9a4be1d27c3388aa", 2),
    "members": [
        {"rank": 1, "customer_id": "c-01842", "probability": 0.93},
        {"rank": 2, "customer_id": "c-00317", "probability": 0.91},
    ],
}
_LINES = '{"rank":1,"customer_id":"c-01842","probability":0.93}\n'
_CSV = "rank,customer_id,probability\n1,c-01842,0.93\n"


@router.get(
    "/{list_id}/members",
    summary="Read the members of a list",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {
            "model": MembersPage,
            "content": {"application/json": {"example": _PAGE}, **lines_content(_LINES, _CSV)},
        },
        **documented(UnknownListError, InvalidCursorError, DamagedListError, NotAcceptableError),
    },
)
async def members(
    *,
    list_id: str,
    request: Request,
    form: Accepted,
    names: Naming,
    shared: Annotated[Resources, Depends(resources)],
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST)] = LARGEST,
    reasons: Annotated[
        bool, Query(description="Whether to say why, in English and Traditional Chinese.")
    ] = False,
) -> Response:
    """Members from the best rank on; paging never skips or repeats, as the list is frozen.

    As JSON; a member a line, as NDJSON, or as CSV with the names of the columns first, in
    which a text that a spreadsheet would take for a formula has a `'` before it; or as an
    Arrow stream. In all forms the header `Link` with `rel="next"` leads to the next page.
    """
    after = read_cursor(list_id, cursor) if cursor else 0
    pages = shared.pages
    page = pages.kept(list_id, after=after, limit=limit, names=names, reasons=reasons, form=form)
    if page is None:
        page = await run_in_threadpool(
            pages.read, list_id, after=after, limit=limit, names=names, reasons=reasons, form=form
        )
    await audited_soon(
        request,
        list_id=list_id,
        rows=page.last - after,
        fields=page.fields,
        pseudonymous=names.pseudonymous,
    )
    more = page.last < page.list.ledger.selected
    next_cursor = make_cursor(list_id, page.last) if more else None
    headers = {"Vary": "Accept"}
    if next_cursor is not None:
        address = request.url.include_query_params(cursor=next_cursor)
        headers["Link"] = f'<{address.path}?{address.query}>; rel="next"'
    if form != "json":
        body = page.head + page.members
        return Response(body, headers=headers, media_type=CONTENT_TYPES[form])
    head = json_bytes(
        {
            "list_id": list_id,
            "model": page.list.model,
            "model_version": page.list.version,
            "next_cursor": next_cursor,
        }
    )
    body = b"".join((head[:-1], b',"members":[', page.members[:-1], b"]}"))
    return Response(body, headers=headers, media_type="application/json")
