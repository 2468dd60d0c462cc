"""Every feature there is: found by walking the modules of this package."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import features
from features.codings import CODED
from features.definition import Coded, Feature, Unit


class UnknownFeatureError(ValueError):
    """There is no feature of that name."""


@cache
def catalogue(*units: Unit) -> dict[str, Feature]:
    """Return the features of some units by name, in alphabetical order.

    A new feature is a new function in a module of `features`; nothing has to be listed.

    Parameters
    ----------
    *units : str
        `"customer"`, `"product"` or `"time"`; customers where none is named.

    Raises
    ------
    ValueError
        If two features share a name.

    Examples
    --------
    >>> "days_since_last_purchase" in catalogue("customer")
    True
    >>> "days_to_christmas" in catalogue("time")
    True
    """
    found: dict[str, Feature] = {}
    for one in _declared():
        if one.grain.unit not in (units or ("customer",)):
            continue
        if found.setdefault(one.name, one) is not one:
            raise ValueError(f"two features are called {one.name}; rename one of them")
    return dict(sorted(found.items()))


def find_feature(name: str) -> Feature | Coded:
    """Return a feature of any unit, or a column of a coding.

    Raises
    ------
    UnknownFeatureError
        If there is none of that name; the message names those that look alike.
    """
    from difflib import get_close_matches

    every: dict[str, Feature | Coded] = {**catalogue("customer", "product", "time"), **CODED}
    if name not in every:
        alike = get_close_matches(name, every, n=3, cutoff=0.4)
        hint = f" Did you mean {', '.join(alike)}?" if alike else ""
        raise UnknownFeatureError(
            f"there is no feature {name}.{hint} `shortlist features` lists all of them."
        )
    return every[name]


def _declared() -> Iterator[Feature]:
    for info in iter_modules(features.__path__, "features."):
        yield from _features_in(vars(import_module(info.name)))


def _features_in(values: Mapping[Any, Any]) -> Iterator[Feature]:
    """Yield the features among some values, those in families and mappings of them included."""
    for name, value in values.items():
        if isinstance(value, Feature):
            yield value
        elif isinstance(value, Mapping) and not str(name).startswith("__"):
            yield from _features_in(value)
