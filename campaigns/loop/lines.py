"""Read many rows as NDJSON: what is sound is taken, what is not is told line by line."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)

#: Lines that are told what is wrong with them; the others are only counted.
TOLD = 1_000
#: A clock elsewhere may be so far ahead of ours.
AHEAD = timedelta(minutes=5)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def _has_happened(time: datetime, info: ValidationInfo) -> datetime:
    if time < _EARLIEST:
        raise ValueError("before 1990: give the time at which it happened")
    now: datetime | None = (info.context or {}).get("at")
    if now is not None and time > now + AHEAD:
        raise ValueError("in the future: report what has happened, with its time zone")
    return time


#: When something happened, with its zone; a text, since numbers of which unit nobody knows.
Moment = Annotated[AwareDatetime, Field(strict=True), AfterValidator(_has_happened)]
_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
#: An id of a customer.
Id = Annotated[str, Field(min_length=1, max_length=255, pattern=_PRINTABLE)]
#: A short text of the caller's own.
Label = Annotated[str, Field(min_length=1, max_length=64, pattern=_PRINTABLE)]


class Line(BaseModel):
    """Base of what one line holds: nothing that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BadLine(BaseModel):
    """A line that was not taken."""

    line: int = Field(ge=1, description="Its number, from 1; empty lines count.")
    detail: str = Field(description="What is wrong; never what it held.")
    pointer: str | None = Field(default=None, description="JSON pointer into the line.")


_L = TypeVar("_L", bound=Line)


class Read(NamedTuple, Generic[_L]):
    """What a body of lines holds.

    Attributes
    ----------
    rows : list
        The sound lines, in their order.
    numbers : list of int
        The numbers of their lines, from 1.
    bad : int
        How many are not.
    told : list of BadLine
        The first of them.
    """

    rows: list[_L]
    numbers: list[int]
    bad: int
    told: list[BadLine]


def read_lines(content: bytes, line: type[_L], *, at: datetime) -> Read[_L]:
    r"""Read one object a line; a line that is none, or not sound, stops nothing.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a mark at its beginning; lines end with LF or CRLF, and empty
        ones are left out.
    line : type
        What each line is to hold.
    at : datetime
        Now: what lies ahead has not happened.

    Examples
    --------
    >>> class Name(Line):
    ...     name: str
    >>> found = read_lines(b'{"name": "ann"}\n{"nam\n', Name, at=datetime.now(UTC))
    >>> found.rows, found.told[0].line
    ([Name(name='ann')], 2)
    """
    rows: list[_L] = []
    numbers: list[int] = []
    told: list[BadLine] = []
    bad = 0
    context = {"at": at}
    for number, text in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not text.strip():
            continue
        try:
            rows.append(line.model_validate_json(text, context=context))
            numbers.append(number)
        except ValidationError as error:
            bad += 1
            if len(told) < TOLD:
                told.append(_told(number, error, line))
    return Read(rows, numbers, bad, told)


def renamed(read: Read[_L], meant: Callable[[Sequence[str]], Mapping[str, str]]) -> Read[_L]:
    """Return rows by the ids of those whom they name by pseudonyms; who is nobody is told.

    Parameters
    ----------
    read : Read
        Rows with a `customer_id`.
    meant : callable
        Returns the ids of pseudonyms, without those that stand for nobody.
    """
    ids = meant([row.customer_id for row in read.rows])  # type: ignore[attr-defined]
    rows: list[_L] = []
    numbers: list[int] = []
    unknown: list[BadLine] = []
    for row, number in zip(read.rows, read.numbers, strict=True):
        customer = ids.get(row.customer_id)  # type: ignore[attr-defined]
        if customer is None:
            unknown.append(BadLine(line=number, detail=_NOBODY, pointer="/customer_id"))
        else:
            rows.append(row.model_copy(update={"customer_id": customer}))
            numbers.append(number)
    told = sorted([*read.told, *unknown], key=lambda one: one.line)[:TOLD]
    return Read(rows, numbers, read.bad + len(unknown), told)


_NOBODY = (
    "a pseudonym of nobody; without the scope members:pii customers are named by pseudonyms, as "
    "they are read"
)


def _told(number: int, error: ValidationError, line: type[Line]) -> BadLine:
    first: Any = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "extra_forbidden":  # its name may be anything, such as that of a customer
        known = ", ".join(line.model_fields)
        return BadLine(line=number, detail=f"it holds a field that is not known. Known: {known}")
    if first["type"] == "json_invalid":
        return BadLine(line=number, detail=f"not JSON: {first['ctx']['error']}")
    where = "".join(f"/{step}" for step in first["loc"])
    detail = first["msg"].removeprefix("Value error, ")
    return BadLine(line=number, detail=detail, pointer=where or None)
