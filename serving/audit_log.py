"""Record what is taken before it is sent; what many take at once is recorded at once."""

import asyncio
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from fastapi import Request
from sqlalchemy import Engine

from campaigns.audit import Event, record
from campaigns.keys import Key
from serving.request_id import request_id

#: Events that are written together.
_MOST = 500
#: So long the first of them waits for others: a commit costs as much for one as for fifty.
_GATHERS_S = 0.002

_Done = Future[None] | asyncio.Future[None]


class AuditLog:
    """Writes events from a thread of its own, as many as are waiting with one commit."""

    def __init__(self, state: Engine) -> None:
        self._state = state
        self._waiting: queue.SimpleQueue[tuple[Event, _Done] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting, and end."""
        self._waiting.put(None)
        self._thread.join()

    def submit(self, event: Event) -> Future[None]:
        """Return what is done as soon as the event is in the database, or fails as it does."""
        done: Future[None] = Future()
        self._waiting.put((event, done))
        return done

    async def written(self, event: Event) -> None:
        """Wait until the event is in the database, or fail as it does."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put((event, done))
        await done

    def _run(self) -> None:
        while first := self._waiting.get():
            time.sleep(_GATHERS_S)
            batch = [first]
            ends = False
            while not ends and len(batch) < _MOST and not self._waiting.empty():
                one = self._waiting.get()
                if one is None:
                    ends = True
                else:
                    batch.append(one)
            _settle([done for _, done in batch], self._written(batch))
            if ends:
                return

    def _written(self, batch: Sequence[tuple[Event, _Done]]) -> Exception | None:
        try:
            record(self._state, [event for event, _ in batch])
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
            return error
        return None


def _settle(waiting: Sequence[_Done], error: Exception | None) -> None:
    """Let go who waits; those of an event loop all at once, since each call wakes it."""
    of_loops: defaultdict[asyncio.AbstractEventLoop, list[_Done]] = defaultdict(list)
    for done in waiting:
        if isinstance(done, asyncio.Future):
            of_loops[done.get_loop()].append(done)
        else:
            _let_go([done], error)
    for loop, own in of_loops.items():
        with suppress(RuntimeError):  # it has ended, and nobody waits any longer
            loop.call_soon_threadsafe(_let_go, own, error)


def _let_go(waiting: Sequence[_Done], error: Exception | None) -> None:
    for done in waiting:
        if done.done():  # whoever waited has gone
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


def audited(request: Request, **what: Any) -> None:
    """Record who takes what, or does what, with this request; wait until it is recorded."""
    request.app.state.resources.audit.submit(_event(request, **what)).result()


async def audited_soon(request: Request, **what: Any) -> None:
    """Do as `audited`, where other requests may go on meanwhile."""
    await request.app.state.resources.audit.written(_event(request, **what))


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
