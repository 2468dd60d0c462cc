"""What each promotion covers: which products, in which stores, and when."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import ibis.expr.types as ir
import pandas as pd

#: Weeks after the end in which purchases may be missing.
AFTER_WEEKS = 4


class Scope(NamedTuple):
    """What one row of `promotions` covers.

    Attributes
    ----------
    products : frozenset of str
        Those that the products table holds.
    stores : frozenset of str, optional
        Stores that ran it; none where all did.
    starts_on, ends_on : date
        First day, and first day after the end.
    discount_share : float, optional
        Share taken off, in (0, 1].
    """

    products: frozenset[str]
    stores: frozenset[str] | None
    starts_on: date
    ends_on: date
    discount_share: float | None


def read_scopes(promotions: ir.Table, products: pd.DataFrame) -> dict[str, Scope]:
    """Return what every promotion covers, by its id."""
    found = {}
    for row in promotions.to_pyarrow().to_pylist():
        ids = _split(row["product_ids"])
        categories = _split(row["categories"])
        if categories:
            levels = [c for c in ("category", "category_2", "category_3") if c in products]
            inside = products[levels].isin(categories).any(axis=1)
            ids |= set(products.loc[inside, "product_id"])
        known = frozenset(ids & set(products["product_id"]))
        stores = _split(row["store_ids"])
        found[row["promotion_id"]] = Scope(
            known,
            frozenset(stores) if stores else None,
            row["starts_on"],
            row["ends_on"],
            row["discount_share"],
        )
    return found


def _split(text: str | None) -> set[str]:
    return set() if not text else {part.strip() for part in text.split("|") if part.strip()}


def excluded_weeks(scopes: Mapping[str, Scope], name: str, weekly: pd.DataFrame) -> list[date]:
    """Return the weeks that another promotion of the same products touched."""
    own = scopes[name]
    weeks = pd.DatetimeIndex(sorted(weekly["week"].unique()))
    busy: set[date] = set()
    for other, scope in scopes.items():
        if other == name or not scope.products & own.products:
            continue
        end = pd.Timestamp(scope.ends_on) + pd.Timedelta(weeks=AFTER_WEEKS)
        touched = (weeks + pd.Timedelta(days=7) > pd.Timestamp(scope.starts_on)) & (weeks < end)
        busy |= {week.date() for week in weeks[touched]}
    return sorted(busy)
