"""One writer at a time, among all threads and processes of a machine."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: How long to wait between two attempts, in seconds.
_RETRY_S = 0.02


class LockedError(TimeoutError):
    """Another process has been writing for longer than we were willing to wait."""


@contextmanager
def exclusive(path: Path, *, timeout_s: float = 30.0) -> Iterator[None]:
    """Hold the lock file `path` for the length of the block.

    The file is made if need be and never removed: removing it would let a third writer
    lock a new file of the same name while the second still waits for the old one. The
    operating system releases the lock of a process that dies.

    Raises
    ------
    LockedError
        If another writer holds it for longer than `timeout_s` seconds.

    Examples
    --------
    >>> import tempfile
    >>> lock = Path(tempfile.mkdtemp()) / "release.lock"
    >>> with exclusive(lock):
    ...     with exclusive(lock, timeout_s=0):
    ...         pass
    Traceback (most recent call last):
    pipeline.lock.LockedError: another process holds release.lock (waited 0 s). ...
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + timeout_s
        while not _acquired(handle):
            if time.monotonic() >= deadline:
                raise LockedError(
                    f"another process holds {path.name} (waited {timeout_s:g} s). Let it finish, "
                    "or end it, and try again."
                )
            time.sleep(_RETRY_S)
        yield
    finally:
        os.close(handle)  # which releases the lock


def _acquired(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
