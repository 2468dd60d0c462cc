"""Answers that are kept, so that a request that is sent twice is carried out once."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Engine, delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.state.tables import KeptAnswer

#: How long an answer is given again.
KEPT_FOR = timedelta(hours=24)
#: After this time a request that has not been answered is taken for lost with its process.
LOST_AFTER = timedelta(minutes=2)


class ReusedKeyError(ValueError):
    """The idempotency key belongs to another request."""


class InProgressError(ValueError):
    """The first request with this idempotency key is still being worked on."""


class Answer(NamedTuple):
    """What a request was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Request(NamedTuple):
    """Who asked under which idempotency key, and a hash of what was asked."""

    api_key: str
    key: str
    sha256: str


def claim(state: Engine, request: Request, *, at: datetime) -> Answer | None:
    """Return the kept answer, or nothing if the request is now ours to carry out.

    Raises
    ------
    ReusedKeyError
        If the key belongs to another request.
    InProgressError
        If another worker is carrying it out.
    """
    with Session(state) as session, session.begin():
        session.execute(delete(KeptAnswer).where(KeptAnswer.created_at < at - KEPT_FOR))
    try:
        with Session(state) as session, session.begin():
            session.add(
                KeptAnswer(
                    api_key=request.api_key,
                    key=request.key,
                    request_sha256=request.sha256,
                    status=None,
                    headers={},
                    body=b"",
                    created_at=at,
                )
            )
    except IntegrityError:
        return _kept(state, request, at=at)
    return None


def keep(state: Engine, request: Request, answer: Answer) -> None:
    """Keep the answer to a request that was claimed."""
    with Session(state) as session, session.begin():
        session.execute(
            update(KeptAnswer)
            .where(*_is(request))
            .values(status=answer.status, headers=answer.headers, body=answer.body)
        )


def release_claim(state: Engine, request: Request) -> None:
    """Let the request be tried again: it failed, so there is nothing to do only once."""
    with Session(state) as session, session.begin():
        session.execute(delete(KeptAnswer).where(*_is(request), KeptAnswer.status.is_(None)))


def _kept(state: Engine, request: Request, *, at: datetime) -> Answer | None:
    with Session(state) as session, session.begin():
        row = session.get(KeptAnswer, (request.api_key, request.key))
        if row is not None and row.request_sha256 != request.sha256:
            raise ReusedKeyError(
                "this Idempotency-Key was sent with another request. Use a new key for each "
                "request, and the same one only to repeat it."
            )
        if row is not None and row.status is not None:
            return Answer(row.status, row.headers, row.body)
        if row is not None and row.created_at <= at - LOST_AFTER:
            # Whoever moves the time first has taken the request over.
            taken = session.execute(
                update(KeptAnswer)
                .where(*_is(request), KeptAnswer.created_at == row.created_at)
                .values(created_at=at)
                .execution_options(synchronize_session=False)
            )
            if taken.rowcount:  # type: ignore[attr-defined]  # an update has one
                return None
    raise InProgressError(
        "the first request with this Idempotency-Key is still being worked on. Try again soon."
    )


def _is(request: Request) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return KeptAnswer.api_key == request.api_key, KeptAnswer.key == request.key
