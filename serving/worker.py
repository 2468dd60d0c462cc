"""The thread that works off jobs: one in each process, one job at a time."""

import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from campaigns.jobs import LEASE, Job, claim, fail, give_back, renew, succeed
from serving.resources import DATABASE_AWAY

_LOG = logging.getLogger(__name__)

#: How often to look for what another process has left, in seconds.
_LOOKS_EVERY_S = 1.0

#: Does a job and returns the path of what was made; it is told whom to tell of its progress.
Work = Callable[[Job, Callable[[float], None]], str]


class Worker:
    """Claims jobs and does them, until it is stopped.

    Parameters
    ----------
    state : Engine
        The state database.
    work : callable
        Does a job; see `Work`.
    explain : callable
        Returns the problem document of an error.
    now : callable
        Returns the time.
    wake : threading.Event
        Set when there is something to do.
    lease : timedelta
        After this time without a word of us the job is somebody else's.
    """

    def __init__(
        self,
        state: Engine,
        work: Work,
        *,
        explain: Callable[[Exception], dict[str, Any]],
        now: Callable[[], datetime],
        wake: threading.Event,
        lease: timedelta = LEASE,
    ) -> None:
        self.owner = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._state = state
        self._work = work
        self._explain = explain
        self._now = now
        self._wake = wake
        self._lease = lease
        self._stopping = False
        self._current: Job | None = None
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to look for jobs."""
        self._thread.start()

    def stop(self, *, patience_s: float) -> bool:
        """Let the job under way end; return whether it has.

        A job that takes longer is queued again, for another process or the next start. What
        it still makes in the meantime is the same, so nothing is lost and nothing doubled.
        """
        self._stopping = True
        self._wake.set()
        self._thread.join(patience_s)
        job = self._current
        if job is not None:
            give_back(self._state, job.id, self.owner)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping:
            # Cleared first: what is queued from here on wakes us again.
            self._wake.clear()
            try:
                job = claim(self._state, self.owner, at=self._now(), lease=self._lease)
            except DATABASE_AWAY as error:
                _LOG.warning("no jobs are worked off: %s", type(error).__name__)
                job = None
            if job is None:
                self._wake.wait(_LOOKS_EVERY_S)
                continue
            self._current = job
            try:
                self._do(job)
            except DATABASE_AWAY as error:
                # Its lease runs out, and it is done again.
                _LOG.warning("the end of %s is not recorded: %s", job.id, type(error).__name__)
            self._current = None

    def _do(self, job: Job) -> None:
        with self._held(job) as told:
            try:
                location = self._work(job, told)
            except Exception as error:  # noqa: BLE001 - whatever it is, the job has failed
                problem = self._explain(error)
                level = logging.ERROR if problem["status"] >= 500 else logging.INFO  # noqa: PLR2004 - ours
                _LOG.log(level, "%s failed: %s", job.id, type(error).__name__, exc_info=error)
                fail(self._state, job.id, self.owner, problem=problem, at=self._now())
                return
        succeed(self._state, job.id, self.owner, location=location, at=self._now())

    @contextmanager
    def _held(self, job: Job) -> Iterator[Callable[[float], None]]:
        """Renew the lease of a job for the length of the block, with its progress."""
        done = threading.Event()
        progress = 0.0

        def told(share: float) -> None:
            nonlocal progress
            progress = share

        def keep() -> None:
            while not done.wait(min(self._lease.total_seconds() / 3, 1.0)):
                try:
                    renew(
                        self._state,
                        job.id,
                        self.owner,
                        at=self._now(),
                        progress=progress,
                        lease=self._lease,
                    )
                except DATABASE_AWAY:
                    continue

        keeper = threading.Thread(target=keep, name=f"lease of {job.id}", daemon=True)
        keeper.start()
        try:
            yield told
        finally:
            done.set()
            keeper.join()
