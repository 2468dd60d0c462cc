"""The thread that delivers webhooks: one in each process, several messages at once."""

import asyncio
import contextlib
import logging
import random
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine

from campaigns.webhooks.outbox import (
    LEASE,
    Attempt,
    claim_delivery,
    forget_deliveries,
    give_back_delivery,
    settle,
)
from campaigns.webhooks.releases import ReleaseWatch
from campaigns.webhooks.sending import Sender
from serving.resources import DATABASE_AWAY

_LOG = logging.getLogger(__name__)

#: How often to look for what is due, in seconds.
_LOOKS_EVERY_S = 0.5
#: Messages under way at once, each to another subscription.
_AT_ONCE = 16
#: How often to forget what has long been over.
_FORGETS_EVERY = timedelta(hours=1)


class Deliverer:
    """Delivers what is due, until it is stopped.

    To each subscription one message at a time, so that one that is slow or away holds up
    nobody else. In what order they arrive is not promised.

    Parameters
    ----------
    state : Engine
        The state database.
    sender : Sender
        Makes an attempt.
    watch : ReleaseWatch
        Notices what goes live.
    now : callable
        Returns the time.
    lease : timedelta
        After this time an attempt that is not settled is somebody else's.
    """

    def __init__(
        self,
        state: Engine,
        sender: Sender,
        watch: ReleaseWatch,
        *,
        now: Callable[[], datetime],
        lease: timedelta = LEASE,
    ) -> None:
        self.owner = secrets.token_hex(8)
        self._state = state
        self._sender = sender
        self._watch = watch
        self._now = now
        self._lease = lease
        self._forgotten_at: datetime | None = None
        self._stopping = threading.Event()
        self._wake: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self, *, patience_s: float) -> bool:
        """Leave what is under way to the next process; return whether the thread has ended."""
        self._stopping.set()
        if self._wake is not None:
            self._wake()
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.run(self._deliver())

    async def _deliver(self) -> None:
        stop = self._told_to_stop()
        running: dict[str, asyncio.Task[None]] = {}
        while not self._stopping.is_set():
            try:
                self._look(running)
            except DATABASE_AWAY as error:
                _LOG.warning("no webhooks are delivered: %s", type(error).__name__)
            except Exception:  # noqa: BLE001 - whatever it is, the next look may do better
                _LOG.exception("no webhooks are delivered")
            await asyncio.wait(
                [stop, *running.values()],
                timeout=_LOOKS_EVERY_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            running = {name: task for name, task in running.items() if not task.done()}
        for task in running.values():
            task.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)

    def _told_to_stop(self) -> asyncio.Task[bool]:
        """Return what is done as soon as this is to stop."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(woken.set)

        self._wake = wake
        return asyncio.create_task(woken.wait())

    def _look(self, running: dict[str, asyncio.Task[None]]) -> None:
        """Begin with all that is due, as far as there is room."""
        now = self._now()
        self._watch.look()
        if self._forgotten_at is None or now - self._forgotten_at > _FORGETS_EVERY:
            forget_deliveries(self._state, at=now)
            self._forgotten_at = now
        while len(running) < _AT_ONCE:
            attempt = claim_delivery(
                self._state, self.owner, at=self._now(), busy=set(running), lease=self._lease
            )
            if attempt is None:
                return
            running[attempt.webhook_id] = asyncio.create_task(self._try(attempt))

    async def _try(self, attempt: Attempt) -> None:
        try:
            try:
                outcome = await self._sender.post(attempt.url, attempt.body, attempt.headers)
            except asyncio.CancelledError:
                give_back_delivery(self._state, self.owner, attempt)
                raise
            settle(
                self._state,
                self.owner,
                attempt,
                outcome,
                at=self._now(),
                jitter=random.random(),  # noqa: S311  # nobody gains by guessing it
            )
        except DATABASE_AWAY as error:
            # The lease runs out, and it is tried again.
            _LOG.warning(
                "the end of %s is not recorded: %s", attempt.delivery_id, type(error).__name__
            )
        else:
            if not outcome.succeeded:
                _LOG.info("%s: %s", attempt.delivery_id, outcome.problem)
