"""Kept grains that grow by the day: files by the day on which their rows became known."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from json import JSONDecodeError
from pathlib import Path
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from features.definition import Grain
from pipeline.customer_blocks import CUSTOMER, CustomerBlocks, view_of
from pipeline.duck import quoted, typed_statement
from pipeline.durable import whole_folder, write_json
from pipeline.engine import joins_in_order, scratch_folder
from pipeline.fingerprint import digest, file_digest
from pipeline.live_tables import link
from pipeline.row_hashes import MODULUS, hashed_rows

#: Where files from the first changed day on hold more than this share of the rows, all is built.
MOST_CHANGED = 0.5

#: The day on which a row became known.
KNOWN = "available_on"
#: Rows that became known so many days before the newest one lie in a file that stays; once that
#: of the newest holds more than so many days, it is divided.
LATE_DAYS, OPEN_DAYS = 7, 31

#: Source rows of one file, at most, where they are not built in blocks: as many as fit into memory.
FILE_ROWS = 8_000_000

MANIFEST = "manifest.json"


class Changed(NamedTuple):
    """How many days changed; none if all was built."""

    number: int | None


class GrainsByDay:
    """The grains in a folder that say `within` what their rows arise.

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
        self._connection = connection
        self._table = table
        self._blocks = blocks
        self._folder = folder
        self._by_days: dict[str, dict[str, list[int]]] = {}
        self._parts: dict[str, int] = {}
        self._made: dict[tuple[str, ...], Path] = {}

    def paths(self, grain: Grain, number: int) -> list[Path]:
        """Return the files of a block of an updated grain, in the order of their days."""
        parts = range(self._parts[grain.name])
        return [self._folder / grain.name / kept_file(number, part) for part in parts]

    def update(self, grain: Grain, version: str, kept: Mapping[str, Any] | None) -> Changed | None:
        """Build the files of a grain from the first changed day on; return what changed, if any.

        Parameters
        ----------
        grain : Grain
            A grain that says `within`.
        version : str
            Digest of all that makes its rows but the facts.
        kept : mapping, optional
            Its manifest, if that is of the same version.
        """
        days = {name: self._days(name) for name in grain.sources if KNOWN in self._columns(name)}
        starts: list[str] = kept["starts"] if kept else [""]
        changed = _changed_days(days, kept["days"]) if kept else [""]
        same = 0
        if changed:
            # A file stays if the next one begins on the first changed day or before it.
            same = sum(start <= changed[0] for start in starts[1:])
            if _share_since(starts[same], days) > MOST_CHANGED:
                same = 0
            since = starts[same]
            starts = [
                *starts[:same],
                *_starts(since, days, whole=grain.unit == "customer" and not since),
            ]
            folder, blocks = self._folder / grain.name, range(self._count_of(grain))
            old = {kept_file(block, part) for block in blocks for part in range(same)}
            files = (
                {name: one for name, one in kept["files"].items() if name in old} if kept else {}
            )
            with whole_folder(folder) as draft, joins_in_order(self._connection):
                for name in files:
                    link(folder / name, draft / name)
                for part in range(same, len(starts)):
                    self._write_days(grain, draft, part, starts, is_new=not same)
                files |= {
                    one.name: file_digest(one)
                    for one in sorted(draft.iterdir())
                    if one.name not in files
                }
                about = {"grain": grain.name, "version": version, "starts": starts, "days": days}
                write_json(draft / MANIFEST, {**about, "files": files})
        self._parts[grain.name] = len(starts)
        return Changed(len(changed) if starts[same] else None) if changed else None

    def _write_days(
        self, grain: Grain, folder: Path, part: int, starts: list[str], *, is_new: bool
    ) -> None:
        """Write the rows that became known from one day on, to the day before another."""
        start, end = starts[part], starts[part + 1] if part + 1 < len(starts) else None
        if is_new and grain.unit != "customer" and any(starts[2:]):
            self._write_between(
                grain, folder, part, starts, lambda name: self._divided(grain, name, part, starts)
            )
            return
        if start:
            self._write_between(
                grain, folder, part, starts, lambda name: self._between(grain, name, start, end)
            )
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
            copy_rows(self._connection, statement, folder / kept_file(block, part))

    def _write_between(
        self,
        grain: Grain,
        folder: Path,
        part: int,
        starts: list[str],
        facts: Callable[[str], ir.Table],
    ) -> None:
        """Write the rows of all blocks that became known between two days: they are few."""
        start, end = starts[part], starts[part + 1] if part + 1 < len(starts) else None
        tables = [
            facts(name) if KNOWN in self._columns(name) else self._table(name)
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
            copy_rows(self._connection, statement, folder / kept_file(0, part))
            return
        self._connection.raw_sql(f"CREATE OR REPLACE TEMP TABLE new_days AS {statement}")
        columns = ", ".join(f'"{name}"' for name in order)
        for block in range(count):
            which = f"{self._blocks.number} = {block}"
            rows = f"SELECT * FROM new_days WHERE {which} ORDER BY {columns}"  # noqa: S608 - our own names
            copy_rows(self._connection, rows, folder / kept_file(block, part))
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
            copy_rows(
                self._connection,
                f"WITH every AS NOT MATERIALIZED ({self._connection.compile(self._table(name))}) "  # noqa: S608 - our own names
                f"FROM every WHERE {known} OR {within} IN "
                f"(SELECT {within} FROM every WHERE {known})",
                self._made[key],
            )
        named = f"WHERE {CUSTOMER} IS NOT NULL" if grain.unit == "customer" else ""
        rows = f"FROM read_parquet({quoted(self._made[key])}) {named}"
        return view_of(self._connection, f"between_{name}", rows)

    def _divided(self, grain: Grain, name: str, part: int, starts: list[str]) -> ir.Table:
        """Return what `_between` would, of a table that is divided once by all these days."""
        key = (name, str(grain.within), *starts)
        late = f"late_{name}_{digest(key)}"
        if key not in self._made:
            self._made[key] = scratch_folder(self._connection, f"{name}-")
            number = " + ".join(f"CAST({KNOWN} >= DATE '{day}' AS INTEGER)" for day in starts[1:])
            every = self._connection.compile(self._table(name))
            self._connection.raw_sql(
                f"COPY (SELECT *, {number} AS _part FROM ({every})) "  # noqa: S608 - our own names
                f"TO {quoted(self._made[key])} (FORMAT parquet, PARTITION_BY (_part))"
            )
            rows = _parts_of(self._made[key], "_part=*")
            self._connection.raw_sql(
                f"CREATE TEMP TABLE {late} AS FROM {rows} WHERE {grain.within} IN "  # noqa: S608 - our own names
                f"(SELECT {grain.within} FROM {rows} GROUP BY ALL HAVING min(_part) < max(_part))"
            )
        found = (
            f"SELECT * FROM {_parts_of(self._made[key], f'_part={part}')} UNION ALL "  # noqa: S608 - our own names
            f"SELECT * FROM {late} WHERE _part <> {part} AND {grain.within} IN "
            f"(SELECT {grain.within} FROM {late} WHERE _part = {part})"
        )
        return view_of(
            self._connection,
            f"between_{name}",
            f"SELECT * EXCLUDE (_part) FROM ({found})",  # noqa: S608 - our own names
        )

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


def canonical(grain: Grain, rows: ir.Table) -> list[str]:
    """Return the columns to sort by, customers or the days of files first: ties are equal rows."""
    first = CUSTOMER if grain.within is None else KNOWN
    return sorted(rows.columns, key=lambda name: name != first)


def read_kept(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a kept grain; none unless all its bytes are there."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        whole = all(file_digest(folder / name) == one for name, one in manifest["files"].items())
    except (OSError, JSONDecodeError, UnicodeDecodeError, KeyError):
        return None
    return manifest if whole else None


def kept_file(block: int, part: int | None = None) -> str:
    """Return what the file of a block is called, or of some days of it."""
    return f"block-{block}.parquet" if part is None else f"block-{block}.{part:04}.parquet"


def copy_rows(connection: Backend, statement: str, to: Path) -> None:
    """Write what a query gives to a file."""
    connection.raw_sql(f"COPY ({statement}) TO {quoted(to)} (FORMAT parquet)")


def _parts_of(folder: Path, which: str) -> str:
    return f"read_parquet({quoted(folder / which / '*.parquet')}, hive_partitioning = true)"


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
    for day in sorted(day for day in rows if since <= day < last and not whole):
        if held and held + rows[day] > FILE_ROWS:
            starts.append(day)
            held = 0
        held += rows[day]
    return [*starts, last]


def _share_since(start: str, days: Mapping[str, Mapping[str, list[int]]]) -> float:
    """Return the share of the source rows that became known on a day or later."""
    every = sum(rows for one in days.values() for rows, _hash in one.values())
    new = sum(rows for one in days.values() for day, (rows, _hash) in one.items() if day >= start)
    return new / max(every, 1)
