"""The conditions, as documents: each is known by its verb, the key that no other has."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Self

from pydantic import Discriminator, Field, Tag, model_validator

from campaigns.conditions.parts import (
    Compared,
    Day,
    Days,
    Number,
    Part,
    Products,
    Range,
    Text,
    Texts,
)
from features.columns import Channel

#: Conditions one inside the other, and in all, at most.
DEEPEST, MOST = 20, 200

#: What counts as having done something.
ONCE = Range(at_least=1)


class Counted(Part):
    """Something that happened so and so often, in some time."""

    times: Range = Field(default=ONCE, description="How often; at least once if left out.")
    within_days: Days | None = Field(default=None, description="In so many days up to now.")
    since: Day | None = Field(default=None, description="First day that counts.")
    until: Day | None = Field(default=None, description="First day that no longer counts.")

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"no day lies from {self.since} and before {self.until}")
        return self


class AllOf(Part):
    """All of these hold."""

    verb: ClassVar[str] = "all"
    all: tuple["Condition", ...] = Field(min_length=1)


class AnyOf(Part):
    """At least one of these holds."""

    verb: ClassVar[str] = "any"
    any: tuple["Condition", ...] = Field(min_length=1)


class Not(Part):
    """The opposite holds."""

    verb: ClassVar[str] = "not"
    negated: "Condition" = Field(alias="not")


class CustomerIs(Compared):
    """What is known of the person: a column of `customers`, `age`, `member_days` or `card`."""

    verb: ClassVar[str] = "customer"
    customer: Text = Field(description="The column. Interests are compared one by one.")


class FeatureIs(Compared):
    """A column of the feature catalogue, as of the cut-off."""

    verb: ClassVar[str] = "feature"
    feature: Text = Field(description="Its name; `shortlist features` lists them.")


class Bought(Counted):
    """Has bought some of these products; `times` counts receipts."""

    verb: ClassVar[str] = "bought"
    bought: Products
    pieces: Range | None = Field(default=None, description="Pieces in all, less returns.")
    amount: Range | None = Field(default=None, description="Money in all, less returns.")
    store: Texts | None = Field(default=None, description="In one of these stores.")
    channel: Texts | None = Field(default=None, description="Over one of these channels.")


class Owed(Part):
    """Has earned a gift by buying, and has not been sent it yet."""

    verb: ClassVar[str] = "owed"
    owed: Products = Field(description="What earns the gift.")
    for_every: int = Field(ge=1, le=10_000, description="Pieces that earn one.")
    gift: Products = Field(description="What was sent; gifts are receipt lines too.")
    at_least: int = Field(default=1, ge=1, description="So many gifts are owed.")


class RunsOut(Part):
    """Uses up what was bought within some days, by the days a piece lasts."""

    verb: ClassVar[str] = "runs_out"
    runs_out: Products
    within_days: Days = Field(description="So many days from the cut-off on.")
    overdue_days: int = Field(default=0, ge=0, le=3650, description="Or ran out so lately.")


class Categories(Part):
    """Which categories."""

    category: Texts | None = Field(default=None, description="Any if left out.")


class Due(Part):
    """Is due to buy again within some days, by the live scores of `repurchase_timing`."""

    verb: ClassVar[str] = "due"
    due: Categories
    within_days: Days = Field(description="So many days from the cut-off on.")
    probability: Range | None = Field(default=None, description="Of buying in the window.")


class Anniversary(Part):
    """Has an anniversary within some days."""

    verb: ClassVar[str] = "anniversary"
    anniversary: Text = Field(description="A date of `customers`, such as `joined_on`.")
    within_days: Annotated[int, Field(ge=1, le=365)]


class Consented(Part):
    """Agrees to be contacted, by the latest word on record before the cut-off."""

    verb: ClassVar[str] = "consent"
    consent: Channel
    purpose: Text = "marketing"


class Contacts(Part):
    """Which contacts."""

    campaign: Texts | None = None
    channel: Texts | None = None
    status: Texts | None = Field(default=None, description="Such as `sent` or `bounced`.")


class Contacted(Counted):
    """Was contacted."""

    verb: ClassVar[str] = "contacted"
    contacted: Contacts


class Interactions(Part):
    """Which interactions."""

    kind: Texts | None = Field(default=None, description="Such as `click` or `view`.")
    subject: Texts | None = Field(default=None, description="A product, category or campaign.")


class Interacted(Counted):
    """Searched, viewed, clicked, opened, ..."""

    verb: ClassVar[str] = "interacted"
    interacted: Interactions


class Answered(Part):
    """Gave one of these answers in a survey; the latest one counts."""

    verb: ClassVar[str] = "answered"
    answered: Text = Field(description="The question: `kind` of `surveys`.")
    one_of: Texts | None = Field(default=None, alias="in", description="Any answer if left out.")


class Scored(Part):
    """Has such a score of a live model; the best one, where a customer has several."""

    verb: ClassVar[str] = "score"
    score: Text = Field(description="The model.")
    at_least: Number | None = None
    at_most: Number | None = None
    best_share: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="Among the best so many of those scored."
    )

    @model_validator(mode="after")
    def _compares(self) -> Self:
        Range(at_least=self.at_least, at_most=self.at_most)
        return self


class InList(Part):
    """Is a member of another list."""

    verb: ClassVar[str] = "in_list"
    in_list: Text = Field(description="Id of the list.")


Leaf = (
    CustomerIs
    | FeatureIs
    | Bought
    | Owed
    | RunsOut
    | Due
    | Anniversary
    | Consented
    | Contacted
    | Interacted
    | Answered
    | Scored
    | InList
)

#: Every kind of condition, by its verb.
KINDS: dict[str, type[Part]] = {kind.verb: kind for kind in (AllOf, AnyOf, Not, *Leaf.__args__)}


def _verb_of(given: Any) -> str | None:
    if isinstance(given, Part):
        return getattr(given, "verb", None)
    found = [verb for verb in KINDS if isinstance(given, dict) and verb in given]
    return found[0] if len(found) == 1 else None


Condition = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[CustomerIs, Tag("customer")]
    | Annotated[FeatureIs, Tag("feature")]
    | Annotated[Bought, Tag("bought")]
    | Annotated[Owed, Tag("owed")]
    | Annotated[RunsOut, Tag("runs_out")]
    | Annotated[Due, Tag("due")]
    | Annotated[Anniversary, Tag("anniversary")]
    | Annotated[Consented, Tag("consent")]
    | Annotated[Contacted, Tag("contacted")]
    | Annotated[Interacted, Tag("interacted")]
    | Annotated[Answered, Tag("answered")]
    | Annotated[Scored, Tag("score")]
    | Annotated[InList, Tag("in_list")],
    Discriminator(
        _verb_of,
        custom_error_type="condition",
        custom_error_message=f"a condition has exactly one of the keys {', '.join(KINDS)}",
    ),
]

for _kind in (AllOf, AnyOf, Not):
    _kind.model_rebuild()


def leaves(condition: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every condition that holds no other, with its JSON pointer."""
    if isinstance(condition, Not):
        yield from leaves(condition.negated, f"{pointer}/not")
    elif isinstance(condition, AllOf | AnyOf):
        for number, one in enumerate(parts_of(condition)):
            yield from leaves(one, f"{pointer}/{condition.verb}/{number}")
    else:
        yield pointer, condition


def parts_of(condition: AllOf | AnyOf) -> tuple[Any, ...]:
    """Return the conditions that a condition is made of."""
    return condition.all if isinstance(condition, AllOf) else condition.any


def depth(condition: Any) -> int:
    """Return how many conditions lie one inside the other, at most."""
    if isinstance(condition, Not):
        return 1 + depth(condition.negated)
    if isinstance(condition, AllOf | AnyOf):
        return 1 + max(depth(one) for one in parts_of(condition))
    return 1


def dues(condition: Any) -> tuple[Due, ...]:
    """Return what a condition asks of due dates, but for what it forbids."""
    if isinstance(condition, AllOf | AnyOf):
        return tuple(due for one in parts_of(condition) for due in dues(one))
    return (condition,) if isinstance(condition, Due) else ()
