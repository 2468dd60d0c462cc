"""Grains and views as a cut-off sees them, computed by Spark."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from features.definition import Feature, Grain, View
from features.tables import TABLES
from features.visibility import visible_rows
from pipeline.events import as_events

#: Computes rows once, and returns them as read from where they are kept.
Keep = Callable[[str, ir.Table], ir.Table]


def _from_utc_timestamp(at: Any, zone: Any) -> Any:
    """Turn a moment into a wall-clock time."""


_wall_clock = ibis.udf.scalar.builtin(
    _from_utc_timestamp,
    name="from_utc_timestamp",
    signature=((dt.Timestamp("UTC"), dt.string), dt.timestamp),
)


def wall_clock(zone: str, moment: ir.TimestampValue) -> ir.TimestampValue:
    """Return what clocks in a zone show at a moment."""
    return _wall_clock(moment, zone)


def read_events(connection: Any, tables: Path, *, time_zone: str) -> dict[str, ir.Table]:
    """Return every table that lies in a folder by name, ready for grains; see `as_events`."""
    files = {one.table_name: tables / f"{one.table_name}.parquet" for one in TABLES}
    found = {
        name: connection.read_parquet(str(path)) for name, path in files.items() if path.exists()
    }
    return as_events(found, time_zone=time_zone, wall_clock=wall_clock)


class SparkGrains:
    """The grains of one data set, each computed the first time it is asked for.

    Parameters
    ----------
    events : mapping of str to Table
        Tables as the authors of grains see them.
    keep : callable
        Computes rows once.
    """

    def __init__(self, events: Mapping[str, ir.Table], *, keep: Keep) -> None:
        self._events = events
        self._keep = keep
        self._rows: dict[Grain, ir.Table] = {}

    def rows(self, grain: Grain) -> ir.Table:
        """Return all rows of a grain, whenever they became known."""
        if grain not in self._rows:
            built = grain.build(*self.tables(grain.sources))
            self._rows[grain] = self._keep(f"grain_{grain.name}", built)
        return self._rows[grain]

    def tables(self, names: Iterable[str]) -> list[ir.Table]:
        """Return tables by name."""
        return [self._events[name] for name in names]

    def deliverable(self, features: Iterable[Feature]) -> list[Feature]:
        """Return the features all of whose source tables were delivered, by name."""
        return sorted((one for one in features if not self.missing(one)), key=lambda one: one.name)

    def missing(self, feature: Feature) -> tuple[str, ...]:
        """Return the tables that a feature needs and the data do not hold."""
        return tuple(name for name in feature.grain.sources if name not in self._events)


class SparkSeen:
    """What some cut-offs see of grains.

    Parameters
    ----------
    grains : SparkGrains
        The rows.
    cutoffs : sequence of date
        Local dates.
    keep : callable
        Computes rows once.
    """

    def __init__(self, grains: SparkGrains, cutoffs: Sequence[date], *, keep: Keep) -> None:
        self._grains = grains
        self._keep = keep
        self._tables: dict[Grain | View, ir.Table] = {}
        self.cutoffs = ibis.memtable({"as_of": sorted(set(cutoffs))}, schema={"as_of": "date"})

    def rows(self, source: Grain | View) -> ir.Table:
        """Return the visible rows of a grain or a view, with `as_of`."""
        if source not in self._tables:
            if isinstance(source, Grain):
                built = visible_rows(self._grains.rows(source), self.cutoffs)
            else:
                built = source.build(self.rows(source.base), *self._grains.tables(source.tables))
            self._tables[source] = self._keep(f"seen_{source.name}", built)
        return self._tables[source]
