"""Grains that outlive a run: what new facts leave as it was is not computed again.

A grain of customers does not compare them with one another. So it is enough to build the rows
of those customers whose own source rows changed, and to put them among the old rows of all
others. What comes out is, to the last bit, what building everything would give.

A grain that says `within` what its rows arise lies in files by the day on which its rows became
known. What was known before a day does not follow from what came later, so only the files from
the first changed day on are built again, and a new day costs what is new.

Kept grains are a memory, not a result: no stage names them as its output, DVC neither copies nor
removes them, a backup leaves them out, and whoever deletes them loses nothing but time.
"""

from collections.abc import Callable
from importlib.metadata import version as installed
from pathlib import Path

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from features.definition import Grain
from pipeline.customer_blocks import CUSTOMER, CustomerBlocks
from pipeline.duck import quoted, typed_statement
from pipeline.durable import whole_folder, write_json
from pipeline.engine import joins_in_order
from pipeline.fingerprint import digest, file_digest, rows_digest
from pipeline.grains_by_day import (
    KNOWN,
    MANIFEST,
    GrainsByDay,
    canonical,
    copy_rows,
    kept_file,
    read_kept,
)
from pipeline.leftovers import discard
from pipeline.row_hashes import hashes_by_customer, whole_hash

#: Where more than this share of the source rows is of customers with a change, all is built.
MOST_CHANGED = 0.5

_CUSTOMERS = "customers.parquet"

#: The folder of kept grains, under the artefacts.
KEPT_GRAINS = "grains"


