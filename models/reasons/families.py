"""Features that are told as one, because they say the same thing in several ways.

A model that holds orders of 30, 90 and 365 days spreads one fact over three contributions,
often of both signs. What they add together is what a reader can use.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from features.definition import Feature
from features.frequency import (
    elapsed_over_mean_gap_ratio,
    mean_gap_days,
    order_count,
    order_count_within,
    purchase_days_count,
)
from features.money import spend_amount, spend_amount_within
from features.recency import days_since_last_purchase
from features.rhythm import elapsed_over_longest_gap_ratio, overdue_score
from models.reasons.phrases import Phrase, is_missing, spoken

_WINDOW = re.compile(r"_\d+d$")


@dataclass(frozen=True)
class Family:
    """Features that are told as one.

    Attributes
    ----------
    members : tuple of Feature
        Whose contributions are added up.
    needs : tuple of Feature
        Whose values the phrase is made of; without one of them there is no family.
    tell : callable, optional
        Takes those values in order, returns the phrase. Where it is missing, the member that
        adds most speaks for all.
    """

    members: tuple[Feature, ...]
    needs: tuple[Feature, ...] = ()
    tell: Callable[..., Phrase] | None = None


class Told(NamedTuple):
    """Columns that are told as one, and how, if they have a way of their own."""

    names: tuple[str, ...]
    family: Family | None


def _rhythm(days: Any, gap: Any) -> Phrase:
    if is_missing(days):
        return Phrase("Has not bought yet", "尚未購買")
    since = spoken(days, "days")
    ago = f"Bought {since} {'day' if since == '1' else 'days'} ago"
    if is_missing(gap):
        return Phrase(f"{ago}, no second purchase yet", f"距上次購買 {since} 天，尚無第二次購買")
    usual = spoken(gap, "days")
    return Phrase(
        f"{ago}, typical gap {usual} {'day' if usual == '1' else 'days'}",
        f"距上次購買 {since} 天，平均間隔 {usual} 天",
    )


#: Families beyond the windows of one feature.
FAMILIES: tuple[Family, ...] = (
    Family(
        members=(
            days_since_last_purchase,
            mean_gap_days,
            elapsed_over_mean_gap_ratio,
            elapsed_over_longest_gap_ratio,
            overdue_score,
        ),
        needs=(days_since_last_purchase, mean_gap_days),
        tell=_rhythm,
    ),
    # How much of late: who orders often spends much, and the two share what they add.
    Family(
        members=(
            order_count,
            *order_count_within.values(),
            purchase_days_count,
            spend_amount,
            *spend_amount_within.values(),
        ),
    ),
)


def families(features: Mapping[str, Feature]) -> list[Told]:
    """Return which columns are told as one.

    Examples
    --------
    >>> from features.catalogue import catalogue
    >>> known = catalogue()
    >>> columns = "search_count_7d", "search_count_90d", "gender"
    >>> [told.names for told in families({name: known[name] for name in columns})]
    [('search_count_7d', 'search_count_90d'), ('gender',)]
    """
    found: dict[object, list[str]] = {}
    for name, one in features.items():
        found.setdefault(_family(one, features) or _WINDOW.sub("", name), []).append(name)
    return [
        Told(tuple(names), key if isinstance(key, Family) else None) for key, names in found.items()
    ]


def _family(one: Feature, features: Mapping[str, Feature]) -> Family | None:
    for family in FAMILIES:
        complete = all(features.get(need.name) is need for need in family.needs)
        if complete and any(one is member for member in family.members):
            return family
    return None
