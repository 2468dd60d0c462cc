"""Grains for snapshots that nothing follows: only what these need is computed, and none is kept."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from features.definition import Feature, Grain, View
from features.lineage import columns_below, rows_of
from features.needs import Need, needs
from features.tables import TABLE_BY_NAME
from pipeline.coded_texts import CodedTexts
from pipeline.customer_blocks import CUSTOMER
from pipeline.customer_codes import CustomerCodes
from pipeline.duck import code_variable, held
from pipeline.grain_store import Grains, Naming
from pipeline.snapshot_table import grain_of

#: What has to be computed, and is worth computing once; all else is made where it is read.
_COMPUTED = (ops.Aggregate, ops.WindowFunction, ops.Distinct, ops.Set)
#: Rows of the longest table in one block of customers: what is hashed then stays near the
#: processor, and a block is still worth a statement of its own.
BLOCK_ROWS = 2_000_000


class UnkeptGrains(Grains):
    """The grains of one data set, in the columns and for the cut-offs that were asked for.

    Customers are numbers meanwhile; see `CustomerCodes`. A grain that has to be computed is held
    in the columns needed. One that only selects and filters is read from copies of its tables,
    which hold the columns needed with their texts as numbers; see `CodedTexts`. Where there are
    several blocks, all of this lies in the order of the customers, and a block is a range of
    them: it costs no more than its own rows. Nothing outlives the engine.

    Parameters
    ----------
    connection : Backend
        Engine that computes them.
    events : mapping of str to Table
        Tables as the authors of grains see them; see `pipeline.events`.
    block_rows : int
        Rows of the longest table in one block of customers, about.
    """

    def __init__(
        self,
        connection: Backend,
        events: Mapping[str, ir.Table],
        *,
        block_rows: int = BLOCK_ROWS,
    ) -> None:
        super().__init__(connection, events)
        self._block_rows = block_rows
        self._needs: dict[Grain | View, Need] = {}
        self._until = date.max
        self._computed: dict[Grain, ir.Table] = {}
        self._customers: CustomerCodes | None = None
        self._copies: CodedTexts | None = None

    @contextmanager
    def prepared(
        self, features: Sequence[Feature], cutoffs: Sequence[date], *, base: Grain | View
    ) -> Iterator[None]:
        """Hold what these features and the rows of `base` need before the latest cut-off.

        Meanwhile `block` gives rows in which customers are numbers, and the columns that nobody
        asked for are null; there are as many `blocks` as the rows call for.
        """
        self._needs = needs(features, beside=[base])
        self._until = max(cutoffs)
        try:
            if base.unit == "customer":
                self._customers = CustomerCodes(self.connection, self.table("customers"))
                self.blocks = 1 + self._longest() // self._block_rows
                self._copies = self._copied(self._customers)
            for source, need in self._needs.items():
                if isinstance(source, Grain) and _is_computed(source):
                    self._computed[source] = self._hold(source, need)
            yield
        finally:
            for grain in self._computed:
                self.connection.raw_sql(f'DROP TABLE IF EXISTS "needed_{grain.name}"')
            for own in (self._copies, self._customers):
                if own is not None:
                    own.drop()
            self.blocks, self._customers, self._copies = 1, None, None
            self._needs.clear()
            self._computed.clear()

    def block(self, grain: Grain, number: int) -> ir.Table:
        """Return the rows of a block of customers: those prepared, or else all of a grain."""
        if grain not in self._needs:
            return super().block(grain, number)
        rows = self._computed.get(grain)
        if rows is None:
            rows = grain.build(*(self._source(name) for name in grain.sources))
        return self._part(rows, number)

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

    def tables(self, source: Grain | View) -> list[ir.Table]:
        """Return the tables that a source takes; those beside coded rows are coded as these are."""
        if self._copies is None or not isinstance(source, View):
            return super().tables(source)
        return [
            self._source(name) if name in self._copies else self.table(name, wanted_by=source.name)
            for name in source.tables
        ]

    def turns(self, cutoffs: Iterable[date], blocks: Sequence[int]) -> Iterator[tuple[date, int]]:
        """Yield what to build in turn: a block at all cut-offs, so that it is in memory once."""
        days = list(cutoffs)
        return ((day, number) for number in blocks for day in days)

    def with_ids(self, rows: ir.Table) -> ir.Table:
        """Return rows under the ids of the customers."""
        return rows if self._customers is None else self._customers.named(rows)

    def _longest(self) -> int:
        """Return the rows of the longest file of customers, of which some may be left out."""
        files = {
            one
            for name in self.delivered
            if CUSTOMER in (table := self.table(name)).columns
            for one in table.op().find(ops.PhysicalTable)
        }
        return max(int(one.to_expr().count().execute()) for one in files)

    def _copied(self, customers: CustomerCodes) -> CodedTexts:
        """Choose the tables to copy: those of which grains only select, and their look-ups."""
        columns: defaultdict[str, set[str]] = defaultdict(set)
        copied: set[str] = set()
        for source, need in self._needs.items():
            names = source.tables if isinstance(source, View) else ()
            grain = grain_of(source)
            if grain.unit == "customer" and not _is_computed(grain):
                names = source.sources
                copied.update(names)
            rows = rows_of(source)
            asked = (rows[name].op() for name in need.columns if name in rows.columns)
            for table, column in columns_below(asked):
                if table.name in names:
                    columns[table.name].add(column)
        # Whole, whatever the cut-offs are: the same codes give sums the same last bit.
        chosen = {name: self.table(name).select(sorted(columns[name])) for name in sorted(copied)}
        texts = {
            column
            for name, rows in chosen.items()
            for column, kind in rows.schema().items()
            if kind.is_string() and column != CUSTOMER and _is_repeated(name, column)
        }
        return CodedTexts(self.connection, chosen, texts, customers, in_order=self.blocks > 1)

    def _part(self, rows: ir.Table, number: int) -> ir.Table:
        """Return the rows of a block; the same statement finds those of the next one."""
        if self.blocks == 1 or CUSTOMER not in rows.columns or self._customers is None:
            return rows
        size = -(-self._customers.count // self.blocks)
        ends = {"first_of_block": number * size, "last_of_block": (number + 1) * size - 1}
        for name, code in ends.items():
            self.connection.raw_sql(f"SET VARIABLE {name} = CAST({code} AS INTEGER)")
        first, last = (code_variable(name).name(name) for name in ends)
        return rows.filter(rows[CUSTOMER].between(first, last))

    def _source(self, name: str) -> ir.Table:
        """Return a table of which a grain selects: its copy, if one was worth making."""
        if self._copies is not None and name in self._copies:
            return with_columns_of(self.table(name), self._copies.held(name))
        return self._known(name)

    def _known(self, name: str) -> ir.Table:
        """Return the rows of a table that any cut-off can see, customers being numbers."""
        rows = self.table(name)
        if "available_on" in rows.columns:
            rows = rows.filter(rows.available_on < self._until)
        return rows if self._customers is None else self._customers.coded(rows)

    def _hold(self, grain: Grain, need: Need) -> ir.Table:
        built = grain.build(*map(self._known, grain.sources))
        columns = [name for name in built.columns if name in need.columns]
        rows = built.select(columns)
        if self.blocks > 1 and CUSTOMER in columns:
            rows = rows.order_by(CUSTOMER)
        return with_columns_of(built, held(self.connection, f"needed_{grain.name}", rows))


def with_columns_of(whole: ir.Table, own: ir.Table) -> ir.Table:
    """Return rows with all the columns of a table, of which those not held are null.

    They are there to be named, not to be read.
    """
    return own.select(
        **{
            name: own[name] if name in own.columns else ibis.null(kind)
            for name, kind in whole.schema().items()
        }
    )


def _is_repeated(table: str, column: str) -> bool:
    """Tell whether rows share the texts of a column: it chooses, or names what lies elsewhere."""
    declared = TABLE_BY_NAME[table]
    if CUSTOMER not in declared.schema():
        return True  # a short table, of which others name the rows
    one = declared.column(column)
    return bool(one.references or one.choices)


def _is_computed(source: Grain | View) -> bool:
    """Tell whether making rows of the rows before them takes more than reading these."""
    rows = rows_of(source).op()
    before = rows_of(source.base).op() if isinstance(source, View) else None
    return bool(rows.find(_COMPUTED, filter=lambda node: node != before))
