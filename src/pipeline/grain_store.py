"""The grains of one data set: built once for all cut-offs, in blocks of customers if large."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from features.definition import Feature, Grain, View
from pipeline.customer_blocks import CUSTOMER, CustomerBlocks, view_of
from pipeline.duck import quoted
from pipeline.grains_by_day import canonical
from pipeline.kept_grains import KeptGrains

#: Rows of the longest table that one block of customers may hold. All that is made of a block
#: at one cut-off lies in memory together: about half a gibibyte a million lines.
BLOCK_ROWS = 2_000_000


class Naming(Protocol):
    """Gives rows of a cut-off a name."""

    def made(self, name: str, rows: ir.Table) -> ir.Table:
        """Compute rows, once."""

    def named(self, name: str, rows: ir.Table) -> ir.Table:
        """Compute rows wherever they are read."""


class MissingTableError(ValueError):
    """A grain reads a table that the data do not hold."""


class Grains:
    """The grains of one data set, each made the first time it is asked for.

    Customers fall into blocks by a hash of their id, each customer's rows whole. A grain of
    customers is built a block at a time, so it must not compare customers with one another.
    Its rows are sorted, so that a sum of doubles is the same to the last bit however many
    blocks there are.

    Parameters
    ----------
    connection : Backend
        Engine that computes them.
    events : mapping of str to Table
        Tables as the authors of grains see them; see `pipeline.events`.
    keep : Path, optional
        Folder in which grains outlive the run; see `KeptGrains`. Without it all rows are one
        block, held by the engine.
    block_rows : int
        Rows of the longest table in one block, at most. The number of blocks is a power of
        two, so that data which grow from day to day seldom need other ones.

    Attributes
    ----------
    remembered : dict
        What was found out about the data by whoever asked, by purpose and name: tables and
        grains do not change as long as these are open.
    """

    def __init__(
        self,
        connection: Backend,
        events: Mapping[str, ir.Table],
        *,
        keep: Path | None = None,
        block_rows: int = BLOCK_ROWS,
    ) -> None:
        self.connection = connection
        self.blocks = 1
        self._events = events
        self._rows: dict[Grain, ir.Table] = {}
        self._held: dict[str, ir.Table] = {}
        self.remembered: dict[tuple[str, str], Any] = {}
        self.kept: KeptGrains | None = None
        if keep is not None:
            longest = max((int(one.count().execute()) for one in events.values()
                           if CUSTOMER in one.columns), default=0)  # fmt: skip
            while self.blocks * block_rows < longest:
                self.blocks *= 2
            blocks = CustomerBlocks(connection, self.table, count=self.blocks)
            self.kept = KeptGrains(connection, self.table, blocks=blocks, folder=keep)

    def rows(self, grain: Grain | View) -> ir.Table:
        """Return all rows of a grain, whenever they became known.

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
            self._rows[grain] = self._made(grain)
        return self._rows[grain]

    def block(self, grain: Grain, number: int) -> ir.Table:
        """Return the rows of one block of customers; of another unit than customers, all.

        The table keeps its name from block to block: it is replaced by the next call.
        """
        rows = self.rows(grain)
        if self.kept is None or self.blocks == 1 or grain.unit != "customer":
            return rows
        files = ", ".join(quoted(path) for path in self.kept.paths(grain, number))
        return view_of(self.connection, f"block_{grain.name}", f"FROM read_parquet([{files}])")

    def seen(self, source: Grain | View, rows: ir.Table, at: Naming) -> ir.Table:
        """Return the rows that a cut-off sees of a grain or a view, computed by `at`.

        Rows that come in no blocks may not fit into memory: what a view does not need of
        them is then not even read.
        """
        whole = isinstance(source, Grain) and source.unit == "product"
        return rows if whole else at.made(source.name, rows)

    def turns(self, cutoffs: Iterable[date], blocks: Sequence[int]) -> Iterator[tuple[date, int]]:
        """Yield what to build in turn: a cut-off with all its blocks, then the next."""
        return ((day, number) for day in cutoffs for number in blocks)

    def with_ids(self, rows: ir.Table) -> ir.Table:
        """Return rows under the ids of the customers, by whatever else blocks name them."""
        return rows

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
        table = self._events[name]
        if CUSTOMER in table.columns:
            return table
        if name not in self._held:
            self._held[name] = self.connection.create_table(f"table_{name}", table, temp=True)
        return self._held[name]

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

    def _made(self, grain: Grain) -> ir.Table:
        name = f"grain_{grain.name}"
        if self.kept is None or grain.unit == "time":
            built = grain.build(*self.tables(grain))
            if grain.unit == "customer":
                built = built.order_by(canonical(grain, built))
            return self.connection.create_table(name, built, temp=True)
        files = ", ".join(quoted(path) for path in self.kept.bring_up_to_date(grain))
        rows = f"FROM read_parquet([{files}])"
        if self.blocks > 1:
            return view_of(self.connection, name, rows)
        self.connection.raw_sql(f'CREATE TEMP TABLE "{name}" AS {rows}')
        return self.connection.table(name)


def left_out(grains: Grains, features: Iterable[Feature]) -> list[str]:
    """Return one notice for each set of missing tables, with the number of features it costs."""
    counts = Counter(missing for one in features if (missing := grains.missing(one)))
    return [
        f"{', '.join(tables)} not delivered: {count} features left out"
        for tables, count in sorted(counts.items())
    ]
