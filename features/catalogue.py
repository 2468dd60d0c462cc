"""Every feature there is: found by walking the modules of this package."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import features
from features.definition import Family, Feature, Unit


@cache
def catalogue(unit: Unit = "customer") -> dict[str, Feature]:
    """Return the features of a unit by name, in alphabetical order.

    A new feature is a new function in a module of `features`; nothing has to be listed.

    Raises
    ------
    ValueError
        If two features share a name.

    Examples
    --------
    >>> "days_since_last_purchase" in catalogue("customer")
    True
    """
    found: dict[str, Feature] = {}
    for one in _declared():
        if one.grain.unit != unit:
            continue
        if found.setdefault(one.name, one) is not one:
            raise ValueError(f"two features are called {one.name}; rename one of them")
    return dict(sorted(found.items()))


def _declared() -> Iterator[Feature]:
    for info in iter_modules(features.__path__, "features."):
        yield from _features_in(import_module(info.name))


def _features_in(module: ModuleType) -> Iterator[Feature]:
    for value in vars(module).values():
        if isinstance(value, Feature):
            yield value
        elif isinstance(value, Family):
            yield from value.values()
