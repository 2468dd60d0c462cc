"""A figure with its interval."""

from typing import NamedTuple


class Estimate(NamedTuple):
    """A value with the ends of its confidence interval, in the unit of the measure."""

    value: float
    low: float
    high: float
