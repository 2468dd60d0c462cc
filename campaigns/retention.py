"""What names persons and is kept too long: exports, rows of lists, jobs, answers, reports."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Engine, Table, delete, func, select
from sqlalchemy.orm import Session

from campaigns.exports import list_exports
from campaigns.members import EXPIRED, control_path, members_path, outcomes_path
from campaigns.state.tables import (
    ContactEvent,
    FrozenList,
    KeptAnswer,
    OutcomeEvent,
    QueuedJob,
    Reminded,
)
from pipeline.durable import write_json
from pipeline.garbage import Garbage, measured
from pipeline.params import ParamsError, RetentionParams, read_params

#: More exports than any list has.
_ALL = 1_000_000


def retention_of(folder: Path) -> RetentionParams:
    """Return the limits of a project; the usual ones where it has no `params.yaml`."""
    try:
        return read_params(folder).retention
    except ParamsError:
        if (folder / "params.yaml").exists():
            raise
        return RetentionParams()


def expired_files(
    artifacts: Path,
    state: Engine | None,
    limits: RetentionParams,
    *,
    at: datetime,
    mark: bool,
) -> list[Garbage]:
    """Return exports, and rows of lists, that are kept too long.

    Parameters
    ----------
    artifacts, state : Path, Engine
        Where they lie; without a state database there are no lists.
    limits : RetentionParams
        For how long they are kept.
    at : datetime
        Now, with its zone.
    mark : bool
        Whether to note in the folder of a list that its rows go, so that whoever asks for
        them is told why they are gone.
    """
    if state is None:
        return []
    with Session(state) as session:
        lists = session.execute(select(FrozenList.id, FrozenList.created_at)).all()
    found = []
    for row in lists:
        folder = members_path(artifacts, row.id).parent
        rows_since = limits.since("list_rows_days", at)
        if rows_since is not None and row.created_at < rows_since:
            own = [*_rows(artifacts, row.id), *_made_of(folder)]
            if own and mark:
                days = limits.list_rows_days
                write_json(folder / EXPIRED, {"on": at.date(), "kept_days": days})
            found += [measured(path, "rows of a list, kept too long") for path in own]
            continue
        since = limits.since("exports_days", at)
        for made in list_exports(artifacts, row.id, limit=_ALL) if since is not None else ():
            if since is not None and made.created_at < since:
                found.append(measured(folder / "exports" / made.id, "an export, kept too long"))
    return found


def expire_rows(
    state: Engine, limits: RetentionParams, *, at: datetime, dry_run: bool
) -> dict[str, int]:
    """Remove rows of the state database that are kept too long; return how many, by table."""
    found = {}
    with state.begin() as connection:
        for table, old in _old_rows(limits, at):
            count = connection.scalar(select(func.count()).select_from(table).where(old)) or 0
            if count:
                found[table.name] = count
                if not dry_run:
                    connection.execute(delete(table).where(old))
    return found


def _old_rows(limits: RetentionParams, at: datetime) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    columns: dict[str, Any] = {
        "answers_days": KeptAnswer.created_at,
        "jobs_days": QueuedJob.finished_at,
        "contacts_days": ContactEvent.event_time,
        "outcomes_days": OutcomeEvent.event_time,
        "reminders_days": Reminded.due_on,
    }
    for name, column in columns.items():
        since = limits.since(name, at)
        if since is not None:
            bound = since.date() if name == "reminders_days" else since
            yield column.class_.__table__, column < bound


def _rows(artifacts: Path, list_id: str) -> list[Path]:
    paths = (path_of(artifacts, list_id) for path_of in (outcomes_path, control_path, members_path))
    return [path for path in paths if path.exists()]


def _made_of(folder: Path) -> list[Path]:
    return [*sorted((folder / "exports").glob("*")), *sorted((folder / "assignments").glob("*"))]
