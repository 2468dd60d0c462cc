"""What conditions are made of: texts, ranges, comparisons, a choice of products."""

from datetime import date
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

#: A text that any database can hold: PostgreSQL refuses the character NUL.
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


def _several(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


_UP_TO_1000 = Field(min_length=1, max_length=1000)
#: One text or several; one that stands alone needs no brackets.
Texts = Annotated[
    tuple[Text, ...],
    _UP_TO_1000,
    BeforeValidator(
        _several, json_schema_input_type=Text | Annotated[tuple[Text, ...], _UP_TO_1000]
    ),
]
Number = Annotated[float, Field(allow_inf_nan=False)]
#: A day that every calendar and every database knows, in any time zone.
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))]
Days = Annotated[int, Field(ge=1, le=36_500)]


class Part(BaseModel):
    """Base of all that a list is asked for with: frozen, and nothing that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def document(self) -> dict[str, Any]:
        """Return the JSON document, without what was left out."""
        found: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return found


_P = TypeVar("_P", bound=Part)


class Range(Part):
    """A number that is at least, at most, or both.

    Examples
    --------
    >>> 3 in Range(at_least=3)
    True
    """

    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        return _in_order(self, self.at_least, self.at_most)

    def __contains__(self, number: float) -> bool:
        """Tell whether a number lies within."""
        return (self.at_least is None or number >= self.at_least) and (
            self.at_most is None or number <= self.at_most
        )


class Compared(Part):
    """How a value is compared; an unknown value meets only `known: false` and `not_in`."""

    one_of: Texts | None = Field(default=None, alias="in", description="One of these texts.")
    not_in: Texts | None = Field(default=None, description="None of these texts, or unknown.")
    at_least: date | Number | None = Field(default=None, description="This or more (or later).")
    at_most: date | Number | None = Field(default=None, description="This or less (or earlier).")
    known: bool | None = Field(default=None, description="Whether it is known at all.")

    @model_validator(mode="after")
    def _compares(self) -> Self:
        given = (self.one_of, self.not_in, self.at_least, self.at_most, self.known)
        if all(one is None for one in given):
            raise ValueError("say how it compares: in, not_in, at_least, at_most or known")
        if self.one_of and self.not_in and set(self.one_of) <= set(self.not_in):
            raise ValueError("nothing is in these texts and not in them")
        return _in_order(self, self.at_least, self.at_most)


class Products(Part):
    """A choice of products: those to which all that is named applies. `{}` is any product."""

    product_id: Texts | None = Field(default=None, description="Ids.")
    family: Texts | None = Field(default=None, description="Editions that succeed each other.")
    version: Texts | None = Field(default=None, description="As marketed, such as `3.0`.")
    language: Texts | None = Field(default=None, description="Language of the edition.")
    generation: Range | None = Field(default=None, description="Position within the family.")
    brand: Texts | None = Field(default=None, description="Brands.")
    category: Texts | None = Field(default=None, description="Categories, of any level.")
    list_price: Range | None = Field(default=None, description="Price of a piece.")


def _in_order(part: _P, low: Any, high: Any) -> _P:
    if low is not None and high is not None:
        if isinstance(low, date) != isinstance(high, date):
            raise ValueError("at_least and at_most are a date and a number; give two of a kind")
        if low > high:
            raise ValueError(f"nothing is at least {low} and at most {high}")
    return part
