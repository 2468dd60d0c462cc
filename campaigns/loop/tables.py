"""Put campaigns back among the tables that models learn from."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from campaigns.list_spec import HEALTH
from campaigns.loop.assignments import TREATED, assignments_of
from campaigns.loop.plans import list_campaigns
from campaigns.state.tables import ContactEvent, FrozenList, OutcomeEvent
from features.campaign_tables import Assignments, Campaigns, Contacts, Outcomes
from features.table import Kind, Table
from pipeline.durable import whole_file

#: The file that is ours in the folder of each table.
OURS = "shortlist.parquet"

_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "money": pa.float64(),
    "flag": pa.bool_(),
    "date": pa.date32(),
    "time": pa.timestamp("us", tz="UTC"),
}


class TableInTheWayError(ValueError):
    """A file of the retailer's own is called as the table that is to be written."""


def write_tables(artifacts: Path, state: Engine, to: Path) -> dict[str, int]:
    """Write plans, assignments, contacts and outcomes in the format of delivered tables.

    Each goes into a folder of its name, into the one file that is ours: whatever else lies
    there stays, and a folder of Parquet files is one table to `shortlist run --data`. Only
    campaigns with a plan are written, since the other tables refer to it; and none that had a
    list for an illness, which whoever was contacted would tell of.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    state : Engine
        The state database.
    to : Path
        The folder of the data.

    Returns
    -------
    dict of str to int
        Rows by table.

    Raises
    ------
    TableInTheWayError
        If one of the tables lies there as a single file.
    DamagedListError
        If the members or the control of a list are missing.
    """
    tables: tuple[type[Table], ...] = (Campaigns, Assignments, Contacts, Outcomes)
    for name in (table.table_name for table in tables):
        _refuse_a_file(to, name)
    ill = _of_illness(state)
    plans = [one.campaign for one in list_campaigns(state) if one.campaign.campaign_id not in ill]
    names = [plan.campaign_id for plan in plans]
    written: dict[type[Table], pd.DataFrame] = {
        Campaigns: pd.DataFrame([plan.model_dump() for plan in plans]),
        Assignments: _assignments(
            artifacts, state, {plan.campaign_id: plan.offer for plan in plans}
        ),
        Contacts: _reported(state, ContactEvent, names),
        Outcomes: _reported(state, OutcomeEvent, names),
    }
    for table, rows in written.items():
        with whole_file(to / table.table_name / OURS) as draft:
            pq.write_table(_as_declared(rows, table), draft, compression="zstd")
    return {table.table_name: len(rows) for table, rows in written.items()}


def _of_illness(state: Engine) -> set[str]:
    with Session(state) as session:
        lists = session.execute(select(FrozenList.campaign, FrozenList.spec)).all()
    return {row.campaign for row in lists if row.spec.get("purpose") == HEALTH}


def _refuse_a_file(to: Path, name: str) -> None:
    for file in to.glob(f"{name}.*"):
        raise TableInTheWayError(
            f"{file} is there already. Move it to {to / name / file.name} if it is Parquet, or "
            "write the tables to a folder of their own."
        )


def _assignments(artifacts: Path, state: Engine, offers: dict[str, str | None]) -> pd.DataFrame:
    found = []
    for name, offer in offers.items():
        rows = assignments_of(artifacts, state, name).drop(columns=["treated", "list_id"])
        rows["arm"] = rows["arm"].replace(TREATED, offer or TREATED)
        found.append(rows.assign(campaign_id=name))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _reported(state: Engine, table: Any, campaigns: list[str]) -> pd.DataFrame:
    names = [column.name for column in table.__table__.columns]
    query = (
        select(*(getattr(table, name) for name in names))
        .where(table.campaign_id.in_(campaigns))
        .order_by(*table.__table__.primary_key.columns)
    )
    with Session(state) as session:
        rows = pd.DataFrame([tuple(row) for row in session.execute(query)], columns=names)
    # Ours know of it when they are told; a clock that was ahead told of it before it happened.
    known: list[datetime] = [
        max(pair) for pair in zip(rows.pop("received_at"), rows["event_time"], strict=True)
    ]
    return rows.assign(available_time=known)


def _as_declared(rows: pd.DataFrame, table: type[Table]) -> pa.Table:
    if not len(rows):
        rows = pd.DataFrame(columns=[column.name for column in table.columns()])
    return pa.table(
        {column.name: _column(rows[column.name], column.kind) for column in table.columns()}
    )


def _column(values: pd.Series, kind: Kind) -> pa.Array:
    if kind == "time":
        utc = pd.to_datetime(values, utc=True).dt.tz_convert(None)
        return pa.array(utc.to_numpy(), _TYPES[kind], from_pandas=True)
    return pa.array(values, _TYPES[kind], from_pandas=True)
