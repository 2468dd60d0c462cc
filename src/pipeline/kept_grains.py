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

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from importlib.metadata import version as installed
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from features.definition import Grain
from pipeline.customer_blocks import CUSTOMER, CustomerBlocks, view_of
from pipeline.duck import quoted, typed_statement
from pipeline.durable import whole_folder, write_json
from pipeline.engine import joins_in_order, scratch_folder
from pipeline.fingerprint import digest, file_digest, rows_digest
from pipeline.leftovers import discard
from pipeline.live_tables import link
from pipeline.row_hashes import MODULUS, hashed_rows, hashes_by_customer, whole_hash

#: Where more than this share of the source rows is of customers with a change, all is built.
MOST_CHANGED = 0.5

#: The day on which a row became known.
KNOWN = "available_on"
#: Rows that became known so many days before the newest one lie in a file that stays; once that
#: of the newest holds more than so many days, it is divided.
LATE_DAYS, OPEN_DAYS = 7, 31

#: Source rows of one file, at most, where they are not built in blocks: as many as fit into memory.
FILE_ROWS = 8_000_000

_MANIFEST, _CUSTOMERS = "manifest.json", "customers.parquet"

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
        self._by_days: dict[str, dict[str, list[int]]] = {}
        self._asked: set[str] = set()
        self._parts: dict[str, int] = {}
        self._made: dict[tuple[str, ...], Path] = {}

    def bring_up_to_date(self, grain: Grain) -> list[Path]:
        """Return the files of a grain, built where they are not current, block by block."""
        self._asked.add(grain.name)
        version = self._version(grain)
        kept = _read(self._folder / grain.name)
        is_current = kept is not None and kept["version"] == version
        if grain.within is not None:
            self._by_day(grain, version, kept if is_current else None)
        elif grain.unit != "customer":
            if not is_current:
                self._write(grain, version)
        elif not is_current:
            self._write(grain, version, customers=self._customers(grain))
        elif changed := self._changed(grain):
            self._write(grain, version, customers=self._customers(grain), changed=changed)
        every = range(self._count_of(grain))
        return [path for number in every for path in self.paths(grain, number)]

    def paths(self, grain: Grain, number: int) -> list[Path]:
        """Return the files of a block of a grain, in order; of other units than customers, all."""
        folder = self._folder / grain.name
        if grain.within is None:
            return [folder / _file(number)]
        return [folder / _file(number, part) for part in range(self._parts[grain.name])]

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

    def _by_day(self, grain: Grain, version: str, kept: Mapping[str, Any] | None) -> None:
        """Bring the files of a grain up to date, in the order of its days, from a change on."""
        days = {name: self._days(name) for name in grain.sources if KNOWN in self._columns(name)}
        starts: list[str] = kept["starts"] if kept else [""]
        changed = _changed_days(days, kept["days"]) if kept else [""]
        if changed:
            # A file stays if the next one begins on the first changed day or before it.
            same = sum(start <= changed[0] for start in starts[1:])
            if _share_since(starts[same], days) > MOST_CHANGED:
                same = 0
            since = starts[same]
            starts = [*starts[:same], *_starts(since, days, whole=grain.unit == "customer")]
            is_divided = any(starts[same + 2 :])
            folder, blocks = self._folder / grain.name, range(self._count_of(grain))
            old = {_file(block, part) for block in blocks for part in range(same)}
            files = (
                {name: one for name, one in kept["files"].items() if name in old} if kept else {}
            )
            with whole_folder(folder) as draft, joins_in_order(self._connection):
                for name in files:
                    link(folder / name, draft / name)
                for part, start in enumerate(starts[same:], same):
                    end = starts[part + 1] if part + 1 < len(starts) else None
                    self._write_days(grain, draft, part, start, end, is_divided=is_divided)
                files |= {
                    one.name: file_digest(one)
                    for one in sorted(draft.iterdir())
                    if one.name not in files
                }
                about = {"grain": grain.name, "version": version, "starts": starts, "days": days}
                write_json(draft / _MANIFEST, {**about, "files": files})
            self.built[grain.name] = len(changed) if since else None
        self._parts[grain.name] = len(starts)

    def _write_days(
        self,
        grain: Grain,
        folder: Path,
        part: int,
        start: str,
        end: str | None,
        *,
        is_divided: bool,
    ) -> None:
        """Write the rows that became known from one day on, to the day before another."""
        if start or (is_divided and grain.unit != "customer"):
            self._write_between(grain, folder, part, start, end)
            return
        statement = None
        for block in range(self._count_of(grain)):
            tables = {name: self._part(grain, name, block) for name in grain.sources}
            if statement is None:
                built = grain.build(*tables.values())
                if end:
                    built = built.filter(built[KNOWN] < ibis.date(end))
                statement = typed_statement(
                    self._connection, built.order_by(canonical(grain, built))
                )
            self._copy(statement, folder / _file(block, part))

    def _write_between(
        self, grain: Grain, folder: Path, part: int, start: str, end: str | None
    ) -> None:
        """Write the rows of all blocks that became known between two days: they are few."""
        tables = [
            self._between(grain, name, start, end)
            if KNOWN in self._columns(name)
            else self._table(name)
            for name in grain.sources
        ]
        built = grain.build(*tables)
        if start:
            built = built.filter(built[KNOWN] >= ibis.date(start))
        if end:
            built = built.filter(built[KNOWN] < ibis.date(end))
        order, count = canonical(grain, built), self._count_of(grain)
        statement = typed_statement(self._connection, built.order_by(order))
        if count == 1:
            self._copy(statement, folder / _file(0, part))
            return
        self._connection.raw_sql(f"CREATE OR REPLACE TEMP TABLE new_days AS {statement}")
        columns = ", ".join(f'"{name}"' for name in order)
        for block in range(count):
            which = f"{self._blocks.number} = {block}"
            rows = f"SELECT * FROM new_days WHERE {which} ORDER BY {columns}"  # noqa: S608 - our own names
            self._copy(rows, folder / _file(block, part))
        self._connection.raw_sql("DROP TABLE new_days")

    def _part(self, grain: Grain, name: str, block: int) -> ir.Table:
        return self._blocks.part(name, block) if grain.unit == "customer" else self._table(name)

    def _between(self, grain: Grain, name: str, start: str, end: str | None) -> ir.Table:
        """Return the rows known between two days, and all those of the same orders, say."""
        within = str(grain.within)
        key = (name, within, start, end or "")
        if key not in self._made:
            self._made[key] = scratch_folder(self._connection, f"{name}-") / "rows.parquet"
            known = f"{KNOWN} >= DATE '{start or '0001-01-01'}'"
            known += f" AND {KNOWN} < DATE '{end}'" if end else ""
            self._copy(
                f"WITH every AS ({self._connection.compile(self._table(name))}) "  # noqa: S608 - our own names
                f"FROM every WHERE {known} OR {within} IN "
                f"(SELECT {within} FROM every WHERE {known})",
                self._made[key],
            )
        named = f"WHERE {CUSTOMER} IS NOT NULL" if grain.unit == "customer" else ""
        rows = f"FROM read_parquet({quoted(self._made[key])}) {named}"
        return view_of(self._connection, f"between_{name}", rows)

    def _count_of(self, grain: Grain) -> int:
        return self._blocks.count if grain.unit == "customer" else 1

    def _columns(self, name: str) -> tuple[str, ...]:
        return tuple(self._table(name).columns)

    def _days(self, name: str) -> dict[str, list[int]]:
        """Return, by the day on which they became known, the number of rows and their hash."""
        if name not in self._by_days:
            rows = self._table(name)
            found = hashed_rows(self._connection, rows, rows.columns, KNOWN)
            self._by_days[name] = {
                str(day): [number, int(total) % MODULUS] for day, number, total in sorted(found)
            }
        return self._by_days[name]

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
                self._copy(self._statement(grain, self._table), draft / _file(0))
            else:
                self._write_blocks(grain, draft, changed)
                path = quoted(draft / _CUSTOMERS)
                self._connection.raw_sql(f'COPY "{customers}" TO {path} (FORMAT parquet)')
            files = {one.name: file_digest(one) for one in sorted(draft.iterdir())}
            write_json(draft / _MANIFEST, {"grain": grain.name, "version": version, "files": files})
        self.built[grain.name] = self._count(changed) if changed else None

    def _write_blocks(self, grain: Grain, draft: Path, changed: str | None) -> None:
        statement = None
        for number in range(self._blocks.count):
            parts = {name: self._blocks.part(name, number, of=changed) for name in grain.sources}
            # Parts keep their names, and the statement its sense, from block to block.
            statement = statement or self._statement(grain, parts.__getitem__)
            path, new = draft / _file(number), draft / "new.parquet"
            if changed is None:
                self._copy(statement, path)
            else:
                self._copy(statement, new)
                self._copy(_merged(self._folder / grain.name / _file(number), new, changed), path)
                new.unlink()

    def _statement(self, grain: Grain, table: Callable[[str], ir.Table]) -> str:
        built = grain.build(*(table(name) for name in grain.sources))
        if grain.unit == "customer":
            built = built.order_by(canonical(grain, built))
        return typed_statement(self._connection, built)

    def _copy(self, statement: str, to: Path) -> None:
        self._connection.raw_sql(f"COPY ({statement}) TO {quoted(to)} (FORMAT parquet)")

    def _count(self, name: str) -> int:
        return int(self._connection.raw_sql(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - our own names


def canonical(grain: Grain, rows: ir.Table) -> list[str]:
    """Return the columns to sort by, customers or the days of files first: ties are equal rows."""
    first = CUSTOMER if grain.within is None else KNOWN
    return sorted(rows.columns, key=lambda name: name != first)


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


def _changed_days(
    now: Mapping[str, Mapping[str, list[int]]], before: Mapping[str, Mapping[str, list[int]]]
) -> list[str]:
    """Return the days whose rows differ, in order."""
    found: set[str] = set()
    for name, days in now.items():
        then = before.get(name, {})
        found |= {day for day in days.keys() | then.keys() if days.get(day) != then.get(day)}
    return sorted(found)


def _days_before(day: str, number: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=number)).isoformat()


def _starts(since: str, days: Mapping[str, Mapping[str, list[int]]], *, whole: bool) -> list[str]:
    """Return the first days of the files that hold what became known since a day.

    The newest days, to which more will be added, lie in a file of their own. The others are one
    file if that is built in blocks, and several if it is not and would hold too many rows.
    """
    rows = Counter[str]()
    for one in days.values():
        for day, (number, _hash) in one.items():
            rows[day] += number * (day >= since)
    starts, newest = [since], max(rows, default="")
    if not newest or _days_before(newest, OPEN_DAYS) <= since:
        return starts
    last, held = _days_before(newest, LATE_DAYS), 0
    for day in sorted(day for day in rows if since < day < last and not whole):
        held += rows[day]
        if held > FILE_ROWS:
            starts.append(day)
            held = rows[day]
    return [*starts, last]


def _share_since(start: str, days: Mapping[str, Mapping[str, list[int]]]) -> float:
    """Return the share of the source rows that became known on a day or later."""
    every = sum(rows for one in days.values() for rows, _hash in one.values())
    new = sum(rows for one in days.values() for day, (rows, _hash) in one.items() if day >= start)
    return new / max(every, 1)


def _file(block: int, part: int | None = None) -> str:
    return f"block-{block}.parquet" if part is None else f"block-{block}.{part:04}.parquet"


def _read(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a kept grain; none unless all its bytes are there."""
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        whole = all(file_digest(folder / name) == one for name, one in manifest["files"].items())
    except (OSError, JSONDecodeError, UnicodeDecodeError, KeyError):
        return None
    return manifest if whole else None
