"""Which lists there are, newest first."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine, and_, or_, select
from sqlalchemy.orm import Session

from campaigns.state.tables import FrozenList
from campaigns.target_list import TargetList


class After(NamedTuple):
    """The last list of a page: the next one starts below it."""

    created_at: datetime
    id: str


def list_lists(
    state: Engine,
    *,
    limit: int,
    after: After | None = None,
    campaign: str | None = None,
    model: str | None = None,
) -> list[TargetList]:
    """Return up to `limit` lists, newest first, of one campaign or model if it is named.

    What is built meanwhile comes before the first page, so paging neither skips nor repeats.
    """
    query = select(FrozenList).order_by(FrozenList.created_at.desc(), FrozenList.id.desc())
    if after is not None:
        earlier = FrozenList.created_at < after.created_at
        same = and_(FrozenList.created_at == after.created_at, FrozenList.id < after.id)
        query = query.where(or_(earlier, same))
    if campaign is not None:
        query = query.where(FrozenList.campaign == campaign)
    if model is not None:
        query = query.where(FrozenList.model == model)
    with Session(state) as session:
        return [TargetList.of(row) for row in session.scalars(query.limit(limit))]
