"""What was known at a cut-off: grains, visible rows, one column a feature."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend

from features.definition import Feature, Grain
from features.grains import memberships


class MissingTableError(ValueError):
    """A grain reads a table that the data do not hold."""


class Grains:
    """The grains of one data set, each materialised the first time it is asked for."""

    def __init__(self, connection: Backend, events: Mapping[str, ir.Table]) -> None:
        self._connection = connection
        self._events = events
        self._rows: dict[Grain, ir.Table] = {}

    def rows(self, grain: Grain) -> ir.Table:
        """Return the rows of a grain.

        Raises
        ------
        MissingTableError
            If a table that the grain reads was not delivered.
        """
        if grain not in self._rows:
            missing = [name for name in grain.sources if name not in self._events]
            if missing:
                raise MissingTableError(
                    f"{grain.name} reads {', '.join(missing)}, which the data do not hold. "
                    "Deliver the table, or leave out what needs it."
                )
            built = grain.build(*(self._events[source] for source in grain.sources))
            self._rows[grain] = self._connection.create_table(
                f"grain_{grain.name}", built, temp=True
            )
        return self._rows[grain]

    def deliverable(self, features: Iterable[Feature]) -> list[Feature]:
        """Return the features all of whose source tables were delivered, by name."""
        return sorted(
            (one for one in features if set(one.grain.sources) <= set(self._events)),
            key=lambda one: one.name,
        )


def snapshot_table(
    grains: Grains, *, features: Sequence[Feature], cutoffs: Sequence[date]
) -> ir.Table:
    """Return one row per customer known at each cut-off: key, `as_of`, one column a feature.

    All features of a grain, at all cut-offs, are one aggregate.
    """
    days = ibis.memtable({"as_of": list(cutoffs)}, schema={"as_of": "date"})
    base = visible_rows(grains.rows(memberships), days)
    table = base.select("customer_id", "as_of").distinct()
    by_grain: defaultdict[Grain, list[Feature]] = defaultdict(list)
    for one in features:
        by_grain[one.grain].append(one)
    for grain, members in by_grain.items():
        rows = visible_rows(grains.rows(grain), days)
        columns = {one.name: one.aggregate(rows) for one in members}
        aggregated = rows.group_by("customer_id", "as_of").aggregate(**columns)
        table = table.left_join(aggregated, ["customer_id", "as_of"]).drop(
            "customer_id_right", "as_of_right"
        )
    filled = {one.name: one.empty for one in features if one.empty is not None}
    table = table.fill_null(filled) if filled else table
    return table.select("customer_id", "as_of", *(one.name for one in features))


def visible_rows(rows: ir.Table, cutoffs: ir.Table) -> ir.Table:
    """Pair each cut-off with exactly the rows that were known before its day began.

    This is the one place where the cut-off is applied. `days_before` counts whole days from
    the row's own day to the cut-off; it is at least 1, since nothing is known before it
    happens.
    """
    return rows.join(cutoffs, rows.available_on < cutoffs.as_of).mutate(
        days_before=_.as_of.delta(_.event_on, unit="day")
    )
