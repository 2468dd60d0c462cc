"""The nouns of the feature layer: a grain, a feature over it, and a fitted coding.

A **grain** reduces the retailer's tables to rows worth counting (baskets, memberships, ...).
It is built once, whatever the number of cut-offs. Each of its rows carries the customer,
`event_on` (the local day it happened) and `available_on` (the local day we knew of it).

A **feature** is a function over the rows of one grain that returns an Ibis aggregate. The
stage that builds snapshots has already removed every row that was not known before the
cut-off, and has added two columns: `as_of`, the cut-off's date, and `days_before`, the
whole days from the row's day to the cut-off (1 is the day before). An author cannot see
the future, because the future is not in the table.

A **coding** is what has to be fitted before it can be applied: clusters, topics, typical
intervals.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, update_wrapper
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import ibis.expr.types as ir

Unit = Literal["customer", "product", "pair"]

#: What identifies a row of a snapshot, by unit.
KEYS: dict[Unit, tuple[str, ...]] = {
    "customer": ("customer_id",),
    "product": ("product_id",),
    "pair": ("customer_id", "product_id"),
}


@dataclass(frozen=True)
class Grain:
    """Rows that features count, built once for all cut-offs.

    Attributes
    ----------
    build : callable
        Takes one Ibis table per name in `sources`; returns the rows, with the keys of the
        unit, `event_on` and `available_on` among their columns.
    unit : str
        What a row belongs to: `"customer"`, `"product"` or `"pair"`.
    sources : tuple of str
        Names of the declared tables it reads: the parameters of `build`.
    """

    build: Callable[..., ir.Table]
    unit: Unit
    sources: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the grain: that of its function."""
        return self.build.__name__


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One column of a snapshot.

    Attributes
    ----------
    name : str
        Name of the column; carries its unit.
    grain : Grain
        The rows it aggregates.
    aggregate : callable
        Takes the visible rows of the grain, returns an Ibis aggregate of them.
    unit : str
        Unit of a value: `"days"`, `"orders"`, `"currency"`, `"share"`, ...
    label : mapping
        What a marketer reads, by language: `en` and `zh-TW`.
    empty : int or float, optional
        Value of a customer without a visible row; null where it is left out.
    """

    name: str
    grain: Grain
    aggregate: Callable[[ir.Table], ir.Value]
    unit: str
    label: Mapping[str, str]
    empty: int | float | None = None

    @property
    def description(self) -> str:
        """What the column says, what null means and what is excluded."""
        return inspect.getdoc(self.aggregate) or ""


def grain(unit: Unit = "customer") -> Callable[[Callable[..., ir.Table]], Grain]:
    """Declare a grain: the parameter names of the function are the tables it reads."""

    def declare(build: Callable[..., ir.Table]) -> Grain:
        return Grain(build, unit, tuple(inspect.signature(build).parameters))

    return declare


def feature(
    grain: Grain, *, unit: str, en: str, zh: str, empty: float | None = None
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
    grain: Grain,
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


@runtime_checkable
class Coding(Protocol):
    """What is fitted once on the past and applied at any later cut-off.

    The pipeline fits it on the earliest training cut-off, stores it under
    `artifacts/codings/NAME/VERSION/` and names that version in each snapshot's manifest.
    """

    name: str

    def fit(self, snapshot: ir.Table) -> Any:
        """Learn from one snapshot; return what `apply` needs, ready to be saved."""

    def apply(self, fitted: Any, snapshot: ir.Table) -> ir.Table:
        """Return the key of each row of `snapshot` with the columns of the coding."""

    def save(self, fitted: Any, folder: Path) -> None:
        """Write what was learned into an empty folder."""

    def load(self, folder: Path) -> Any:
        """Read back what `save` wrote."""
