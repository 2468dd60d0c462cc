"""Tell a full disk from a defect: each library says it in its own way."""

import errno
from collections.abc import Iterator

#: With this a stage ends for which there was no room left, not even to say so in a file.
NO_ROOM = errno.ENOSPC

#: What to tell a person.
MAKE_ROOM = (
    "the disk is full. What was there before is still there and whole, and what is live stays "
    "live. Make room (`shortlist gc` removes what nothing refers to), then do the same again."
)

_SAYINGS = (
    "No space left on device",  # the C library, and DuckDB and PyArrow after it
    "Disk quota exceeded",
    "database or disk is full",  # SQLite
    f"exited with {NO_ROOM}",  # DVC of a stage of ours
)


def is_disk_full(error: BaseException) -> bool:
    """Tell whether an error, or what it came from, is that of a full disk.

    Examples
    --------
    >>> is_disk_full(OSError(28, "No space left on device"))
    True
    >>> is_disk_full(OSError(13, "Permission denied"))
    False
    """
    return any(saying in str(one) for one in _chain(error) for saying in _SAYINGS)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
