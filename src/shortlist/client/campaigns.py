"""Campaigns: planned, followed, and what they changed."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from shortlist.client.answers import Campaign, CampaignDocument
from shortlist.client.transport import Transport


class Campaigns:
    """Campaigns."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def plan(self, campaign: Mapping[str, Any] | Campaign) -> CampaignDocument:
        """Plan a campaign under an id of your own; planning the same again changes nothing.

        Raises
        ------
        ConflictError
            If there is another one of that id.
        """
        made: CampaignDocument = self._transport.post("/v1/campaigns", dict(campaign))
        return made

    def get(self, campaign_id: str) -> CampaignDocument:
        """Return what was planned, and the counts of lists, contacts and outcomes so far."""
        found: CampaignDocument = self._transport.get(
            f"/v1/campaigns/{quote(campaign_id, safe='')}"
        )
        return found

    def effect(self, campaign_id: str) -> dict[str, Any]:
        """Return what a campaign changed, with intervals, once its outcomes are in."""
        path = f"/v1/campaigns/{quote(campaign_id, safe='')}/effect"
        found: dict[str, Any] = self._transport.get(path)
        return found

    def all(self) -> Iterator[Campaign]:
        """Yield the campaigns, the newest first."""
        cursor = None
        while True:
            page = self._transport.get("/v1/campaigns", cursor=cursor)
            yield from page["campaigns"]
            cursor = page["next_cursor"]
            if cursor is None:
                return
