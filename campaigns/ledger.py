"""Everybody known at a cut-off, with one outcome each."""

from collections.abc import Mapping
from dataclasses import dataclass

#: Why somebody is left out; of several reasons the first counts.
REASONS = (
    "not_eligible",
    "condition",
    "no_consent",
    "suppressed",
    "contact_cap",
    "reminded",
    "household",
    "global_control",
    "below_cut_off",
)
#: Outcomes by the code that stands for them, as frozen lists hold them.
OUTCOMES = ("selected", "control", *REASONS)


@dataclass(frozen=True)
class Ledger:
    """How many customers had which outcome.

    Attributes
    ----------
    base : int
        Number of customers known at the cut-off.
    selected : int
        Members of the list.
    control : int
        Customers who would be members, and were held out at random.
    excluded : mapping of str to int
        Customers left out, by the first of `REASONS` that applied; those that left out
        nobody are absent.

    Raises
    ------
    ValueError
        If the outcomes do not add up to the base.
    """

    base: int
    selected: int
    control: int
    excluded: Mapping[str, int]

    def __post_init__(self) -> None:
        counts = (self.selected, self.control, *self.excluded.values())
        if min(counts) < 0 or sum(counts) != self.base:
            raise ValueError(f"{counts} do not add up to a base of {self.base}.")
