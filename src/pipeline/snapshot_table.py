"""What was known at a cut-off: visible rows, views of them, one column a feature."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import count
from typing import Protocol

import ibis
import ibis.expr.types as ir
from ibis import _

from features.contract import check
from features.definition import KEYS, Feature, Grain, Unit, View
from features.grains import memberships
from features.needs import counted_once
from features.shelf import offers
from features.visibility import visible_rows
from pipeline.duck import as_it_is_called, date_variable, held, sql_of, typed_statement
from pipeline.grain_store import Grains

_numbers = count()


class Looks(Protocol):
    """What some cut-offs see, by whichever engine."""

    def rows(self, source: Grain | View) -> ir.Table:
        """Return the visible rows of a grain or a view, with `as_of`."""


class Seen:
    """Grains and views as some cut-offs see them, of one block of customers or of all.

    What is computed is remembered: `look` computes the same for other cut-offs or another
    block, without building the expressions again, which costs more than small data do.
    """

    def __init__(self, grains: Grains, cutoffs: Sequence[date], *, block: int = 0) -> None:
        self._grains = grains
        self._block = block
        self._name = f"seen_{next(_numbers)}"
        self._tables: dict[Grain | View | str, ir.Table] = {}
        self._made: list[tuple[str, ir.Table]] = []
        self._named: list[str] = []
        self._statements: list[tuple[str, str]] = []
        self._one = len(set(cutoffs)) == 1
        self.cutoffs = self._set_cutoffs(cutoffs)

    def rows(self, source: Grain | View) -> ir.Table:
        """Return the visible rows of a grain or a view, with `as_of`."""
        if source not in self._tables:
            if isinstance(source, Grain):
                built = visible_rows(self._grains.block(source, self._block), self.cutoffs)
            else:
                built = source.build(self.rows(source.base), *self._grains.tables(source))
            self._tables[source] = self._grains.seen(source, built, self)
        return self._tables[source]

    def made(self, name: str, rows: ir.Table) -> ir.Table:
        """Compute a table of visible rows, now and whenever `look` moves on."""
        name = f"{self._name}_{name}"
        table = held(self._grains.connection, name, rows)
        self._made.append((name, rows))
        return table

    def named(self, name: str, rows: ir.Table) -> ir.Table:
        """Give rows a name without computing them: each statement reads of them what it needs."""
        name = f"{self._name}_{name}_rows"
        self._named.append(name)
        connection = self._grains.connection
        connection.raw_sql(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {sql_of(connection, rows)}')
        return as_it_is_called(connection, name, rows.schema())

    def look(self, cutoffs: Sequence[date], *, block: int = 0) -> None:
        """Compute all that was asked for so far, for other cut-offs or another block."""
        connection = self._grains.connection
        # Compiled only here: whoever looks once need not pay for it.
        for name, rows in self._made[len(self._statements) :]:
            self._statements.append((name, typed_statement(connection, rows)))
        self._forget()
        self._set_cutoffs(cutoffs)
        self._block = block
        for source in self._tables:
            if isinstance(source, Grain):
                self._grains.block(source, block)
        for name, statement in self._statements:
            connection.raw_sql(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {statement}')

    def drop(self) -> None:
        """Free the memory of all that was computed."""
        self._forget()
        for name in self._named:
            self._grains.connection.raw_sql(f'DROP VIEW IF EXISTS "{name}"')
        self._grains.connection.raw_sql(f'DROP TABLE IF EXISTS "{self._name}"')
        self._tables.clear()
        self._made.clear()
        self._named.clear()
        self._statements.clear()

    def _forget(self) -> None:
        for name, _rows in self._made:
            self._grains.connection.raw_sql(f'DROP TABLE IF EXISTS "{name}"')

    def _set_cutoffs(self, cutoffs: Sequence[date]) -> ir.Table | ir.DateScalar:
        if self._one != (len(set(cutoffs)) == 1):
            raise ValueError("rows are seen from one cut-off, or from several, but not by turns")
        connection = self._grains.connection
        if self._one:
            # A constant to whoever plans the query, and another one the next time.
            connection.raw_sql(f"SET VARIABLE {self._name} = DATE '{cutoffs[0].isoformat()}'")
            return date_variable(self._name).name("as_of")
        days = ", ".join(f"(DATE '{day.isoformat()}')" for day in sorted(set(cutoffs)))
        connection.raw_sql(
            f'CREATE OR REPLACE TEMP TABLE "{self._name}" AS FROM (VALUES {days}) AS t(as_of)'
        )
        return connection.table(self._name)


@contextmanager
def seen(grains: Grains, cutoffs: Sequence[date], *, block: int = 0) -> Iterator[Seen]:
    """Open the view of some cut-offs on grains, and free it at the end."""
    opened = Seen(grains, cutoffs, block=block)
    try:
        yield opened
    finally:
        opened.drop()


def snapshot_table(at: Looks, *, features: Sequence[Feature], unit: Unit = "customer") -> ir.Table:
    """Return one row per unit known at each cut-off: key, `as_of`, one column a feature.

    All features of a grain, at all cut-offs, are one aggregate, but for those that count
    different values: engines write rows down to count them, and would write those of all others
    too. Features of the unit `time` have the same value for everybody at a cut-off.

    Raises
    ------
    FeatureError
        If a feature breaks the contract; see `features.contract`.
    """
    together: defaultdict[tuple[Grain | View, frozenset[str]], list[Feature]] = defaultdict(list)
    for one in features:
        together[check(one).grain, counted_once(one)].append(one)
    key = list(KEYS[unit])
    known = at.rows(BASE[unit])
    table = known.select(*key, "as_of").distinct()
    # One chain of joins and one selection at its end: a selection after each join would
    # make Ibis rewrite the whole statement once per grain.
    for number, ((source, _distinct), members) in enumerate(together.items()):
        rows = at.rows(source)
        keys = [*KEYS[source.unit], "as_of"]
        aggregated = rows.group_by(keys).aggregate(**{o.name: o.aggregate(rows) for o in members})
        table = table.left_join(aggregated, keys, rname=f"{{name}}_of_{number}")
    return table.select(
        *key,
        "as_of",
        **{
            one.name: table[one.name] if one.empty is None else table[one.name].fill_null(one.empty)
            for one in features
        },
    )


def newest_rows(at: Looks, *, features: Sequence[Feature]) -> ir.Table:
    """Return the latest day on which a row that each cut-off sees happened or was known.

    By `as_of` and `grain`; no row where a grain has none. It is what the alarms check, so it
    looks at the very rows that features count. Festivals are left out: a calendar is known
    before its days come.
    """
    counted = {grain_of(one.grain) for one in features} | {memberships}
    by_name = sorted((one for one in counted if one.unit != "time"), key=lambda one: one.name)
    return ibis.union(
        *(
            at.rows(grain)
            .group_by("as_of")
            .aggregate(newest=ibis.greatest(_.event_on.max(), _.available_on.max()))
            .mutate(grain=ibis.literal(grain.name))
            for grain in by_name
        )
    )


def grain_of(source: Grain | View) -> Grain:
    """Return the grain that a view, however many views deep, is built on."""
    while isinstance(source, View):
        source = source.base
    return source


#: The rows that say which units are known.
BASE: dict[Unit, Grain | View] = {"customer": memberships, "product": offers}
