"""Rows of a table that are older than it is kept: counted, and left out."""

from datetime import UTC, datetime
from functools import reduce
from operator import and_, or_
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from pipeline.casts import read_as
from pipeline.durable import whole_file
from pipeline.kept_since import Kept
from pipeline.sources.definition import SOURCE_ROW

_EVENT, _KNOWN = "event_time", "available_time"
_NUMBER = "file_row_number"


def count_past_rows(connection: Backend, path: Path, table: str, kept: Kept) -> int:
    """Return how many rows of a Parquet file were known before the day from which on they stay.

    The age of a row is that of `available_time`, but never more than that of `event_time`;
    where it is missing, `event_time` and the table's delay say it. A row whose times cannot be
    read has no age.

    Parameters
    ----------
    connection : Backend
        Engine that reads it.
    path : Path
        Rows of the table, typed or as they were delivered.
    table : str
        Whose rows they are.
    kept : Kept
        Which rows stay.
    """
    if table not in kept.since or _is_surely_kept(path, kept.moment(table)):
        return 0
    rows = connection.read_parquet(path)
    return int(connection.execute(_is_past(rows, table, kept).sum().fill_null(0)))


def leave_out_past_rows(
    connection: Backend, path: Path, table: str, kept: Kept, *, numbered: bool = False
) -> int:
    """Rewrite a Parquet file without the rows that are too old; return how many went.

    With `numbered`, those that stay say in `_row` which of the file they were, from 1 on. For
    the other arguments see `count_past_rows`; the engine has to keep rows in order.
    """
    past = count_past_rows(connection, path, table, kept)
    if past:
        rows = connection.read_parquet(path, file_row_number=numbered)
        stay = rows.filter(~_is_past(rows, table, kept))
        if numbered:
            beside = {} if SOURCE_ROW in rows.columns else {SOURCE_ROW: stay[_NUMBER] + 1}
            stay = stay.mutate(**beside).drop(_NUMBER)
        with whole_file(path) as draft:
            connection.to_parquet(stay, draft)
    return past


def _is_past(rows: ir.Table, table: str, kept: Kept) -> ir.BooleanValue:
    times = {
        name: read_as(rows[name], "time", time_zone=kept.time_zone)
        for name in (_EVENT, _KNOWN)
        if name in rows.columns
    }
    if _EVENT in times and table in kept.delays:
        delay = ibis.interval(seconds=int(kept.delays[table].total_seconds()))
        times[_KNOWN] = times.get(_KNOWN, ibis.null("timestamp('UTC', 6)")).fill_null(
            times[_EVENT] + delay
        )
    if not times:
        return ibis.literal(False)  # noqa: FBT003 - a value
    since = ibis.literal(kept.moment(table).astimezone(UTC), type="timestamp('UTC', 6)")
    older = reduce(and_, ((time < since).fill_null(True) for time in times.values()))  # noqa: FBT003
    return older & reduce(or_, (time.notnull() for time in times.values()))


def _is_surely_kept(path: Path, since: datetime) -> bool:
    """Tell by the footer alone that no row is older: one of its times is never before."""
    with pq.ParquetFile(path) as file:
        metadata = file.metadata
    places = {metadata.schema.column(n).name: n for n in range(metadata.num_columns)}
    if not metadata.num_rows:
        return True
    return any(
        all(
            _starts(metadata.row_group(group).column(places[name]).statistics, since)
            for group in range(metadata.num_row_groups)
        )
        for name in (_EVENT, _KNOWN)
        if name in places
    )


def _starts(statistics: "pq.Statistics | None", since: datetime) -> bool:
    if statistics is None or not (statistics.has_min_max and statistics.has_null_count):
        return False
    first = statistics.min
    if statistics.null_count or not isinstance(first, datetime):
        return False
    return (first if first.tzinfo else first.replace(tzinfo=UTC)) >= since
