"""Starts workers, and starts another for each that ends; imports nothing heavy.

uvicorn's own supervisor asks each worker over a pipe whether it lives, and waits for the answer
of one that has just been killed; here the end of a process is itself what is waited for.
"""

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

_LOG = logging.getLogger(__name__)

#: A worker whose event loop has said nothing for so long hangs: it is killed and replaced.
HANGS_AFTER_S = 120.0
#: A worker that ends sooner is followed only after a pause.
_EARLY_S, _PAUSE_S = 5.0, 1.0
_STOP = frozenset({signal.SIGTERM, signal.SIGINT})
_SIGNALS = (*_STOP, signal.SIGHUP)


class WorkersFailedError(RuntimeError):
    """A worker cannot start, so none would."""


@dataclass
class _Worker:
    process: BaseProcess
    news: Connection
    started: float
    heard: float = field(default_factory=time.monotonic)
    ready: bool = False


class Supervisor:
    """Keeps a number of processes working.

    Parameters
    ----------
    target : callable
        What a worker runs, in a process of its own: it is given the end of a pipe, into
        which it sends anything once it is ready, and now and then from there on.
    count : int
        How many there are.
    patience_s : float
        So long a worker may take to end when it is told to; then it is killed.
    """

    def __init__(
        self, target: Callable[[Connection], None], *, count: int, patience_s: float
    ) -> None:
        self._target = target
        self._count = count
        self._patience_s = patience_s
        self._spawn = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._pending: list[int] = []
        self._ever_ready = False

    def run(self) -> None:
        """Look after the workers until SIGTERM or SIGINT; SIGHUP replaces each in turn.

        Raises
        ------
        WorkersFailedError
            If a worker ends before any was ever ready.
        """
        with self._signals() as signalled:
            try:
                self._workers = [self._start() for _ in range(self._count)]
                while not _STOP & {*self._pending}:
                    if signal.SIGHUP in self._pending:
                        self._pending.clear()
                        self._replace_all(signalled)
                    self._look(signalled)
            finally:
                self._stop(self._workers)

    def _look(self, signalled: int) -> None:
        """Wait until something happens, and see to it."""
        for happened in wait([signalled, *self._watched(self._workers)], timeout=1.0):
            if happened == signalled:
                os.read(signalled, 64)
        for place, worker in enumerate(self._workers):
            _hear(worker)
            self._ever_ready |= worker.ready
            if worker.process.exitcode is None and _hangs(worker):
                _LOG.error("worker %s hangs, and is killed", worker.process.pid)
                worker.process.kill()
                worker.process.join()
            if worker.process.exitcode is not None and not _STOP & {*self._pending}:
                self._workers[place] = self._successor(worker)

    def _successor(self, ended: _Worker) -> _Worker:
        code, pid = ended.process.exitcode, ended.process.pid
        if not self._ever_ready:
            raise WorkersFailedError(
                f"a worker ended with code {code} before it was ready; the log above says why."
            )
        _close(ended)
        _LOG.error("worker %s ended with code %s; another is started", pid, code)
        if time.monotonic() - ended.started < _EARLY_S:
            time.sleep(_PAUSE_S)
        return self._start()

    def _replace_all(self, signalled: int) -> None:
        """Start a successor of each worker, and stop the worker once the successor is ready."""
        for place, worker in enumerate(self._workers):
            successor = self._start()
            while not successor.ready and successor.process.exitcode is None:
                for happened in wait([signalled, *self._watched([successor])], timeout=1.0):
                    if happened == signalled:
                        os.read(signalled, 64)
                _hear(successor)
                if _STOP & {*self._pending} or _hangs(successor):
                    break
            if not successor.ready:
                self._stop([successor])
                _LOG.error("a new worker does not become ready; the others stay")
                return
            self._workers[place] = successor
            self._stop([worker])

    def _start(self) -> _Worker:
        ours, theirs = self._spawn.Pipe(duplex=False)
        process = self._spawn.Process(target=self._target, args=(theirs,), name="worker")
        process.start()
        theirs.close()
        return _Worker(process, ours, time.monotonic())

    def _stop(self, workers: list[_Worker]) -> None:
        for worker in workers:
            worker.process.terminate()
        until = time.monotonic() + self._patience_s
        for worker in workers:
            worker.process.join(max(until - time.monotonic(), 0))
            if worker.process.exitcode is None:
                _LOG.error("worker %s does not end, and is killed", worker.process.pid)
                worker.process.kill()
                worker.process.join()
            _close(worker)

    def _watched(self, workers: list[_Worker]) -> list[Any]:
        return [one for w in workers for one in (w.process.sentinel, w.news) if not _closed(one)]

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """Note signals while the block runs; yield what can be read from when one has come."""
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

        def note(number: int, _frame: Any) -> None:
            self._pending.append(number)

        before = {one: signal.signal(one, note) for one in _SIGNALS}
        waking = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        try:
            yield read
        finally:
            signal.set_wakeup_fd(waking)
            for one, handler in before.items():
                signal.signal(one, handler)
            os.close(read)
            os.close(write)


def _hear(worker: _Worker) -> None:
    try:
        while not worker.news.closed and worker.news.poll():
            worker.news.recv_bytes()
            worker.heard, worker.ready = time.monotonic(), True
    except (EOFError, OSError):
        worker.news.close()


def _hangs(worker: _Worker) -> bool:
    return time.monotonic() - worker.heard > HANGS_AFTER_S


def _closed(one: Any) -> bool:
    return isinstance(one, Connection) and one.closed


def _close(worker: _Worker) -> None:
    worker.news.close()
    worker.process.close()
