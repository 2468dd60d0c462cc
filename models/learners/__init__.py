"""Estimators of our own, usable on any pandas frame."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.learners.beta_geometric import BetaGeometric

#: Where each name lives; imported when it is first used, because LightGBM takes seconds.
_HOMES = {
    "BetaGeometric": "models.learners.beta_geometric",
}

__all__ = ["BetaGeometric"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
