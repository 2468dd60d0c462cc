"""Who may be contacted now: consents, suppressions and contacts, read when they are needed.

What was delivered with the tables is joined with what was reported since. Here, and only
here, the cut-off of the scores does not count: a refusal holds from the moment it is made.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from sqlalchemy import Engine, Select, select

from campaigns.list_spec import ContactCap
from campaigns.state.tables import ConsentChange, ContactEvent, Suppression
from pipeline.duck import quoted
from pipeline.live_tables import tables_folder

_TIME = pa.timestamp("us", tz="UTC")


class NoConsentsError(ValueError):
    """A channel is named, and nobody has ever consented to anything."""


class Asked(Protocol):
    """Customers by their places; a `Population`, or the members of a list."""

    def query(
        self, sql: str, values: Mapping[str, Any] | None = None, **tables: pa.Table
    ) -> pa.Table:
        """Return what a query finds; `everybody` holds `customer_id` and `place`."""

    def bits(self, places: np.ndarray) -> np.ndarray:
        """Return bits of which those of some places are set."""


def consented(
    population: Asked,
    artifacts: Path,
    state: Engine,
    *,
    channel: str,
    purpose: str,
    at: datetime,
) -> np.ndarray:
    """Return who agrees to be contacted over a channel for a purpose: their latest word.

    Returns
    -------
    array of uint8
        One bit a customer.

    Raises
    ------
    NoConsentsError
        If no consents are on record at all.
    """
    delivered = _table(artifacts, "consents")
    changes = _rows(
        state,
        select(ConsentChange.customer_id, ConsentChange.granted, ConsentChange.event_time).where(
            ConsentChange.channel == channel,
            ConsentChange.purpose == purpose,
            ConsentChange.event_time <= at,
        ),
        customer_id=pa.string(),
        granted=pa.bool_(),
        event_time=_TIME,
    )
    if delivered is None and not len(changes):
        raise NoConsentsError(
            "no consents are on record, so nobody may be contacted. Deliver the table consents, "
            "report them to POST /v1/consents, or leave the channel out."
        )
    of_table = (
        f"SELECT customer_id, granted, event_time, 0 AS reported FROM {delivered} "  # noqa: S608
        "WHERE channel = $channel AND purpose = $purpose AND event_time <= $at UNION ALL "
        if delivered
        else ""
    )
    return _who(
        population,
        f"SELECT customer_id FROM ({of_table}SELECT customer_id, granted, event_time, "  # noqa: S608
        "1 AS reported FROM reported) GROUP BY customer_id "
        "HAVING arg_max(granted, (event_time, reported))",
        {"channel": channel, "purpose": purpose, "at": at} if delivered else {},
        changes,
    )


def suppressed(
    population: Asked, artifacts: Path, state: Engine, *, channel: str | None
) -> np.ndarray:
    """Return who must not be contacted: suppressed, or complained about an earlier contact.

    Without a channel every suppression counts.
    """
    rows = select(Suppression.customer_id)
    complaints = select(ContactEvent.customer_id).where(ContactEvent.status == "complained")
    if channel is not None:
        rows = rows.where(Suppression.channel.in_((channel, "")))
        complaints = complaints.where(ContactEvent.channel == channel)
    found = _rows(state, rows.union(complaints), customer_id=pa.string())
    delivered = _table(artifacts, "contacts")
    of_table = ""
    if delivered:
        where = "status = 'complained'" + (" AND channel = $channel" if channel else "")
        of_table = f" UNION ALL SELECT customer_id FROM {delivered} WHERE {where}"  # noqa: S608
    return _who(
        population,
        f"SELECT customer_id FROM reported{of_table}",  # noqa: S608 - ours
        {"channel": channel} if channel and delivered else {},
        found,
    )


def contacted_enough(
    population: Asked, artifacts: Path, state: Engine, *, cap: ContactCap, at: datetime
) -> np.ndarray:
    """Return who was contacted as often as the cap allows; what bounced does not count."""
    since = at - timedelta(days=cap.within_days)
    rows = select(
        ContactEvent.campaign_id,
        ContactEvent.customer_id,
        ContactEvent.channel,
        ContactEvent.event_time,
    ).where(
        ContactEvent.event_time >= since,
        ContactEvent.event_time <= at,
        ContactEvent.status.not_in(("bounced", "complained")),
    )
    if cap.channel is not None:
        rows = rows.where(ContactEvent.channel == cap.channel)
    reported = _rows(
        state,
        rows,
        campaign_id=pa.string(),
        customer_id=pa.string(),
        channel=pa.string(),
        event_time=_TIME,
    )
    delivered = _table(artifacts, "contacts")
    of_table = ""
    values: dict[str, Any] = {}
    if delivered:
        channel = " AND channel = $channel" if cap.channel is not None else ""
        of_table = (
            " UNION SELECT campaign_id, customer_id, channel, event_time "  # noqa: S608 - ours
            f"FROM {delivered} WHERE event_time >= $since AND event_time <= $at "
            f"AND status NOT IN ('bounced', 'complained'){channel}"
        )
        values = {"since": since, "at": at}
        values |= {"channel": cap.channel} if cap.channel is not None else {}
    return _who(
        population,
        f"SELECT customer_id FROM (SELECT * FROM reported{of_table}) "  # noqa: S608 - ours
        f"GROUP BY customer_id HAVING count(*) >= {cap.times:d}",
        values,
        reported,
    )


def _who(population: Asked, sql: str, values: dict[str, Any], reported: pa.Table) -> np.ndarray:
    found = population.query(
        f"SELECT place FROM everybody WHERE customer_id IN ({sql})",  # noqa: S608 - ours
        values,
        reported=reported,
    )
    return population.bits(found["place"].to_numpy())


def _rows(state: Engine, query: Select[Any] | Any, **columns: pa.DataType) -> pa.Table:
    with state.connect() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    return pa.table(
        {
            name: pa.array([row[i] for row in rows], kind)
            for i, (name, kind) in enumerate(columns.items())
        }
    )


def _table(artifacts: Path, name: str) -> str | None:
    path = tables_folder(artifacts) / f"{name}.parquet"
    return f"read_parquet({quoted(path)})" if path.exists() else None
