"""What a table is: columns with a type, a range, a unit, a purpose and a description."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import ibis.expr.types as ir

Kind = Literal["text", "integer", "number", "money", "flag", "date", "time"]
Purpose = Literal["general", "contact", "health"]

#: The Ibis type in which each kind of column is stored. Times are UTC in storage.
STORED_AS: dict[Kind, str] = {
    "text": "string",
    "integer": "int64",
    "number": "float64",
    "money": "float64",
    "flag": "boolean",
    "date": "date",
    "time": "timestamp('UTC', 6)",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table, as the retailer is asked to deliver it.

    Parameters
    ----------
    kind : str
        What a value is; `STORED_AS` says how it is stored.
    description : str
        One sentence for the data dictionary.
    nullable : bool
        Whether a value may be missing. A nullable column may be absent altogether.
    minimum, maximum : float, optional
        Inclusive limits of a number.
    choices : tuple of str
        The only texts allowed, if any are listed.
    unit : str, optional
        Unit of a number, such as `"pieces"`; money is in the retailer's currency.
    planned : bool
        Whether a date or time may lie in the future, as the end of a campaign does.
    purpose : str
        `general`, `contact` (identifies a person) or `health`. The last two can never
        become model features.
    references : str, optional
        `"table.column"` in which every value has to occur.
    """

    kind: Kind
    description: str
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str | None = None
    planned: bool = False
    purpose: Purpose = "general"
    references: str | None = None
    name: str = field(default="", init=False)

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "name", name)


@dataclass(frozen=True)
class Rule:
    """A condition that every row has to meet, over several columns at once."""

    name: str
    description: str
    holds: Callable[[ir.Table], ir.BooleanValue]
    columns: tuple[str, ...]


class Table:
    """Base of the declared tables; a subclass is a declaration and is never instantiated."""

    #: Columns that identify a row; two rows with the same key are an error.
    key: ClassVar[tuple[str, ...]]
    #: Whether the product can run without the table.
    required: ClassVar[bool] = False
    #: Conditions over several columns.
    rules: ClassVar[tuple[Rule, ...]] = ()
    #: The name of the table, and of its file; not `name`, which is a column of products.
    table_name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.table_name = _snake_case(cls.__name__)

    @classmethod
    def columns(cls) -> Iterator[Column]:
        """Yield the columns in the order in which they are declared."""
        return (value for value in vars(cls).values() if isinstance(value, Column))

    @classmethod
    def column(cls, name: str) -> Column:
        """Return the column of that name.

        Raises
        ------
        KeyError
            If the table declares no such column.
        """
        for column in cls.columns():
            if column.name == name:
                return column
        raise KeyError(f"{cls.table_name} declares no column {name}")

    @classmethod
    def schema(cls) -> dict[str, str]:
        """Return the Ibis type of every column, by name, in the declared order."""
        return {column.name: STORED_AS[column.kind] for column in cls.columns()}

    @classmethod
    def summary(cls) -> str:
        """Return what one row of the table is, in one line."""
        return (cls.__doc__ or "").strip().splitlines()[0]


def _snake_case(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
