"""The grains of one data set: built once for all cut-offs, in blocks of customers if large."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from features.definition import Feature, Grain, View
from pipeline.duck import quoted, typed_statement

#: Rows of the longest table that one block of customers may hold. All that is made of a block
#: at one cut-off lies in memory together: about half a gibibyte a million lines.
BLOCK_ROWS = 2_000_000
_CUSTOMER = "customer_id"


class MissingTableError(ValueError):
    """A grain reads a table that the data do not hold."""


class Grains:
    """The grains of one data set, each built the first time it is asked for, and kept.

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
    scratch : Path, optional
        Empty folder for blocks. Without it all rows are one block, held by the engine.
    block_rows : int
        Rows of the longest table in one block.
    """

    def __init__(
        self,
        connection: Backend,
        events: Mapping[str, ir.Table],
        *,
        scratch: Path | None = None,
        block_rows: int = BLOCK_ROWS,
    ) -> None:
        self.connection = connection
        self.blocks = 1
        self._events = events
        self._scratch = scratch
        self._rows: dict[Grain, ir.Table] = {}
        self._held: dict[str, ir.Table] = {}
        self._divided: set[str] = set()
        if scratch is not None:
            longest = max((int(events[name].count().execute()) for name in self._of_customers()),
                          default=0)  # fmt: skip
            self.blocks = max(1, -(-longest // block_rows))

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
            is_divided = self.blocks > 1 and grain.unit == "customer"
            self._rows[grain] = self._in_blocks(grain) if is_divided else self._whole(grain)
        return self._rows[grain]

    def block(self, grain: Grain, number: int) -> ir.Table:
        """Return the rows of one block of customers; of another unit than customers, all.

        The table keeps its name from block to block: it is replaced by the next call.
        """
        rows = self.rows(grain)
        if self.blocks == 1 or grain.unit != "customer":
            return rows
        path = self._folder(grain) / _file(number)
        return self._named(f"block_{grain.name}", f"FROM read_parquet({quoted(path)})")

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
        if _CUSTOMER in table.columns:
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

    def _of_customers(self) -> list[str]:
        return [name for name, table in self._events.items() if _CUSTOMER in table.columns]

    def _whole(self, grain: Grain) -> ir.Table:
        name, built = f"grain_{grain.name}", grain.build(*self.tables(grain))
        if grain.unit == "customer":
            built = built.order_by(_canonical(built))
        if self.blocks == 1 or grain.unit == "time":
            return self.connection.create_table(name, built, temp=True)
        folder = self._folder(grain)
        folder.mkdir(parents=True)
        statement = typed_statement(self.connection, built)
        path = quoted(folder / "whole.parquet")
        self.connection.raw_sql(f"COPY ({statement}) TO {path} (FORMAT parquet)")
        return self._named(name, f"FROM read_parquet({quoted(folder / '*.parquet')})")

    def _in_blocks(self, grain: Grain) -> ir.Table:
        folder = self._folder(grain)
        folder.mkdir(parents=True)
        statement = None
        for number in range(self.blocks):
            parts = [self._part(name, number) for name in grain.sources]
            if statement is None:
                built = grain.build(*parts)
                statement = typed_statement(self.connection, built.order_by(_canonical(built)))
            path = quoted(folder / _file(number))
            self.connection.raw_sql(f"COPY ({statement}) TO {path} (FORMAT parquet)")
        return self._named(
            f"grain_{grain.name}", f"FROM read_parquet({quoted(folder / '*.parquet')})"
        )

    def _part(self, name: str, number: int) -> ir.Table:
        """Return one block of a table; the whole table where it is not of customers."""
        table = self.table(name)
        if _CUSTOMER not in table.columns:
            return table
        folder = self._scratch_folder() / "tables" / name
        if name not in self._divided:
            folder.mkdir(parents=True)
            rows = self.connection.compile(table)
            of = f"CAST(hash({_CUSTOMER}) % {self.blocks} AS INTEGER)"
            self.connection.raw_sql(
                f"COPY (SELECT *, {of} AS _block FROM ({rows})) TO {quoted(folder)} "  # noqa: S608 - our own names
                "(FORMAT parquet, PARTITION_BY (_block))"
            )
            self._divided.add(name)
        path = folder / f"_block={number}"
        files = f"read_parquet({quoted(path / '*.parquet')}, hive_partitioning = true)"
        rows = f"SELECT * EXCLUDE (_block) FROM {files}"  # noqa: S608 - our own names
        if not path.exists():
            rows = f"FROM ({self.connection.compile(table.limit(0))})"
        return self._named(f"part_{name}", rows)

    def _named(self, name: str, rows: str) -> ir.Table:
        self.connection.raw_sql(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {rows}')
        return self.connection.table(name)

    def _folder(self, grain: Grain) -> Path:
        return self._scratch_folder() / "grains" / grain.name

    def _scratch_folder(self) -> Path:
        if self._scratch is None:
            raise AssertionError("there are blocks only where there is a scratch folder")
        return self._scratch


def left_out(grains: Grains, features: Iterable[Feature]) -> list[str]:
    """Return one notice for each set of missing tables, with the number of features it costs."""
    counts = Counter(missing for one in features if (missing := grains.missing(one)))
    return [
        f"{', '.join(tables)} not delivered: {count} features left out"
        for tables, count in sorted(counts.items())
    ]


def _file(number: int) -> str:
    return f"block-{number}.parquet"


def _canonical(rows: ir.Table) -> list[str]:
    """Return the columns to sort by, customers first: rows that tie are equal."""
    return sorted(rows.columns, key=lambda name: name != _CUSTOMER)
