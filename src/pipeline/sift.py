"""Sift one table: accepted rows to one file, all others to another with their reasons."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis.backends.duckdb import Backend

from features.table import Table
from pipeline.checks import EMPTIED, POSITION, Check, checks_of, read_table
from pipeline.duplicates import (
    FIXES,
    key_hashes,
    repeated_rows,
    repeats_of_earlier,
    rows_that_met,
)
from pipeline.engine import one_thread
from pipeline.quality import Finding, TableQuality
from pipeline.requirements import readable
from pipeline.sources.definition import BOOKKEEPING, SOURCE_ROW

#: Column of a quarantined row that says everything that is wrong with it.
REASONS = "_reasons"
#: True for a row that breaks any rule.
REFUSED = "_refused"


@dataclass(frozen=True, kw_only=True)
class Sieve:
    """What all tables of one validation have in common.

    Attributes
    ----------
    connection : ibis backend
        DuckDB; keeps rows in order.
    ingested, tables, quarantine : Path
        Folders with one file per table: the rows as read, the accepted ones, the others.
    time_zone : str
        Business time zone.
    now : datetime
        Facts cannot lie later.
    delays : mapping
        By table, what is added to `event_time` where `available_time` is missing.
    known : dict
        For each `"table.column"` that others may refer to, its accepted values.
    """

    connection: Backend
    ingested: Path
    tables: Path
    quarantine: Path
    time_zone: str
    now: datetime
    delays: Mapping[str, timedelta] = field(default_factory=dict)
    known: dict[str, ir.Column] = field(default_factory=dict)


class Sifted(NamedTuple):
    """What became of the rows of one file.

    Attributes
    ----------
    read, accepted : int
        Rows.
    findings : tuple of Finding
        What is wrong with the others.
    hashes : array of shape (n_read,)
        Of the keys of all rows, sorted.
    """

    read: int
    accepted: int
    findings: tuple[Finding, ...]
    hashes: np.ndarray


class Files(NamedTuple):
    """Where the rows of one file lie, and where the accepted ones and the others go."""

    delivered: Path
    accepted: Path
    quarantine: Path


class Earlier(NamedTuple):
    """Accepted rows of files that come before, and the hashes of keys that may be in both."""

    files: tuple[Path, ...]
    met: np.ndarray


def sift(table: type[Table], sieve: Sieve, *, origin: str) -> TableQuality:
    """Write accepted rows to one file, and the others, if any, to another.

    All rules are counted in one pass over the file, and the keys in a second one. A file that
    breaks none and is stored exactly as declared is copied rather than written again. What was
    accepted is known to the tables that are sifted later.

    Parameters
    ----------
    table : type
        The declaration.
    sieve : Sieve
        Where the rows lie, and what holds for all tables.
    origin : str
        What messages call the file.

    Raises
    ------
    SourceError
        If the file is damaged.
    """
    name = f"{table.table_name}.parquet"
    files = Files(*(folder / name for folder in (sieve.ingested, sieve.tables, sieve.quarantine)))
    found = sift_file(table, sieve, files, origin=origin)
    delivered = sieve.connection.read_parquet(files.delivered)
    remember(table, sieve)
    return TableQuality(
        table=table.table_name,
        origin=origin,
        read=found.read,
        accepted=found.accepted,
        findings=found.findings,
        notices=tuple(notices_of(delivered, table, sieve)),
    )


def remember(table: type[Table], sieve: Sieve) -> None:
    """Let the tables that are sifted later refer to what was accepted of this one."""
    accepted = sieve.connection.read_parquet(sieve.tables / f"{table.table_name}.parquet")
    for column in table.key:
        sieve.known[f"{table.table_name}.{column}"] = accepted[column]


def sift_file(
    table: type[Table],
    sieve: Sieve,
    files: Files,
    *,
    origin: str,
    earlier: Earlier | None = None,
) -> Sifted:
    """Write the accepted rows of one file, and the others with their reasons.

    Raises
    ------
    SourceError
        If the file is damaged.
    """
    with readable(files.delivered, origin=origin):
        return _sift(table, sieve, files, earlier)


def _sift(table: type[Table], sieve: Sieve, files: Files, earlier: Earlier | None) -> Sifted:
    connection = sieve.connection
    delay = sieve.delays.get(table.table_name, timedelta())
    delivered = connection.read_parquet(files.delivered, file_row_number=True)
    rows = _view(connection, read_table(delivered, table, time_zone=sieve.time_zone))
    checks = tuple(checks_of(rows, table, known=sieve.known, now=sieve.now))
    flags = {_flag(i): check.violated for i, check in enumerate(checks)}
    judged = _view(connection, rows.mutate(**flags, **{REFUSED: reduce(or_, flags.values())}))
    counts = _count(connection, judged, len(checks), as_declared=_as_declared(delivered, table))
    refused = _refused(connection, judged, checks) if counts.refused else None
    hashes = key_hashes(connection, rows, key=table.key, count=counts.read)
    repeats = repeated_rows(connection, rows, key=table.key, hashes=hashes, refused=refused)
    if earlier is not None and earlier.files:
        suspects = rows_that_met(connection, rows, earlier.met, key=table.key, refused=refused)
        repeats = repeats_of_earlier(
            connection,
            _declared(suspects, table, delay, POSITION),
            _view(connection, connection.read_parquet(list(earlier.files))),
            key=table.key,
            within=repeats,
        )
    told = [one for one in (refused, repeats) if one is not None]
    kept = reduce(lambda left, out: left.filter(~left[POSITION].isin(out[POSITION])), told, rows)
    findings = [
        Finding(check.column, check.reason, check.fix, broken)
        for check, broken in zip(checks, counts.broken, strict=True)
        if broken
    ]
    repeated = 0
    if repeats is not None:
        findings += _repeat_findings(connection, repeats, table)
        repeated = int(connection.execute(repeats.count()))
    if counts.as_declared and not findings:
        shutil.copyfile(files.delivered, files.accepted)
    else:
        with one_thread(connection):
            connection.to_parquet(_declared(kept, table, delay), files.accepted)
    if counts.refused or repeated:
        connection.to_parquet(_quarantine(delivered, rows, told), files.quarantine)
    return Sifted(counts.read, counts.read - counts.refused - repeated, tuple(findings), hashes)


@dataclass(frozen=True)
class _Counts:
    read: int
    refused: int
    broken: tuple[int, ...]
    as_declared: bool


def _view(connection: ibis.BaseBackend, rows: ir.Table) -> ir.Table:
    """Name an expression, so that SQL made of it stays short."""
    return connection.create_view(ibis.util.gen_name("sift"), rows)


def _flag(check: int) -> str:
    return f"_check_{check}"


def _count(
    connection: ibis.BaseBackend, judged: ir.Table, checks: int, *, as_declared: bool
) -> _Counts:
    """Count every rule in one fused aggregate."""
    flags = [REFUSED, *map(_flag, range(checks))]
    aggregate = judged.aggregate(
        [judged.count().name("read"), _changed(judged).sum().fill_null(0).name("changed")]
        + [judged[name].sum().fill_null(0).name(name) for name in flags]
    )
    found = connection.to_pyarrow(aggregate).to_pylist()[0]
    return _Counts(
        read=found["read"],
        refused=found[REFUSED],
        broken=tuple(found[_flag(i)] for i in range(checks)),
        as_declared=as_declared and not found["changed"],
    )


def _as_declared(delivered: ir.Table, table: type[Table]) -> bool:
    """Tell whether the file has the declared columns, in their order, with their types."""
    stored = [(n, t) for n, t in delivered.schema().items() if n != "file_row_number"]
    return stored == [(name, ibis.dtype(kind)) for name, kind in table.schema().items()]


def _changed(rows: ir.Table) -> ir.BooleanValue:
    """Tell which rows are not stored as they were delivered."""
    if "available_time" in rows.columns:
        return rows[EMPTIED] | rows.available_time.isnull()
    return rows[EMPTIED]


def _declared(rows: ir.Table, table: type[Table], delay: timedelta, *beside: str) -> ir.Table:
    """Return the declared columns in the declared order, `available_time` filled."""
    columns = {name: rows[name] for name in table.schema()}
    if "available_time" in columns:
        filled = rows.event_time + ibis.interval(seconds=int(delay.total_seconds()))
        columns["available_time"] = rows.available_time.fill_null(filled)
    declared = {name: columns[name].cast(kind) for name, kind in table.schema().items()}
    return rows.select(*beside, **declared)


def _refused(connection: ibis.BaseBackend, judged: ir.Table, checks: tuple[Check, ...]) -> ir.Table:
    """Note the position of every row that breaks a rule, with all its reasons."""
    reasons = ibis.literal("; ").join(
        [
            judged[_flag(i)].ifelse(f"{check.column}: {check.reason}", None)
            for i, check in enumerate(checks)
        ]
    )
    told = judged.filter(judged[REFUSED]).select(POSITION, reason=reasons)
    return connection.create_table(ibis.util.gen_name("refused"), told, temp=True)


def _quarantine(delivered: ir.Table, rows: ir.Table, told: list[ir.Table]) -> ir.Table:
    """Return the rows to set aside as they were delivered, with their reasons."""
    reasons = reduce(lambda left, right: left.union(right), told)
    numbered = rows.select(POSITION, SOURCE_ROW).filter(rows[POSITION].isin(reasons[POSITION]))
    named = numbered.inner_join(reasons, POSITION).select(
        POSITION, SOURCE_ROW, **{REASONS: "reason"}
    )
    kept = [name for name in delivered.columns if name not in (SOURCE_ROW, "file_row_number")]
    together = delivered.inner_join(named, delivered.file_row_number == named[POSITION])
    return together.order_by(named[POSITION]).select(
        named[SOURCE_ROW], named[REASONS], *(delivered[name] for name in kept)
    )


def _repeat_findings(
    connection: ibis.BaseBackend, repeats: ir.Table, table: type[Table]
) -> list[Finding]:
    counted = repeats.group_by("reason").aggregate(rows=repeats.count()).order_by("reason")
    return [
        Finding(", ".join(table.key), found["reason"], FIXES[found["reason"]], found["rows"])
        for found in connection.to_pyarrow(counted).to_pylist()
    ]


def notices_of(delivered: ir.Table, table: type[Table], sieve: Sieve) -> Iterator[str]:
    """Yield what a reader of the report should know of the columns of a table."""
    declared = table.schema()
    extra = [
        name
        for name in delivered.columns
        if name not in declared and name not in (*BOOKKEEPING, "file_row_number")
    ]
    if extra:
        yield f"not used, because no column is declared for it: {', '.join(extra)}"
    absent = [name for name in declared if name not in delivered.columns]
    if absent:
        yield f"not delivered, and left empty: {', '.join(absent)}"
    for column in table.columns():
        if column.references and column.references not in sieve.known and column.name not in absent:
            other = column.references.partition(".")[0]
            yield f"{column.name} is not checked: {other} was not delivered"
        if column.kind == "time" and column.name in delivered.columns:
            kind = delivered.schema()[column.name]
            if kind.is_timestamp() and not kind.timezone:
                yield (
                    f"{column.name} carries no time zone and is read as UTC; if it is local time, "
                    "declare time_zone in a mapping file"
                )
