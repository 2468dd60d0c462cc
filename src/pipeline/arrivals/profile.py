"""Volumes, empty cells, values and hours of accepted tables: what the next data are held against.

Only counts are kept, and values only of columns that hold few different ones and tell of nobody.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ibis.backends.duckdb import Backend
from pydantic import BaseModel, ConfigDict

from features.table import Table
from features.tables import TABLES
from pipeline.arrivals.silence import Silent, silent_groups
from pipeline.duck import quoted
from pipeline.duplicates import COPY
from pipeline.durable import write_json
from pipeline.engine import engine
from pipeline.planned import Span
from pipeline.quality import Quality, TableQuality

#: How many days, up to the newest, say what is usual: eight of each weekday.
USUAL_DAYS = 56

#: A column with more different values than this is no category.
MOST_VALUES = 200

#: Weeks with fewer rows do not say how empty a column can be.
ENOUGH_A_WEEK = 20

_ARRIVALS = "arrivals.json"

#: What DuckDB may hold of the rows of the last weeks before it spills.
_MEMORY = "2GB"


class ColumnProfile(BaseModel):
    """A column: how many cells are empty, and how often each value occurs if they are few.

    Attributes
    ----------
    nulls : int
        Empty cells.
    most_empty : float, optional
        The largest share of empty cells in any week; none where no week has rows enough.
    values : dict of str to int, optional
        Rows by value.
    """

    model_config = ConfigDict(frozen=True)

    nulls: int
    most_empty: float | None = None
    values: dict[str, int] | None = None


class Part(BaseModel):
    """Some rows of a table.

    Attributes
    ----------
    rows : int
        How many.
    columns : dict
        Each column.
    hours : tuple of tuple of int
        Receipts by weekday, from Monday on, and local hour; of transactions only.
    """

    model_config = ConfigDict(frozen=True)

    rows: int
    columns: dict[str, ColumnProfile]
    hours: tuple[tuple[int, ...], ...] = ()


class TableProfile(BaseModel):
    """A table.

    Attributes
    ----------
    read, accepted, refused : int
        Rows; exact copies of earlier rows are not counted as refused.
    past_retention : int
        Rows that were delivered and are older than they are kept.
    kept_since : date, optional
        First day of the rows that are kept; none without a limit.
    first, newest : date, optional
        Local days of the first and the last fact; none for a table without days.
    usual : Part
        The rows of the last 56 days; all of a table without days.
    known, new : Part, optional
        The same days as `usual` of the last run, and the days after them.
    """

    model_config = ConfigDict(frozen=True)

    read: int
    accepted: int
    refused: int
    past_retention: int = 0
    kept_since: date | None = None
    first: date | None = None
    newest: date | None = None
    usual: Part
    known: Part | None = None
    new: Part | None = None


class Profile(BaseModel):
    """All tables, by name, and who has gone silent."""

    model_config = ConfigDict(frozen=True)

    tables: dict[str, TableProfile]
    silent: tuple[Silent, ...] = ()

    def span(self) -> Span:
        """Return the first and the last day on which anything was sold."""
        sold = self.tables["transactions"]
        assert sold.first is not None  # noqa: S101 - the contract: a first row, with its time
        assert sold.newest is not None  # noqa: S101 - as above
        return Span(sold.first, sold.newest)


def profile(tables: Path, *, time_zone: str, quality: Quality, since: Profile | None) -> Profile:
    """Return what accepted tables look like.

    Parameters
    ----------
    tables : Path
        Folder of accepted rows, one Parquet file each.
    time_zone : str
        Business time zone, in which days and hours are told.
    quality : Quality
        What validation said of them.
    since : Profile, optional
        That of the last run; says which days were known then.
    """
    declared = {table.table_name: table for table in TABLES}
    with engine(tables.parent, threads=1, memory=_MEMORY) as connection:
        found = {
            one.table: _of_table(
                connection,
                declared[one.table],
                tables / f"{one.table}.parquet",
                time_zone=time_zone,
                quality=one,
                before=since.tables.get(one.table) if since else None,
            )
            for one in quality.tables
        }
        sold = found["transactions"]
        silent: tuple[Silent, ...] = ()
        if sold.newest is not None:
            before = since.tables.get("transactions") if since else None
            silent = silent_groups(
                connection,
                tables,
                time_zone=time_zone,
                newest=sold.newest,
                since=before.newest if before else None,
            )
        return Profile(tables=found, silent=silent)


def read_profile(artifacts: Path) -> Profile | None:
    """Return the profile of the data that were accepted last; none before the first."""
    try:
        text = (artifacts / _ARRIVALS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return Profile.model_validate(json.loads(text))


def keep_profile(artifacts: Path, found: Profile) -> None:
    """Write the profile of accepted data: the next are held against it."""
    write_json(artifacts / _ARRIVALS, found.model_dump(mode="json", exclude_none=True))


def _of_table(
    connection: Backend,
    table: type[Table],
    path: Path,
    *,
    time_zone: str,
    quality: TableQuality,
    before: TableProfile | None,
) -> TableProfile:
    name, rows = f"arrived_{table.table_name}", f"FROM read_parquet({quoted(path)})"
    counts: dict[str, Any] = {
        "read": quality.read,
        "accepted": quality.accepted,
        "refused": quality.quarantined
        - sum(one.rows for one in quality.findings if one.reason == COPY),
        "past_retention": quality.past_retention,
        "kept_since": quality.kept_since,
    }
    first, newest = None, None
    if "event_time" in table.schema():
        local = f"timezone('{time_zone}', event_time)"
        span = "CAST(timezone('{0}', {1}(event_time)) AS DATE)"
        ends = ", ".join(span.format(time_zone, end) for end in ("min", "max"))
        first, newest = connection.raw_sql(f"SELECT {ends} {rows}").fetchone()
    if newest is None:
        connection.raw_sql(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {rows}')
        every = _part(connection, table, name, "true", dated=False)
        return TableProfile(**counts, usual=every, new=every if before else None)
    last = before.newest if before is not None else None
    since = min(newest, last or newest) - timedelta(days=USUAL_DAYS + 1)
    connection.raw_sql(
        f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT *, CAST({local} AS DATE) AS _day, '  # noqa: S608 - our own names
        f"extract(isodow FROM {local}) AS _weekday, extract(hour FROM {local}) AS _hour "
        f"{rows} WHERE event_time >= TIMESTAMPTZ '{since} 00:00:00+00'"
    )
    known = new = None
    if last is not None:
        known = _part(connection, table, name, _last_days(last))
        new = _part(connection, table, name, f"_day > DATE '{last}'")
    usual = _part(connection, table, name, _last_days(newest))
    connection.raw_sql(f'DROP TABLE "{name}"')
    return TableProfile(**counts, first=first, newest=newest, usual=usual, known=known, new=new)


def _last_days(newest: date) -> str:
    return f"_day > DATE '{newest - timedelta(days=USUAL_DAYS)}' AND _day <= DATE '{newest}'"


def _part(
    connection: Backend, table: type[Table], name: str, which: str, *, dated: bool = True
) -> Part:
    rows = f'FROM "{name}" WHERE {which}'
    columns = [column.name for column in table.columns()]
    nulls = ", ".join(f'count(*) - count("{column}")' for column in columns)
    week = "date_trunc('week', _day)" if dated else "NULL"
    weeks = connection.raw_sql(f"SELECT count(*), {nulls} {rows} GROUP BY {week}").fetchall()
    count, *empty = [sum(one) for one in zip(*weeks, strict=True)] or [0] * (len(columns) + 1)
    told_weeks = [[none / of for none in nones] for of, *nones in weeks if of >= ENOUGH_A_WEEK]
    most = [max(each) for each in zip(*told_weeks, strict=True)] or [None] * len(columns)
    told = dict.fromkeys(columns, None) | {
        column: _values(connection, column, rows) for column in _categories(table)
    }
    found = {
        column: ColumnProfile(nulls=none, most_empty=share, values=told[column])
        for column, none, share in zip(columns, empty, most, strict=True)
    }
    hours: tuple[tuple[int, ...], ...] = ()
    if table.table_name == "transactions":
        hours = _hours(connection, rows)
    return Part(rows=count, columns=found, hours=hours)


def _categories(table: type[Table]) -> Iterator[str]:
    for column in table.columns():
        named = column.name in table.key or column.name.endswith("_id") or column.references
        if column.kind == "text" and column.purpose == "general" and not named:
            yield column.name


def _values(connection: Backend, column: str, rows: str) -> dict[str, int] | None:
    found = connection.raw_sql(
        f'SELECT "{column}", count(*) {rows} AND "{column}" IS NOT NULL '
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES + 1}"
    ).fetchall()
    return None if len(found) > MOST_VALUES else dict(found)


def _hours(connection: Backend, rows: str) -> tuple[tuple[int, ...], ...]:
    counts = [[0] * 24 for _ in range(7)]
    for weekday, hour, receipts in connection.raw_sql(
        f"SELECT _weekday, _hour, count(DISTINCT order_id) {rows} GROUP BY 1, 2"
    ).fetchall():
        counts[weekday - 1][hour] = receipts
    return tuple(map(tuple, counts))
