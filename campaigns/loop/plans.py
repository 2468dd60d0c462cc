"""Campaigns: what is planned, and how far it has got."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Engine, func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.loop.lines import Id, Label
from campaigns.state.tables import CampaignPlan, ContactEvent, FrozenList, OutcomeEvent
from features.columns import Channel

Cost = Annotated[float, Field(ge=0, strict=True, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class UnknownCampaignError(ValueError):
    """There is no plan of that id."""


class CampaignExistsError(ValueError):
    """There is another plan of that id."""


class Campaign(BaseModel):
    """What is planned. Lists name the campaign by its id, and so do contacts and outcomes."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
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
            ]
        },
    )

    campaign_id: Name = Field(description="Of your own choice: letters, digits, `.`, `_` and `-`.")
    goal: Label | None = Field(default=None, description="What it is for.")
    channel: Channel | None = None
    offer: Label | None = Field(default=None, description="What is offered; names the arm.")
    product_id: Id | None = Field(default=None, description="Product on offer.")
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = Field(
        default=None,
        description="When outcomes cease to count; 28 days after the last draw, if left out.",
    )
    contact_cost: Cost | None = Field(default=None, description="Cost of a contact.")
    redemption_cost: Cost | None = Field(default=None, description="Cost of a redeemed offer.")
    margin_share: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="Margin as a share of sales."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError("ends_at is not after starts_at")
        return self

    @classmethod
    def of(cls, row: CampaignPlan) -> Self:
        """Return what a row of the database says."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class Planned(NamedTuple):
    """A plan, when it was made, and whether that was just now."""

    campaign: Campaign
    created_at: datetime
    new: bool = False


class Track(BaseModel):
    """How far a campaign has got.

    Attributes
    ----------
    lists, treated, control : int
        Its lists; members and customers held out, each list counted by itself.
    contacts : dict of str to int
        By status.
    outcomes : dict of str to int
        By kind.
    """

    lists: int
    treated: int = Field(description="Members of its lists, each list counted by itself.")
    control: int = Field(description="Customers held out of them.")
    contacts: dict[str, int] = Field(description="Contacts by status.")
    outcomes: dict[str, int] = Field(description="Outcomes by kind.")


def plan_campaign(state: Engine, campaign: Campaign, *, at: datetime) -> Planned:
    """Keep a plan; the same one again changes nothing.

    Raises
    ------
    CampaignExistsError
        If there is another one of that id.
    """
    try:
        with Session(state) as session, session.begin():
            session.add(CampaignPlan(**campaign.model_dump(), created_at=at))
    except IntegrityError:
        found = find_campaign(state, campaign.campaign_id)
        if found.campaign != campaign:
            raise CampaignExistsError(
                f"there is another campaign {campaign.campaign_id}. Choose another id: what was "
                "planned is not changed afterwards."
            ) from None
        return found
    return Planned(find_campaign(state, campaign.campaign_id).campaign, at, new=True)


def find_campaign(state: Engine, campaign_id: str) -> Planned:
    """Return a plan by its id.

    Raises
    ------
    UnknownCampaignError
        If there is none.
    """
    with Session(state) as session:
        row = session.get(CampaignPlan, campaign_id)
        if row is None:
            raise UnknownCampaignError(
                "there is no plan of this campaign. Make one with POST /v1/campaigns."
            )
        return Planned(Campaign.of(row), row.created_at)


def list_campaigns(
    state: Engine, *, limit: int | None = None, after: str | None = None
) -> Sequence[Planned]:
    """Return plans, the newest first, from the one after `after` on.

    Raises
    ------
    UnknownCampaignError
        If there is no plan `after`.
    """
    key = tuple_(CampaignPlan.created_at, CampaignPlan.campaign_id)
    query = select(CampaignPlan).order_by(
        CampaignPlan.created_at.desc(), CampaignPlan.campaign_id.desc()
    )
    if after is not None:
        found = find_campaign(state, after)
        query = query.where(key < tuple_(*_typed(found.created_at, after)))
    with Session(state) as session:
        rows = session.scalars(query.limit(limit))
        return [Planned(Campaign.of(row), row.created_at) for row in rows]


def _typed(created_at: datetime, campaign_id: str) -> tuple[Any, Any]:
    from sqlalchemy import literal

    columns = CampaignPlan.__table__.c
    return (
        literal(created_at, columns.created_at.type),
        literal(campaign_id, columns.campaign_id.type),
    )


def track(state: Engine, campaign_id: str) -> Track:
    """Count the lists of a campaign, what was delivered, and what came back."""
    with Session(state) as session:
        lists = session.execute(
            select(
                func.count(),
                func.coalesce(func.sum(FrozenList.selected), 0),
                func.coalesce(func.sum(FrozenList.control), 0),
            ).where(FrozenList.campaign == campaign_id)
        ).one()
        contacts = _counted(session, ContactEvent, ContactEvent.status, campaign_id)
        outcomes = _counted(session, OutcomeEvent, OutcomeEvent.kind, campaign_id)
    count, treated, control = (int(number) for number in lists)
    return Track(
        lists=count, treated=treated, control=control, contacts=contacts, outcomes=outcomes
    )


def _counted(session: Session, table: Any, column: Any, campaign_id: str) -> dict[str, int]:
    rows = session.execute(
        select(column, func.count())
        .where(table.campaign_id == campaign_id)
        .group_by(column)
        .order_by(column)
    )
    return {str(name): int(number) for name, number in rows}
