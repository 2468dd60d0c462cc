"""Regions, stores and channels that have gone silent while the others go on selling.

A delivery may lack one region and still hold so many lines that no volume rings. So the lines of
each group are held against its usual share of the same weekdays.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

import pandas as pd
from ibis.backends.duckdb import Backend
from pydantic import BaseModel, ConfigDict

from pipeline.duck import quoted

#: With fewer lines expected nobody can tell silence from chance.
ENOUGH_LINES = 100
#: Silent is who sold less than this share of the lines that were expected.
SILENT = 0.2
#: Days at the end that are looked at beside the new ones: a small group is missed slowly.
SPANS = (7, 28)
#: Days before them that say what is usual.
USUAL_DAYS = 56
#: How many groups are named in one sentence.
_NAMED = 5

_GROUPINGS = {
    "customers of the region": "region",
    "stores of the region": "store_region",
    "the store": "store_id",
    "the channel": "channel",
}
_NOBODY = "SELECT NULL::VARCHAR AS store_id, NULL::VARCHAR AS store_region"


class Silent(BaseModel):
    """A group that hardly sells any more.

    Attributes
    ----------
    grouping, group : str
        What the group is, and its name.
    days : int
        The last so many days were looked at.
    found : int
        Its lines there.
    expected : float
        What its share of the same weekdays before makes of the lines of all.
    share : float
        Its share of all lines before, in [0, 1].
    """

    model_config = ConfigDict(frozen=True)

    grouping: str
    group: str
    days: int
    found: int
    expected: float
    share: float


def silent_groups(
    connection: Backend, tables: Path, *, time_zone: str, newest: date, since: date | None
) -> tuple[Silent, ...]:
    """Return the groups that have gone silent, each as of the shortest span that shows it.

    Parameters
    ----------
    connection : Backend
        An engine.
    tables : Path
        Folder of accepted rows: `transactions`, `customers`, and `stores` if there are any.
    time_zone : str
        In which days are told.
    newest : date
        The last day with a line.
    since : date, optional
        The newest day of the last run: the days after it are a span of their own.
    """
    fresh = (newest - since).days if since else 0
    spans = sorted({*SPANS, fresh} - {0}) if fresh >= 0 else list(SPANS)
    lines = _lines(connection, tables, time_zone, newest - timedelta(days=max(spans) + USUAL_DAYS))
    found: dict[tuple[str, str], Silent] = {}
    for days in spans:
        begins = newest - timedelta(days=days)
        usual = lines[(lines["day"] <= begins) & (lines["day"] > begins - timedelta(USUAL_DAYS))]
        recent = lines[lines["day"] > begins]
        if recent.empty or usual["day"].nunique() < USUAL_DAYS / 2:
            continue
        for grouping, column in _GROUPINGS.items():
            for one in _silent(grouping, column, days, usual, recent):
                found.setdefault((grouping, one.group), one)
    return tuple(found[key] for key in sorted(found))


def newly_silent(now: Sequence[Silent], before: Sequence[Silent], *, share: float) -> Iterator[str]:
    """Yield, one sentence for each grouping, which groups have gone silent since the last run.

    Those that were silent then had been accepted. Groups that together sold less than `share`
    of all lines are left alone.
    """
    known = {(one.grouping, one.group) for one in before}
    new = [one for one in now if (one.grouping, one.group) not in known]
    for grouping, group in groupby(new, key=lambda one: one.grouping):
        silent = sorted(group, key=lambda one: -one.share)
        total = sum(one.share for one in silent)
        if total < share:
            continue
        some = "; ".join(
            f"{one.group} {one.found:,} of about {one.expected:,.0f} lines in {one.days} days"
            for one in silent[:_NAMED]
        )
        more = f" and {len(silent) - _NAMED} more" if len(silent) > _NAMED else ""
        yield (
            f"{grouping} hardly sold anything: {some}{more}. They sold {total:.1%} of all lines "
            f"before, and {share:.1%} may fall silent. Is a part of the delivery missing?"
        )


def _lines(connection: Backend, tables: Path, time_zone: str, first: date) -> pd.DataFrame:
    """Return lines by day, region of the customer, store, its region, and channel."""
    stores = tables / "stores.parquet"
    known_stores = (
        f"SELECT store_id, any_value(region) AS store_region FROM read_parquet({quoted(stores)}) "  # noqa: S608 - our own names
        "GROUP BY 1"
        if stores.exists()
        else _NOBODY
    )
    local = f"CAST(timezone('{time_zone}', event_time) AS DATE)"
    query = (
        f"SELECT {local} AS day, region, store_id, store_region, channel, count(*) AS lines "  # noqa: S608 - as above
        f"FROM (SELECT event_time, customer_id, store_id, channel "
        f"FROM read_parquet({quoted(tables / 'transactions.parquet')}) "
        f"WHERE event_time >= TIMESTAMPTZ '{first} 00:00:00+00') "
        "LEFT JOIN (SELECT customer_id, arg_max(region, coalesce(valid_from, DATE '1900-01-01')) "
        f"AS region FROM read_parquet({quoted(tables / 'customers.parquet')}) GROUP BY 1) "
        f"USING (customer_id) LEFT JOIN ({known_stores}) USING (store_id) GROUP BY ALL"
    )
    lines: pd.DataFrame = connection.con.sql(query).to_arrow_table().to_pandas()
    lines["day"] = pd.to_datetime(lines["day"]).dt.date
    lines["weekday"] = [day.weekday() for day in lines["day"]]
    return lines


def _silent(
    grouping: str, column: str, days: int, usual: pd.DataFrame, recent: pd.DataFrame
) -> Iterator[Silent]:
    of_all = usual.groupby("weekday")["lines"].sum()
    came = recent.groupby("weekday")["lines"].sum()
    then = usual.pivot_table(
        index=column, columns="weekday", values="lines", aggfunc="sum", fill_value=0
    )
    expected = (then / of_all * came).sum(axis=1)
    found = recent.groupby(column)["lines"].sum().reindex(expected.index, fill_value=0)
    for group in expected.index[(expected >= ENOUGH_LINES) & (found < SILENT * expected)]:
        yield Silent(
            grouping=grouping,
            group=str(group),
            days=days,
            found=int(found[group]),
            expected=float(expected[group]),
            share=float(then.loc[group].sum() / of_all.sum()),
        )
