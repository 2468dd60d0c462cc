"""The nouns of the feature layer: a grain, a feature over it, and a fitted coding.

A **grain** reduces the retailer's tables to rows worth counting (baskets, memberships, ...).
It is built once, whatever the number of cut-offs. Each of its rows carries the customer,
`event_on` (the local day it happened) and `available_on` (the local day we knew of it).

A **view** is what a grain looks like at a cut-off, reduced further before it is counted: the
products a customer holds, the gaps between purchases. It is made of visible rows only.

A **feature** is a function over the rows of one grain or view that returns an Ibis aggregate.
The stage that builds snapshots has already removed every row that was not known before the
cut-off, and has added two columns: `as_of`, the cut-off's date, and `days_before`, the
whole days from the row's day to the cut-off (1 is the day before). An author cannot see
the future, because the future is not in the table.

A **coding** is what has to be fitted before it can be applied: clusters,
topics, typical intervals.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import ibis.expr.types as ir

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["customer", "product", "pair", "time"]

#: What identifies a row of a snapshot, by unit.
KEYS: dict[Unit, tuple[str, ...]] = {
    "customer": ("customer_id",),
    "product": ("product_id",),
    "pair": ("customer_id", "product_id"),
    "time": (),  # the same for everybody at a cut-off
}


@dataclass(frozen=True)
class Grain:
    """Rows that features count, built once for all cut-offs.

    Attributes
    ----------
    build : callable
        Takes one Ibis table per name in `sources`; returns the rows, with the keys of the
        unit, `event_on` and `available_on` among their columns. Rows that describe a state
        carry `until_on` as well, the first day on which they no longer do (null for the
        current one), and are visible only while they hold. Rows of a customer follow from
        that customer's own rows: when somebody else buys, they are not built again.
    unit : str
        What a row belongs to: `"customer"`, `"product"`, `"pair"` or `"time"`.
    sources : tuple of str
        Names of the declared tables it reads: the parameters of `build`.
    within : str, optional
        A column of the facts it reads. What becomes known on a day then follows from the facts
        that share its value with a fact of that day: a new day is built from its own orders.
    """

    build: Callable[..., ir.Table]
    unit: Unit
    sources: tuple[str, ...]
    within: str | None = None

    @property
    def name(self) -> str:
        """Name of the grain: that of its function."""
        return self.build.__name__


@dataclass(frozen=True)
class View:
    """A grain as it looks at a cut-off, reduced once more before features count it.

    Attributes
    ----------
    build : callable
        Takes the visible rows of `base` (with `as_of` and `days_before`) and one table per
        further source; returns rows that keep the key of the unit and `as_of`.
    base : Grain or View
        The rows it reduces.
    tables : tuple of str
        Declared tables without history that it looks attributes up in: the further
        parameters of `build`.
    """

    build: Callable[..., ir.Table]
    base: "Grain | View"
    tables: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the view: that of its function."""
        return self.build.__name__

    @property
    def unit(self) -> Unit:
        """What a row belongs to: the same as in its base."""
        return self.base.unit

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the declared tables it depends on."""
        return tuple(dict.fromkeys((*self.base.sources, *self.tables)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Feature:
    """One column of a snapshot. Two features are the same only if they are one object.

    Attributes
    ----------
    name : str
        Name of the column; carries its unit.
    grain : Grain or View
        The rows it aggregates.
    aggregate : callable
        Takes the visible rows, returns an Ibis aggregate of them.
    unit : str
        Unit of a value: one of `features.units.UNITS`.
    label : mapping
        What a marketer reads, by language: `en` and `zh-TW`.
    empty : int or float, optional
        Value of a customer without a visible row; null where it is left out.
    """

    name: str
    grain: Grain | View
    aggregate: Callable[[ir.Table], ir.Value]
    unit: str
    label: Mapping[str, str]
    empty: int | float | None = None

    @property
    def description(self) -> str:
        """What the column says, what null means and what is excluded."""
        return inspect.getdoc(self.aggregate) or ""


def grain(
    unit: Unit = "customer", *, within: str | None = None
) -> Callable[[Callable[..., ir.Table]], Grain]:
    """Declare a grain: the parameter names of the function are the tables it reads."""

    def declare(build: Callable[..., ir.Table]) -> Grain:
        return Grain(build, unit, tuple(inspect.signature(build).parameters), within)

    return declare


def view(base: Grain | View) -> Callable[[Callable[..., ir.Table]], View]:
    """Declare a view: the first parameter is the visible rows, the others are tables."""

    def declare(build: Callable[..., ir.Table]) -> View:
        return View(build, base, tuple(inspect.signature(build).parameters)[1:])

    return declare


def feature(
    grain: Grain | View, *, unit: str, en: str, zh: str, empty: float | None = None
) -> Callable[[Callable[[ir.Table], ir.Value]], Feature]:
    """Declare a feature: the name of the function is the name of the column."""

    def declare(aggregate: Callable[[ir.Table], ir.Value]) -> Feature:
        return Feature(
            name=aggregate.__name__,
            grain=grain,
            aggregate=aggregate,
            unit=unit,
            label={"en": en, "zh-TW": zh},
            empty=empty,
        )

    return declare


class Family(dict[int, Feature]):
    """One feature over several windows, by length in days: `order_count_within[90]`."""


def windowed_feature(
    grain: Grain | View,
    *,
    days: tuple[int, ...],
    unit: str,
    en: str,
    zh: str,
    empty: float | None = None,
) -> Callable[[Callable[..., ir.Value]], Family]:
    """Declare one feature for each window; `{days}` in a label stands for its length.

    A function called `spend_amount_within` gives columns `spend_amount_90d`, and so on.
    """

    def declare(aggregate: Callable[..., ir.Value]) -> Family:
        stem = aggregate.__name__.removesuffix("_within")
        return Family(
            {
                length: Feature(
                    name=f"{stem}_{length}d",
                    grain=grain,
                    aggregate=update_wrapper(partial(aggregate, days=length), aggregate),
                    unit=unit,
                    label={"en": en.format(days=length), "zh-TW": zh.format(days=length)},
                    empty=empty,
                )
                for length in days
            }
        )

    return declare


class Known(NamedTuple):
    """What a coding may look at: customers at one cut-off.

    Attributes
    ----------
    customers : Table
        One row per customer and one column a feature, as a snapshot keeps them.
    tastes : Table
        One row per customer, attribute and value; see `features.views.tastes`.
    """

    customers: ir.Table
    tastes: ir.Table


class Code(NamedTuple):
    """One value of a coding, as a marketer reads it: label and description by language."""

    code: str
    label: Mapping[str, str]
    description: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """One column of a coding, which a model may declare among its features.

    Attributes
    ----------
    name, unit : str
        The column, and the unit of its values.
    label : mapping
        What a marketer reads, by language: `en` and `zh-TW`.
    description : str
        What it says, and what null means.
    coding : Coding
        What it comes from.
    """

    name: str
    unit: str
    label: Mapping[str, str]
    description: str
    coding: "Coding"


#: What a coding learned: plain JSON, so that it can be read, compared and kept for years.
Fitted = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Coding:
    """What is fitted once on the past and applied at any later cut-off.

    The pipeline fits it on the earliest training cut-off, stores it under
    `artifacts/codings/NAME/VERSION/` and names that version in each snapshot's manifest.

    Attributes
    ----------
    name : str
        Name of the coding, and of its column of codes.
    label : mapping
        What a marketer reads, by language.
    fit : callable
        Takes what is known at one cut-off and a seed, returns what was learned.
    apply : callable
        Takes what was learned and what is known at a cut-off; returns one row per customer,
        indexed by `customer_id`: the column `name` with the code, and further columns of
        numbers whose names carry their unit.
    describe : callable
        Takes what was learned; returns its codes.
    """

    name: str
    label: Mapping[str, str]
    fit: Callable[[Known, int], Fitted]
    apply: Callable[[Fitted, Known], "pd.DataFrame"]
    describe: Callable[[Fitted], list[Code]]
