"""Where a feature comes from: the columns of the declared tables that it depends on."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.expr.operations.relations import DummyTable, Relation

from features.definition import Feature, Grain, View
from features.table import Table
from features.tables import TABLE_BY_NAME
from features.visibility import visible_rows


def declared_table(table: type[Table]) -> ir.Table:
    """Return an empty stand-in for a table as the authors of grains see it.

    Facts carry `event_on` and `available_on`, the local days, instead of `available_time`.
    Columns of every purpose are there, so that a use of a forbidden one can be named.
    """
    schema = table.schema()
    if {"event_time", "available_time"} <= set(schema):
        schema = {
            **{name: kind for name, kind in schema.items() if name != "available_time"},
            "event_time": "timestamp",
            "event_on": "date",
            "available_on": "date",
        }
    return ibis.table(schema, name=table.table_name)


@cache
def rows_of(source: Grain | View) -> ir.Table:
    """Return a grain or view over stand-ins: an expression that can be read, not run."""
    if isinstance(source, View):
        tables = (declared_table(TABLE_BY_NAME[name]) for name in source.tables)
        return source.build(rows_of(source.base), *tables)
    built = source.build(*(declared_table(TABLE_BY_NAME[name]) for name in source.sources))
    return visible_rows(built, ibis.table({"as_of": "date"}, name="cutoffs"))


def lineage(feature: Feature) -> Mapping[str, tuple[str, ...]]:
    """Return the columns that a feature depends on, by table, both in alphabetical order.

    A column counts where it enters the value, or where it decides which rows do.

    Examples
    --------
    >>> from features.recency import tenure_days
    >>> lineage(tenure_days)
    {'customers': ('customer_id', 'joined_on')}
    """
    aggregate = feature.aggregate(rows_of(feature.grain))
    found: defaultdict[str, set[str]] = defaultdict(set)
    for relation, column in columns_below([aggregate.op()]):
        if relation.name in TABLE_BY_NAME:
            found[relation.name].add(column)
    return {table: tuple(sorted(found[table])) for table in sorted(found)}


def columns_below(
    nodes: Iterable[ops.Node], *, down_to: ops.Node | None = None
) -> Iterator[tuple[Any, str]]:
    """Yield the columns that some nodes depend on, following only what they do depend on.

    Parameters
    ----------
    nodes : iterable of Node
        Where to begin.
    down_to : Node, optional
        A relation whose own columns are not followed further.

    Yields
    ------
    tuple of Node and str
        A stored table, or `down_to`, and the name of one of its columns.
    """
    todo: list[ops.Node] = [*nodes]
    seen: set[ops.Node] = set()
    while todo:
        current = todo.pop()
        if current in seen or current == down_to:
            continue
        seen.add(current)
        if isinstance(current, ops.Field):
            relation = current.rel
            if isinstance(relation, ops.PhysicalTable) or relation == down_to:
                yield relation, current.name
                continue
            todo.extend(_behind(relation, current.name))
        elif isinstance(current, Relation | ops.JoinLink):
            todo.extend(_rows_behind(current))
        else:
            todo.extend(child for child in current.__children__)


def _behind(relation: Relation, name: str) -> Iterator[ops.Node]:
    """Yield what one column of a relation depends on, and what its rows do."""
    if isinstance(relation, ops.Set):
        yield ops.Field(relation.left, name)
        yield ops.Field(relation.right, name)
    elif isinstance(relation, ops.SelfReference):
        yield ops.Field(relation.parent, name)
    else:
        yield relation.values[name]
    yield relation


def _rows_behind(relation: Relation) -> Iterator[ops.Node]:
    """Yield what decides which rows a relation has."""
    if isinstance(relation, ops.PhysicalTable | DummyTable):
        return
    if isinstance(relation, ops.JoinLink) and relation.how == "left":
        # A look-up: it adds columns, whose own lineage is followed, and takes no row away.
        yield from relation.predicates
        return
    kept = {"metrics"} if isinstance(relation, ops.Aggregate) else {"values"}
    for name, value in zip(relation.argnames, relation.args, strict=True):
        if name not in kept:
            yield from _nodes_in(value)


def _nodes_in(value: object) -> Iterator[ops.Node]:
    if isinstance(value, ops.Node):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _nodes_in(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _nodes_in(inner)
