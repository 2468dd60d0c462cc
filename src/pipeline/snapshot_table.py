"""What was known at a cut-off: grains, visible rows, one column a feature."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend

from features.contract import check
from features.definition import KEYS, Feature, Grain, Unit, View
from features.grains import memberships
from features.shelf import offers
from features.visibility import visible_rows


class MissingTableError(ValueError):
    """A grain reads a table that the data do not hold."""


class Grains:
    """The grains of one data set, each materialised the first time it is asked for."""

    def __init__(self, connection: Backend, events: Mapping[str, ir.Table]) -> None:
        self.connection = connection
        self._events = events
        self._rows: dict[Grain, ir.Table] = {}

    def rows(self, grain: Grain | View) -> ir.Table:
        """Return the rows of a grain, whenever they became known.

        Raises
        ------
        MissingTableError
            If a table that the grain reads was not delivered.
        TypeError
            If it is asked for a view, which exists only at a cut-off; see `Seen`.
        """
        if isinstance(grain, View):
            raise TypeError(f"{grain.name} is a view: it has rows only at a cut-off")
        if grain not in self._rows:
            self._rows[grain] = self.connection.create_table(
                f"grain_{grain.name}", grain.build(*self.tables(grain)), temp=True
            )
        return self._rows[grain]

    def tables(self, source: Grain | View) -> list[ir.Table]:
        """Return the tables that a grain, or a view beside its rows, takes as arguments."""
        names = source.tables if isinstance(source, View) else source.sources
        return [self.table(name, wanted_by=source.name) for name in names]

    def table(self, name: str, *, wanted_by: str = "this") -> ir.Table:
        """Return a table as the authors of grains see it.

        Raises
        ------
        MissingTableError
            If it was not delivered.
        """
        if name not in self._events:
            raise MissingTableError(
                f"{wanted_by} reads {name}, which the data do not hold. Deliver the table, or "
                "leave out what needs it."
            )
        return self._events[name]

    @property
    def delivered(self) -> frozenset[str]:
        """Names of the tables that the data hold."""
        return frozenset(self._events)

    def deliverable(self, features: Iterable[Feature]) -> list[Feature]:
        """Return the features all of whose source tables were delivered, by name."""
        return sorted((one for one in features if not self.missing(one)), key=lambda one: one.name)

    def missing(self, feature: Feature) -> tuple[str, ...]:
        """Return the tables that a feature needs and the data do not hold."""
        return tuple(name for name in feature.grain.sources if name not in self._events)


def left_out(grains: Grains, features: Iterable[Feature]) -> list[str]:
    """Return one notice for each set of missing tables, with the number of features it costs."""
    counts = Counter(missing for one in features if (missing := grains.missing(one)))
    return [
        f"{', '.join(tables)} not delivered: {count} features left out"
        for tables, count in sorted(counts.items())
    ]


class Seen:
    """Grains and views as some cut-offs see them; each view is computed once."""

    def __init__(self, grains: Grains, cutoffs: Sequence[date]) -> None:
        self._grains = grains
        self.cutoffs = ibis.memtable({"as_of": sorted(set(cutoffs))}, schema={"as_of": "date"})
        self._views: dict[View, ir.Table] = {}

    def rows(self, source: Grain | View) -> ir.Table:
        """Return the visible rows of a grain or a view, with `as_of`."""
        if isinstance(source, Grain):
            return visible_rows(self._grains.rows(source), self.cutoffs)
        if source not in self._views:
            built = source.build(self.rows(source.base), *self._grains.tables(source))
            self._views[source] = self._grains.connection.create_table(
                f"view_{source.name}", built, temp=True, overwrite=True
            )
        return self._views[source]

    def drop(self) -> None:
        """Free the memory of the views."""
        for table in self._views.values():
            self._grains.connection.drop_table(table.op().name)
        self._views.clear()


@contextmanager
def seen(grains: Grains, cutoffs: Sequence[date]) -> Iterator[Seen]:
    """Open the view of some cut-offs on grains, and free it at the end."""
    opened = Seen(grains, cutoffs)
    try:
        yield opened
    finally:
        opened.drop()


def snapshot_table(at: Seen, *, features: Sequence[Feature], unit: Unit = "customer") -> ir.Table:
    """Return one row per unit known at each cut-off: key, `as_of`, one column a feature.

    All features of a grain, at all cut-offs, are one aggregate. Features of the unit `time`
    have the same value for everybody at a cut-off.

    Raises
    ------
    FeatureError
        If a feature breaks the contract; see `features.contract`.
    """
    by_source: defaultdict[Grain | View, list[Feature]] = defaultdict(list)
    for one in features:
        by_source[check(one).grain].append(one)
    key = list(KEYS[unit])
    known = at.rows(_BASE[unit])
    table = known.select(*key, "as_of").distinct()
    # One chain of joins and one selection at its end: a selection after each join would
    # make Ibis rewrite the whole statement once per grain.
    for number, (source, members) in enumerate(by_source.items()):
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


def newest_rows(
    at: Seen, *, features: Sequence[Feature], cutoffs: Sequence[date]
) -> dict[date, dict[str, date | None]]:
    """Return the latest day on which a row that each cut-off sees happened or was known.

    By cut-off and grain; none where a grain has no row. It is what the alarms check, so it
    looks at the very rows that features count. Festivals are left out: a calendar is known
    before its days come.
    """
    found: dict[date, dict[str, date | None]] = {day: {} for day in cutoffs}
    counted = {_grain_of(one.grain) for one in features} | {memberships}
    for grain in (one for one in counted if one.unit != "time"):
        newest = (
            at.rows(grain)
            .group_by("as_of")
            .aggregate(newest=ibis.greatest(_.event_on.max(), _.available_on.max()))
        )
        known = {row["as_of"]: row["newest"] for row in newest.to_pyarrow().to_pylist()}
        for day in cutoffs:
            found[day][grain.name] = known.get(day)
    return {day: dict(sorted(by_grain.items())) for day, by_grain in found.items()}


def _grain_of(source: Grain | View) -> Grain:
    """Return the grain that a view, however many views deep, is built on."""
    while isinstance(source, View):
        source = source.base
    return source


#: The rows that say which units are known.
_BASE: dict[Unit, Grain | View] = {"customer": memberships, "product": offers}
