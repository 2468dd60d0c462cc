"""Which columns of grains and views some features need, and how often each is asked for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache

import ibis.expr.operations as ops

from features.contract import check
from features.definition import KEYS, Feature, Grain, View
from features.lineage import columns_below, rows_of

#: What every row of a grain is found by: when it happened, became known, and ceased to hold.
_WHEN = ("event_on", "available_on", "until_on")


@dataclass
class Need:
    """What is needed of a grain or a view.

    Attributes
    ----------
    columns : set of str
        Its columns; of a grain, when each row happened and was known too.
    uses : int
        How many statements read it: its features together are one, and each view on it.
    """

    columns: set[str] = field(default_factory=set)
    uses: int = 0


def needs(
    features: Iterable[Feature], *, beside: Collection[Grain | View] = ()
) -> dict[Grain | View, Need]:
    """Return what features need of each grain and view, views before what they are built on.

    `beside` are sources that are read without being counted.

    Examples
    --------
    >>> from features.recency import days_since_last_purchase
    >>> from features.grains import baskets
    >>> sorted(needs([days_since_last_purchase])[baskets].columns)
    ['as_of', 'available_on', 'customer_id', 'days_before', 'event_on', 'until_on']
    """
    found: dict[Grain | View, Need] = {}
    for source in beside:
        _need(found, source)
    for one in features:
        _need(found, one.grain).columns.update(_counted(check(one)))
    for source in {one.grain for one in features}:
        found[source].uses += 1
    for source in sorted(found, key=_depth, reverse=True):
        if isinstance(source, View):
            base = _need(found, source.base)
            base.uses += 1
            base.columns.update(_read(source, found[source].columns))
    return {source: found[source] for source in sorted(found, key=_depth, reverse=True)}


@cache
def counted_once(feature: Feature) -> frozenset[str]:
    """Return the columns of which a feature counts different values.

    Examples
    --------
    >>> from features.frequency import order_count, purchase_days_count
    >>> counted_once(purchase_days_count), counted_once(order_count)
    (frozenset({'event_on'}), frozenset())
    """
    value = feature.aggregate(rows_of(feature.grain)).op()
    return frozenset(
        column.name
        for counted in value.find(ops.CountDistinct)
        for column in counted.arg.find(ops.Field, filter=ops.Value)
    )


def _need(found: dict[Grain | View, Need], source: Grain | View) -> Need:
    """Return the need of a source, which starts with its keys, and that of what it is built on."""
    if source not in found:
        when = _WHEN if isinstance(source, Grain) else ()
        found[source] = Need({*KEYS[source.unit], "as_of", *when})
        if isinstance(source, View):
            _need(found, source.base)
    return found[source]


def _counted(feature: Feature) -> set[str]:
    """Return the columns that a feature aggregates."""
    rows = rows_of(feature.grain)
    fields = feature.aggregate(rows).op().find(ops.Field)
    return {one.name for one in fields if one.rel == rows.op()}


def _read(view: View, columns: Collection[str]) -> set[str]:
    """Return the columns of its base that a view needs for some of its own."""
    base, rows = rows_of(view.base).op(), rows_of(view)
    # Keys of the unit are always asked for; a view of pairs of products has others.
    starts = [rows[name].op() for name in columns if name in rows.columns]
    return {name for relation, name in columns_below(starts, down_to=base) if relation == base}


def _depth(source: Grain | View) -> int:
    return 1 + _depth(source.base) if isinstance(source, View) else 0
