"""Grains for snapshots that nothing follows: only what these need is computed, and none is kept."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from features.definition import Feature, Grain, View
from features.lineage import rows_of
from features.needs import Need, needs
from pipeline.duck import held
from pipeline.grain_store import Grains, Naming

#: What has to be computed, and is worth computing once; all else is read again each time.
_COMPUTED = (ops.Aggregate, ops.WindowFunction, ops.Distinct, ops.Set)


class UnkeptGrains(Grains):
    """The grains of one data set, in the columns and for the cut-offs that were asked for.

    A grain that only selects and filters is never stored: its rows are read from the tables
    wherever they are counted. Nothing outlives the engine, so that neither customers are hashed
    nor tables divided or sorted.

    Parameters
    ----------
    connection : Backend
        Engine that computes them.
    events : mapping of str to Table
        Tables as the authors of grains see them; see `pipeline.events`.
    """

    def __init__(self, connection: Backend, events: Mapping[str, ir.Table]) -> None:
        super().__init__(connection, events)
        self._needs: dict[Grain | View, Need] = {}
        self._prepared: dict[Grain, ir.Table] = {}

    @contextmanager
    def prepared(
        self, features: Sequence[Feature], cutoffs: Sequence[date], *, base: Grain | View
    ) -> Iterator[None]:
        """Hold what these features and the rows of `base` need before the latest cut-off.

        Meanwhile `block` gives rows in which the columns that nobody asked for are null.
        """
        self._needs = needs(features, beside=[base])
        try:
            for source, need in self._needs.items():
                if isinstance(source, Grain):
                    self._prepared[source] = self._prepare(source, need, until=max(cutoffs))
            yield
        finally:
            for grain in self._prepared:
                self.connection.raw_sql(f'DROP TABLE IF EXISTS "needed_{grain.name}"')
            self._needs.clear()
            self._prepared.clear()

    def block(self, grain: Grain, number: int) -> ir.Table:
        """Return the rows of a grain: those prepared, or else all of it, held by the engine."""
        return self._prepared[grain] if grain in self._prepared else super().block(grain, number)

    def seen(self, source: Grain | View, rows: ir.Table, at: Naming) -> ir.Table:
        """Return the rows that a cut-off sees: computed now only if several will read them.

        Those that are not have a name, so that a statement which reads them twice prunes each
        reading for itself instead of storing all their columns.
        """
        need = self._needs.get(source)
        if need is None:
            return super().seen(source, rows, at)
        if isinstance(source, Grain) or need.uses <= 1 or not _is_computed(source):
            return at.named(source.name, rows)
        columns = [name for name in rows.columns if name in need.columns]
        return with_columns_of(rows, at.made(source.name, rows.select(columns)))

    def _prepare(self, grain: Grain, need: Need, *, until: date) -> ir.Table:
        known = [self._known(table, until) for table in self.tables(grain)]
        built = grain.build(*known)
        if not _is_computed(grain):
            return built
        columns = [name for name in built.columns if name in need.columns]
        own = held(self.connection, f"needed_{grain.name}", built.select(columns))
        return with_columns_of(built, own)

    def _known(self, table: ir.Table, until: date) -> ir.Table:
        if "available_on" not in table.columns:
            return table
        return table.filter(table.available_on < until)


def with_columns_of(whole: ir.Table, own: ir.Table) -> ir.Table:
    """Return rows with all the columns of a table, of which those not held are null.

    They are there to be named, not to be read.
    """
    missing = {
        name: ibis.null(kind) for name, kind in whole.schema().items() if name not in own.columns
    }
    return own.mutate(**missing).select(whole.columns)


def _is_computed(source: Grain | View) -> bool:
    """Tell whether making rows of the rows before them takes more than reading these."""
    rows = rows_of(source).op()
    before = rows_of(source.base).op() if isinstance(source, View) else None
    return bool(rows.find(_COMPUTED, filter=lambda node: node != before))
