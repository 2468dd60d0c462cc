"""What a standing list is asked for: the list, when, and when not to remind again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import ConfigDict, Field, ValidationError
from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.conditions.parts import Days, Part
from campaigns.list_spec import ListSpec
from campaigns.state.tables import StandingRequest, StandingRun

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Festival = Literal[
    "lunar_new_year",
    "mothers_day",
    "dragon_boat",
    "fathers_day",
    "ghost_month",
    "mid_autumn",
    "double_11",
    "christmas",
]


class UnknownStandingListError(ValueError):
    """There is no standing list of that name."""


class StandingListExistsError(ValueError):
    """There is another standing list of that name."""


class Daily(Part):
    """Every day."""

    every: Literal["day"]


class Weekly(Part):
    """Once a week."""

    every: Literal["week"]
    on: Weekday


class Monthly(Part):
    """Once a month."""

    every: Literal["month"]
    on: Annotated[int, Field(ge=1, le=31)] = Field(
        description="Day of the month; the last day of a month that is shorter."
    )


class Before(Part):
    """Once before each time a festival comes."""

    festival: Festival
    days_before: Annotated[int, Field(ge=0, le=180)] = Field(
        description="Days from the list to the first day of the festival."
    )


When = Daily | Weekly | Monthly | Before


class StandingList(Part):
    """A list that is built again and again: active reminders."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "refill",
                    "list": {"model": "repurchase_timing", "size": 500, "campaign": "refill"},
                    "when": {"every": "week", "on": "monday"},
                    "remind_again_after_days": 28,
                },
                {
                    "name": "new-year-gifts",
                    "list": {"model": "customer_activity", "size": 1000},
                    "when": {"festival": "lunar_new_year", "days_before": 10},
                },
            ]
        }
    )

    name: Name = Field(description="Of your own choice: letters, digits, `.`, `_` and `-`.")
    spec: ListSpec = Field(alias="list", description="The list, as for POST /v1/lists.")
    when: When = Field(description="A cadence, or days before a festival.")
    remind_again_after_days: Days | None = Field(
        default=None,
        description="Days after which the same customer may be reminded of the same; never, if "
        "left out.",
    )

    def document(self) -> dict[str, object]:
        """Return the JSON document, without what was left at its default."""
        found: dict[str, object] = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return found


class Kept(NamedTuple):
    """A standing list, since when there is one, and whether that is just now."""

    standing: StandingList
    created_at: datetime
    new: bool = False

    def document(self) -> dict[str, object]:
        """Return it as command line and HTTP answer it."""
        return {**self.standing.document(), "created_at": self.created_at.isoformat()}


class InvalidStandingListError(ValueError):
    """The file does not hold a standing list."""


def read_standing_list(text: bytes, where: str) -> StandingList:
    """Read a standing list from the JSON that a file holds.

    Raises
    ------
    InvalidStandingListError
        If it holds none.
    """
    try:
        return StandingList.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = "".join(f"/{step}" for step in first["loc"]) or "the document"
        raise InvalidStandingListError(
            f"{where}: {place}: {first['msg'].removeprefix('Value error, ')}. Expected such as "
            '{"name": "refill", "list": {"model": "repurchase_timing", "size": 500}, '
            '"when": {"every": "week", "on": "monday"}}.'
        ) from None


def add_standing_list(state: Engine, standing: StandingList, *, at: datetime) -> Kept:
    """Keep a standing list; the same one again changes nothing.

    Raises
    ------
    StandingListExistsError
        If there is another one of that name.
    """
    row = StandingRequest(name=standing.name, document=standing.document(), created_at=at)
    try:
        with Session(state) as session, session.begin():
            session.add(row)
    except IntegrityError:
        found = find_standing_list(state, standing.name)
        if found.standing != standing:
            raise StandingListExistsError(
                f"there is another standing list {standing.name}. Choose another name, or remove "
                "the old one first: whom it reminded stays on record under its name."
            ) from None
        return found
    return Kept(standing, find_standing_list(state, standing.name).created_at, new=True)


def find_standing_list(state: Engine, name: str) -> Kept:
    """Return a standing list by its name.

    Raises
    ------
    UnknownStandingListError
        If there is none.
    """
    with Session(state) as session:
        row = session.get(StandingRequest, name)
        if row is None:
            raise UnknownStandingListError(
                "there is no standing list of this name. Add one with POST /v1/standing-lists."
            )
        return Kept(StandingList.model_validate(row.document), row.created_at)


def standing_lists(state: Engine) -> list[Kept]:
    """Return every standing list, by name."""
    with Session(state) as session:
        rows = session.scalars(select(StandingRequest).order_by(StandingRequest.name))
        return [Kept(StandingList.model_validate(row.document), row.created_at) for row in rows]


def remove_standing_list(state: Engine, name: str) -> None:
    """Build a standing list no more; its lists, and whom they reminded, stay on record.

    Raises
    ------
    UnknownStandingListError
        If there is none of that name.
    """
    find_standing_list(state, name)
    with Session(state) as session, session.begin():
        session.execute(delete(StandingRequest).where(StandingRequest.name == name))


def runs_of(state: Engine, name: str) -> Sequence[StandingRun]:
    """Return the runs of a standing list, the newest first.

    Raises
    ------
    UnknownStandingListError
        If there is none of that name.
    """
    find_standing_list(state, name)
    with Session(state) as session:
        query = select(StandingRun).where(
            StandingRun.name == name, StandingRun.built_at.is_not(None)
        )
        return session.scalars(query.order_by(StandingRun.due_on.desc())).all()
