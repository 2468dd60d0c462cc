"""What a target list is asked for."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from campaigns.conditions.condition import DEEPEST, MOST, Condition, depth, leaves
from campaigns.conditions.contradictions import refuse_contradictions
from campaigns.conditions.parts import Days, Number, Part, Text
from features.columns import Channel

#: Version of this language; a document may name it.
VERSION = 1

#: Consent to this, in writing, is needed for whatever tells of an illness.
HEALTH = "health"

_SAMPLE = '{"model": "customer_activity", "size": 1000}'
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Value(Part):
    """What a member is worth: margin of a sale, less what the contact and the offer cost.

    `margin * p - contact_cost - redemption_cost * r`, where `p` is the effect of the offer
    if it is known, else the probability, and `r` the share that redeems it.
    """

    margin: Number = Field(description="Margin of one outcome, in the retailer's currency.")
    contact_cost: Money = Field(default=0.0, description="Cost of one contact.")
    redemption_cost: Money = Field(default=0.0, description="Cost of one redeemed offer.")
    redemption_share: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="Of those contacted; the probability itself if left out."
    )


class ContactCap(Part):
    """How often somebody may be contacted, over all campaigns."""

    times: int = Field(ge=1, le=1000, description="So many contacts are enough.")
    within_days: Days = Field(description="In so many days up to now.")
    channel: Channel | None = Field(default=None, description="Over this channel; any if left out.")


class ListSpec(Part):
    """A request for a target list: the same document in a file, a notebook and over HTTP.

    Examples
    --------
    >>> ListSpec(model="card_uptake", size=1000).document()
    {'model': 'card_uptake', 'size': 1000}
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": "customer_activity", "size": 1000},
                {
                    "model": "card_uptake",
                    "where": {"customer": "region", "in": "Taipei"},
                    "size": 1000,
                    "channel": "email",
                },
            ]
        },
    )

    version: Literal[1] = Field(default=1, description="Version of the language.")
    model: Text | None = Field(
        description="Name of the live model that ranks. With null everybody known may be on the "
        "list, in random order: what conditions alone decide.",
    )
    product: Text | None = Field(
        default=None, description="Rank everybody for this product (purchase_propensity)."
    )
    new_product: dict[Text, Text | Number | None] | None = Field(
        default=None, description="Or for a product that nobody has sold: columns of products."
    )
    arm: Text | None = Field(default=None, description="Only this offer (promotion_lift).")
    where: Condition | None = Field(default=None, description="Who may be on the list.")
    size: int | None = Field(
        default=None, ge=1, strict=True, description="How many customers; fewer if fewer may be."
    )
    budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="What contacts and redemptions may cost; needs `value`."
    )
    at_least: Number | None = Field(
        default=None, description="Lowest probability (or effect) on the list."
    )
    profitable: bool = Field(
        default=False, description="Only who is worth more than they cost; needs `value`."
    )
    value: Value | None = Field(default=None, description="What a member is worth.")
    channel: Channel | None = Field(
        default=None, description="Channel of the contact: only who agreed to it."
    )
    purpose: Text = Field(default="marketing", description="What consent is needed for.")
    contact_cap: ContactCap | None = Field(default=None, description="Leave out who had enough.")
    one_a_household: bool = Field(default=False, description="Only the best of each household.")
    control_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.1,
        description="Share that is held out at random, so that the effect can be measured.",
    )
    seed: int = Field(
        default=0, ge=0, lt=2**63, strict=True, description="Seed of every random choice."
    )
    campaign: Annotated[Text, Field(max_length=64)] | None = Field(
        default=None, description="The campaign that the list is for."
    )

    def document(self) -> dict[str, Any]:
        """Return the JSON document, without what was left at its default."""
        found: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return found

    @field_validator("where")
    @classmethod
    def _can_be_met(cls, where: Any) -> Any:
        if where is not None:
            if depth(where) > DEEPEST:
                raise ValueError(f"conditions lie more than {DEEPEST} deep; flatten them")
            if sum(1 for _ in leaves(where)) > MOST:
                raise ValueError(f"more than {MOST} conditions; use `in` with several texts")
            refuse_contradictions(where)
        return where

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        ends = (self.size, self.budget, self.at_least)
        rules_alone = self.model is None and self.where is not None
        if all(end is None for end in ends) and not self.profitable and not rules_alone:
            raise ValueError("say where the list ends: size, budget, at_least or profitable")
        if (self.budget is not None or self.profitable) and self.value is None:
            raise ValueError("budget and profitable need `value`: margin and costs")
        if self.purpose == HEALTH and self.channel is None:
            raise ValueError("what tells of an illness needs a channel that consent was given for")
        if self.model is None and (self.budget or self.at_least is not None or self.profitable):
            raise ValueError("budget, at_least and profitable need a model that scores")
        if self.product is not None and self.new_product is not None:
            raise ValueError("name a product or describe a new one, not both")
        return self


class InvalidSpecError(ValueError):
    """The file does not hold a request for a list."""


def read_spec(path: Path) -> ListSpec:
    """Read a request from a JSON file.

    Raises
    ------
    InvalidSpecError
        If the file is missing or does not hold one.
    """
    try:
        return ListSpec.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InvalidSpecError(
            f"{path} does not exist. Name a JSON file such as {_SAMPLE}."
        ) from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise InvalidSpecError(
            f"{path}: {pointer(first['loc'])}: {first['msg'].removeprefix('Value error, ')}. "
            f"Expected: {_SAMPLE}."
        ) from None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a request, of this version of the language."""
    title = f"A target list, version {VERSION}"
    return {**ListSpec.model_json_schema(by_alias=True), "title": title}


def pointer(place: tuple[int | str, ...]) -> str:
    """Return where in a document something lies, as a JSON pointer.

    Between a condition and what it holds pydantic names the kind of condition, which is no
    step in the document.

    Examples
    --------
    >>> pointer(("where", "all", "all", 0, "bought", "times"))
    '/where/all/0/times'
    """
    steps: list[str] = []
    of_condition = False
    for step in place:
        if of_condition and isinstance(step, str):
            of_condition = False
            continue
        steps.append(str(step).replace("~", "~0").replace("/", "~1"))
        of_condition = step in {"where", "not"} or isinstance(step, int)
    return "/" + "/".join(steps) if steps else "the document"
