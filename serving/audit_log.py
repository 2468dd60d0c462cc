"""Record what is taken before it is sent; what many take at once is recorded at once."""

import asyncio
import queue
import threading
from concurrent.futures import Future
from typing import Any

from fastapi import Request
from sqlalchemy import Engine

from campaigns.audit import Event, record
from campaigns.keys import Key
from serving.request_id import request_id

#: Events that are written together.
_MOST = 500


class AuditLog:
    """Writes events from a thread of its own, as many as are waiting with one commit."""

    def __init__(self, state: Engine) -> None:
        self._state = state
        self._waiting: queue.SimpleQueue[tuple[Event, Future[None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting, and end."""
        self._waiting.put(None)
        self._thread.join()

    def submit(self, event: Event) -> "Future[None]":
        """Return what is done as soon as the event is in the database, or fails as it does."""
        done: Future[None] = Future()
        self._waiting.put((event, done))
        return done

    def _run(self) -> None:
        while first := self._waiting.get():
            batch = [first]
            ends = False
            while len(batch) < _MOST and not self._waiting.empty():
                one = self._waiting.get()
                if one is None:
                    ends = True
                    break
                batch.append(one)
            self._write(batch)
            if ends:
                return

    def _write(self, batch: list[tuple[Event, "Future[None]"]]) -> None:
        try:
            record(self._state, [event for event, _ in batch])
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
            for _, done in batch:
                done.set_exception(error)
            return
        for _, done in batch:
            done.set_result(None)


def audited(request: Request, **what: Any) -> None:
    """Record who takes what, or does what, with this request; wait until it is recorded."""
    request.app.state.resources.audit.submit(_event(request, **what)).result()


async def audited_soon(request: Request, **what: Any) -> None:
    """Do as `audited`, where other requests may go on meanwhile."""
    await asyncio.wrap_future(request.app.state.resources.audit.submit(_event(request, **what)))


def _event(request: Request, **what: Any) -> Event:
    shared: Any = request.app.state.resources
    key: Key = request.state.key
    return Event(
        at=shared.now(),
        who=key.who,
        route=f"{request.method} {request.scope['route'].path}",
        request_id=request_id(request.scope),
        **what,
    )
