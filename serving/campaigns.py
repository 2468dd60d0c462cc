"""/v1/campaigns: plan a campaign, follow it, and be told what it changed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from campaigns.effect.reported import ReportedEffect, effect_of_reports
from campaigns.loop.plans import (
    Campaign,
    CampaignExistsError,
    Name,
    Planned,
    Track,
    UnknownCampaignError,
    find_campaign,
    list_campaigns,
    plan_campaign,
    track,
)
from campaigns.members import DamagedListError
from serving.access import allowed
from serving.cursor import InvalidCursorError
from serving.documentation import documented
from serving.idempotency import idempotent
from serving.json_bytes import json_bytes
from serving.kept_answers import InProgressError, ReusedKeyError
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])
Shared = Annotated[Resources, Depends(resources)]

#: The largest page, in campaigns.
LARGEST = 1000


class CampaignDocument(BaseModel):
    """A campaign: what was planned, and how far it has got."""

    plan: Campaign
    created_at: str
    track: Track


class CampaignsPage(BaseModel):
    """Some campaigns, the newest first."""

    campaigns: list[Campaign]
    next_cursor: str | None = Field(description="Pass it as `cursor`; null on the last page.")


_PLAN: dict[str, Any] = {
    "campaign_id": "spring-2026",
    "goal": "win back",
    "channel": "email",
    "offer": "coupon",
    "starts_at": "2026-03-02T00:00:00+08:00",
    "ends_at": "2026-03-30T00:00:00+08:00",
    "contact_cost": 2.0,
    "redemption_cost": 50.0,
    "margin_share": 0.3,
}
_EXAMPLE: dict[str, Any] = {
    "plan": _PLAN,
    "created_at": "2026-02-27T06:00:00+00:00",
    "track": {
        "lists": 1,
        "treated": 1000,
        "control": 113,
        "contacts": {"bounced": 12, "sent": 988},
        "outcomes": {"purchase": 241},
    },
}
_PAGE: dict[str, Any] = {"campaigns": [_PLAN], "next_cursor": "autumn-2025"}
_EFFECT: dict[str, Any] = {
    "campaign_id": "spring-2026",
    "status": "told",
    "why": "",
    "closes_at": "2026-03-30T00:00:00+08:00",
    "level": 0.95,
    "lists": 1,
    "customers": {"treated": 1000, "control": 113},
    "control_shares": [0.1],
    "added": [
        {
            "outcome": "purchase",
            "source": "reports",
            "control_mean": 0.159,
            "effect": 0.064,
            "low": 0.001,
            "high": 0.127,
            "narrower": 0.08,
            "total": 64.0,
            "total_low": 1.0,
            "total_high": 127.0,
        }
    ],
}
_ANSWER = {"model": CampaignDocument, "content": {"application/json": {"example": _EXAMPLE}}}


@router.post(
    "",
    summary="Plan a campaign",
    status_code=201,
    response_class=Response,
    dependencies=[allowed("lists:write"), idempotent],
    responses={
        201: {**_ANSWER, "description": "Planned."},
        200: {**_ANSWER, "description": "The same was planned before."},
        **documented(CampaignExistsError, InProgressError, ReusedKeyError),
    },
)
def plan(campaign: Campaign, shared: Shared) -> Response:
    """Plan a campaign under an id of your own, which lists, contacts and outcomes then name."""
    planned = plan_campaign(shared.state, campaign, at=shared.now())
    return Response(
        json_bytes(_document(shared, planned)),
        status_code=201 if planned.new else 200,
        headers={"Location": f"/v1/campaigns/{campaign.campaign_id}"},
        media_type="application/json",
    )


@router.get(
    "",
    summary="List the campaigns",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {"model": CampaignsPage, "content": {"application/json": {"example": _PAGE}}},
        **documented(InvalidCursorError),
    },
)
def campaigns(
    shared: Shared,
    cursor: Annotated[Name | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST)] = 100,
) -> Response:
    """Campaigns from the newest on; paging never skips or repeats one."""
    try:
        found = list_campaigns(shared.state, limit=limit + 1, after=cursor)
    except UnknownCampaignError:
        raise InvalidCursorError(
            "the cursor is none of ours. Start without a cursor, and pass each page's "
            "next_cursor as it is."
        ) from None
    page = found[:limit]
    more = page[-1].campaign.campaign_id if len(found) > limit else None
    document = {"campaigns": [_plan(one.campaign) for one in page], "next_cursor": more}
    return Response(json_bytes(document), media_type="application/json")


@router.get(
    "/{campaign_id}",
    summary="Follow a campaign",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={200: _ANSWER, **documented(UnknownCampaignError)},
)
def show(campaign_id: Annotated[Name, Path()], shared: Shared) -> Response:
    """Show what was planned, and count lists, contacts and outcomes so far."""
    found = find_campaign(shared.state, campaign_id)
    return Response(json_bytes(_document(shared, found)), media_type="application/json")


@router.get(
    "/{campaign_id}/effect",
    summary="What a campaign changed",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {"model": ReportedEffect, "content": {"application/json": {"example": _EFFECT}}},
        **documented(UnknownCampaignError, DamagedListError),
    },
)
def effect(campaign_id: Annotated[Name, Path()], shared: Shared) -> Response:
    """Members of its lists against those held out, by intention to treat, with intervals.

    From the outcomes reported and, where receipts reach into the campaign, from them. While
    outcomes still count the answer is `too_early`.
    """
    found = effect_of_reports(shared.artifacts, shared.state, campaign_id, at=shared.now())
    return Response(json_bytes(found.model_dump(mode="json")), media_type="application/json")


def _document(shared: Resources, planned: Planned) -> dict[str, Any]:
    return {
        "plan": _plan(planned.campaign),
        "created_at": planned.created_at.isoformat(),
        "track": track(shared.state, planned.campaign.campaign_id).model_dump(),
    }


def _plan(campaign: Campaign) -> dict[str, Any]:
    return campaign.model_dump(mode="json", exclude_none=True)
