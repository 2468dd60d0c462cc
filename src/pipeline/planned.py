"""What every plan of a model's cut-offs has, whatever its kind."""

from datetime import date
from typing import Any, NamedTuple, Protocol, Self


class Planned(Protocol):
    """The cut-offs of one model."""

    @property
    def labelled(self) -> tuple[date, ...]:
        """All cut-offs whose outcome window is closed, in time order."""

    @property
    def score(self) -> date:
        """Scoring cut-off."""

    def _replace(self, *, score: date) -> Self:
        """Return the same with another scoring cut-off."""

    def _asdict(self) -> dict[str, Any]:
        """Return what is written down."""


class Span(NamedTuple):
    """First and last day on which anything was sold."""

    first: date
    last: date