class KeptGrains:
    """The grains in a folder, each brought up to date when it is asked for.

    Parameters
    ----------
    connection : Backend
        Engine that computes them.
    table : callable
        Returns a source table by name.
    blocks : CustomerBlocks
        The same tables in blocks of customers.
    folder : Path
        Where they are kept.
    """

    def __init__(
        self,
        connection: Backend,
        table: Callable[[str], ir.Table],
        *,
        blocks: CustomerBlocks,
        folder: Path,
    ) -> None:
        self.built: dict[str, int | None] = {}
        self._connection = connection
        self._table = table
        self._blocks = blocks
        self._folder = folder
        self._hashed: set[str] = set()
        self._hashes: dict[str, list[int]] = {}
        self._asked: set[str] = set()
        self._days = GrainsByDay(connection, table, blocks=blocks, folder=folder)

    def bring_up_to_date(self, grain: Grain) -> list[Path]:
        """Return the files of a grain, built where they are not current, block by block."""
        self._asked.add(grain.name)
        version = self._version(grain)
        kept = read_kept(self._folder / grain.name)
        is_current = kept is not None and kept["version"] == version
        if grain.within is not None:
            if changed_days := self._days.update(grain, version, kept if is_current else None):
                self.built[grain.name] = changed_days.number
        elif grain.unit != "customer":
            if not is_current:
                self._write(grain, version)
        elif not is_current:
            self._write(grain, version, customers=self._customers(grain))
        elif changed := self._changed(grain):
            self._write(grain, version, customers=self._customers(grain), changed=changed)
        blocks = self._blocks.count if grain.unit == "customer" else 1
        return [path for number in range(blocks) for path in self.paths(grain, number)]

    def paths(self, grain: Grain, number: int) -> list[Path]:
        """Return the files of a block of a grain, in order; of other units than customers, all."""
        if grain.within is not None:
            return self._days.paths(grain, number)
        return [self._folder / grain.name / kept_file(number)]

    def forget_others(self) -> None:
        """Remove the grains that nobody has asked for."""
        for one in self._folder.glob("*"):
            if one.name not in self._asked:
                discard(one)

    def _version(self, grain: Grain) -> str:
        """Return a digest of all that makes the rows of a customer but the customer's own rows."""
        tables = {name: self._table(name) for name in grain.sources}
        of_customers = {name for name, one in tables.items() if CUSTOMER in one.columns}
        whole = tables if grain.unit != "customer" else tables.keys() - of_customers
        if grain.within is not None:
            whole = {name for name, one in tables.items() if KNOWN not in one.columns}
        return digest(
            rows_digest(grain),
            [installed(name) for name in ("duckdb", "ibis-framework")],
            self._blocks.count if grain.unit == "customer" else 1,
            {name: str(one.schema()) for name, one in tables.items()},
            {name: self._whole_hash(name) for name in whole},
        )

    def _whole_hash(self, name: str) -> list[int]:
        if name not in self._hashes:
            self._hashes[name] = whole_hash(self._connection, self._table(name))
        return self._hashes[name]

    def _customers(self, grain: Grain) -> str:
        """Return the name of a table: customers, their source rows, and one hash of these."""
        sources = [name for name in grain.sources if CUSTOMER in self._table(name).columns]
        name = f"customers_of_{'_and_'.join(sources)}"
        if name not in self._hashed:
            hashed = " UNION ALL ".join(
                f"SELECT customer_id, rows, hash('{one}', rows, hash) AS hash "  # noqa: S608 - our own names
                f"FROM ({hashes_by_customer(self._connection, self._table(one))})"
                for one in sources
            )
            self._connection.raw_sql(
                f'CREATE OR REPLACE TEMP TABLE "{name}" AS '  # noqa: S608 - our own names
                "SELECT customer_id, CAST(sum(rows) AS BIGINT) AS rows, bit_xor(hash) AS hash "
                f"FROM ({hashed}) GROUP BY customer_id"
            )
            self._hashed.add(name)
        return name

    def _changed(self, grain: Grain) -> str | None:
        """Return the name of a table of the customers whose source rows changed; none if none."""
        now, before = self._customers(grain), quoted(self._folder / grain.name / _CUSTOMERS)
        found = self._connection.raw_sql(
            f'CREATE OR REPLACE TEMP TABLE changed AS SELECT customer_id FROM "{now}" AS now '  # noqa: S608 - our own names
            f"FULL JOIN read_parquet({before}) AS before USING (customer_id) "
            "WHERE now.hash IS DISTINCT FROM before.hash; "
            "SELECT count(*), CAST(coalesce(bit_xor(hash(customer_id)), 0) AS VARCHAR) FROM changed"
        ).fetchone()
        if not found[0]:
            return None
        # Two grains of one table share the blocks of its changed customers.
        name = f"changed_{found[0]}_{found[1]}"
        self._connection.raw_sql(f'CREATE OR REPLACE TEMP TABLE "{name}" AS FROM changed')
        return name

    def _is_much(self, customers: str, changed: str) -> bool:
        share = self._connection.raw_sql(
            f'SELECT sum(rows) FILTER (customer_id IN (SELECT customer_id FROM "{changed}")) '  # noqa: S608 - our own names
            f'> {MOST_CHANGED} * sum(rows) FROM "{customers}"'
        ).fetchone()
        return bool(share[0])

    def _write(
        self,
        grain: Grain,
        version: str,
        *,
        customers: str | None = None,
        changed: str | None = None,
    ) -> None:
        """Write a grain anew: all of it, or what changed among the old rows."""
        if customers and changed and self._is_much(customers, changed):
            changed = None
        with whole_folder(self._folder / grain.name) as draft, joins_in_order(self._connection):
            if customers is None:
                copy_rows(
                    self._connection, self._statement(grain, self._table), draft / kept_file(0)
                )
            else:
                self._write_blocks(grain, draft, changed)
                path = quoted(draft / _CUSTOMERS)
                self._connection.raw_sql(f'COPY "{customers}" TO {path} (FORMAT parquet)')
            files = {one.name: file_digest(one) for one in sorted(draft.iterdir())}
            write_json(draft / MANIFEST, {"grain": grain.name, "version": version, "files": files})
        self.built[grain.name] = self._count(changed) if changed else None

    def _write_blocks(self, grain: Grain, draft: Path, changed: str | None) -> None:
        statement = None
        for number in range(self._blocks.count):
            parts = {name: self._blocks.part(name, number, of=changed) for name in grain.sources}
            # Parts keep their names, and the statement its sense, from block to block.
            statement = statement or self._statement(grain, parts.__getitem__)
            path, new = draft / kept_file(number), draft / "new.parquet"
            if changed is None:
                copy_rows(self._connection, statement, path)
            else:
                copy_rows(self._connection, statement, new)
                old = self._folder / grain.name / kept_file(number)
                copy_rows(self._connection, _merged(old, new, changed), path)
                new.unlink()

    def _statement(self, grain: Grain, table: Callable[[str], ir.Table]) -> str:
        built = grain.build(*(table(name) for name in grain.sources))
        if grain.unit == "customer":
            built = built.order_by(canonical(grain, built))
        return typed_statement(self._connection, built)

    def _count(self, name: str) -> int:
        return int(self._connection.raw_sql(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - our own names


def _merged(old: Path, new: Path, changed: str) -> str:
    """Return a query: new rows of the customers with a change, old ones of the others, sorted.

    A customer's rows come from one of the two, in which they are sorted already.
    """
    of_others = f'{CUSTOMER} NOT IN (SELECT {CUSTOMER} FROM "{changed}")'  # noqa: S608 - our own names
    parts = " UNION ALL BY NAME ".join(
        f"SELECT * FROM read_parquet({quoted(path)}, file_row_number = true) {which}"  # noqa: S608 - our own names
        for path, which in ((old, f"WHERE {of_others}"), (new, ""))
    )
    return f"SELECT * EXCLUDE (file_row_number) FROM ({parts}) ORDER BY {CUSTOMER}, file_row_number"  # noqa: S608 - our own names
