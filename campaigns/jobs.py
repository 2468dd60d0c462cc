"""Jobs: work that outlasts a request, taken from the state database by whoever is free."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from sqlalchemy import Engine, or_, select, update
from sqlalchemy.orm import Session

from campaigns.state.tables import QueuedJob

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]

#: Whoever works on a job says so again before this time is over, or loses it.
LEASE = timedelta(seconds=30)
#: A job that was left so many times by a process that died is not tried again.
MOST_ATTEMPTS = 3

_DONE = frozenset({"succeeded", "failed", "cancelled"})
_ABANDONED = {
    "type": "urn:shortlist:problem:abandoned-job",
    "title": "The job was abandoned",
    "status": 500,
    "detail": f"{MOST_ATTEMPTS} processes ended while they worked on it. Look at their logs.",
}


class UnknownJobError(ValueError):
    """There is no job of that id."""


class StartedJobError(ValueError):
    """A job that was begun cannot be cancelled."""


@dataclass(frozen=True)
class Job:
    """A job, as it is now.

    Attributes
    ----------
    id, kind : str
        Which job, and what has to be done.
    status : str
        queued, running, succeeded, failed or cancelled.
    request : dict
        What was asked for; what it holds follows from the kind.
    asked_by : str
        Prefix of the key that asked.
    progress : float
        Share that is done, in [0, 1].
    attempts : int
        How often somebody began.
    location : str, optional
        Path of what was made.
    problem : dict, optional
        Why it failed.
    created_at, started_at, finished_at : datetime
        In UTC; none as long as it has not happened.
    """

    id: str
    kind: str
    status: Status
    request: dict[str, Any]
    asked_by: str
    progress: float
    attempts: int
    location: str | None
    problem: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_done(self) -> bool:
        """Whether nothing of it will change."""
        return self.status in _DONE

    @classmethod
    def of(cls, row: QueuedJob) -> Self:
        """Return what a row of the database says."""
        return cls(**{name: getattr(row, name) for name in cls.__dataclass_fields__})

    def document(self) -> dict[str, Any]:
        """Return the job as HTTP answers it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "status": self.status,
            "progress": self.progress,
            "attempts": self.attempts,
            "location": self.location,
            "problem": self.problem,
            "created_at": self.created_at.isoformat(),
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
        }


def submit(
    state: Engine, *, kind: str, request: dict[str, Any], asked_by: str, at: datetime
) -> Job:
    """Queue a job."""
    row = QueuedJob(
        id=f"job_{secrets.token_hex(10)}",
        kind=kind,
        status="queued",
        request=request,
        asked_by=asked_by,
        progress=0.0,
        attempts=0,
        created_at=at,
    )
    with Session(state) as session, session.begin():
        session.add(row)
        session.flush()
        return Job.of(row)


def find_job(state: Engine, identity: str) -> Job:
    """Return a job by its id.

    Raises
    ------
    UnknownJobError
        If there is none.
    """
    with Session(state) as session:
        row = session.get(QueuedJob, identity)
        if row is None:
            raise UnknownJobError("there is no job of this id. Use the Location of the answer.")
        return Job.of(row)


def cancel(state: Engine, identity: str, *, at: datetime) -> Job:
    """Cancel a job that nobody has begun; one that is done stays as it is.

    Raises
    ------
    UnknownJobError
        If there is none.
    StartedJobError
        If somebody works on it.
    """
    with Session(state) as session, session.begin():
        session.execute(
            update(QueuedJob)
            .where(QueuedJob.id == identity, QueuedJob.status == "queued")
            .values(status="cancelled", finished_at=at)
        )
    job = find_job(state, identity)
    if job.status == "running":
        raise StartedJobError("the job has begun. Wait for its end; nothing is half made.")
    return job


def claim(state: Engine, owner: str, *, at: datetime, lease: timedelta = LEASE) -> Job | None:
    """Take the oldest job that is queued or whose worker has gone; none where there is none.

    Of several who try at once, one has it: whoever changes the row as it was seen.
    """
    free = or_(
        QueuedJob.status == "queued",
        (QueuedJob.status == "running") & (QueuedJob.leased_until < at),
    )
    while True:
        with Session(state) as session, session.begin():
            row = session.scalars(
                select(QueuedJob)
                .where(free)
                .order_by(QueuedJob.created_at, QueuedJob.id)
                .limit(1)
                .execution_options(populate_existing=True)
            ).first()
            if row is None:
                return None
            gives_up = row.attempts >= MOST_ATTEMPTS
            changes = (
                {"status": "failed", "problem": _ABANDONED, "finished_at": at, "owner": None}
                if gives_up
                else {
                    "status": "running",
                    "owner": owner,
                    "leased_until": at + lease,
                    "attempts": row.attempts + 1,
                    "started_at": at,
                    "progress": 0.0,
                }
            )
            identity, seen = row.id, row.attempts
            session.expunge(row)
            taken = session.execute(
                update(QueuedJob)
                .where(QueuedJob.id == identity, QueuedJob.attempts == seen, free)
                .values(**changes)
                .execution_options(synchronize_session=False)
            )
            changed = bool(taken.rowcount)  # type: ignore[attr-defined]  # an update has one
        if changed and not gives_up:
            return find_job(state, identity)


def renew(
    state: Engine,
    identity: str,
    owner: str,
    *,
    at: datetime,
    progress: float,
    lease: timedelta = LEASE,
) -> bool:
    """Say that a job is still worked on; return whether it is still ours."""
    return _change(state, identity, owner, leased_until=at + lease, progress=progress)


def succeed(state: Engine, identity: str, owner: str, *, location: str, at: datetime) -> bool:
    """Record what was made; return whether the job was still ours."""
    done = {"status": "succeeded", "progress": 1.0, "location": location}
    return _change(state, identity, owner, **done, finished_at=at, owner=None)


def fail(
    state: Engine, identity: str, owner: str, *, problem: dict[str, Any], at: datetime
) -> bool:
    """Record why nothing was made; return whether the job was still ours."""
    done = {"status": "failed", "problem": problem}
    return _change(state, identity, owner, **done, finished_at=at, owner=None)


def give_back(state: Engine, identity: str, owner: str) -> bool:
    """Queue a job again that its worker has to leave; it counts as no attempt."""
    back = {"status": "queued", "owner": None, "leased_until": None, "progress": 0.0}
    return _change(state, identity, owner, **back, attempts=QueuedJob.attempts - 1)


def _change(state: Engine, identity: str, holder: str, **values: Any) -> bool:
    with Session(state) as session, session.begin():
        changed = session.execute(
            update(QueuedJob)
            .where(
                QueuedJob.id == identity,
                QueuedJob.owner == holder,
                QueuedJob.status == "running",
            )
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        return bool(changed.rowcount)  # type: ignore[attr-defined]  # an update has one
