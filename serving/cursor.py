"""Cursors into a frozen list: opaque to the caller, checked by us."""

import base64
import binascii
import hashlib
from datetime import UTC, datetime

#: Bytes of the checksum.
_CHECKED = 10
_NOT_OURS = (
    "the cursor does not belong here. Start without a cursor, and pass each page's next_cursor "
    "as it is."
)


class InvalidCursorError(ValueError):
    """The cursor was not given out for this list."""


def make_cursor(list_id: str, after: int) -> str:
    """Return the cursor that continues after a rank.

    It needs no secret, since a rank is none: a checksum over list and rank makes sure
    that it is one of ours, for this list, unchanged.

    Examples
    --------
    >>> read_cursor("list_a", make_cursor("list_a", 1000))
    1000
    >>> read_cursor("list_b", make_cursor("list_a", 1000))
    Traceback (most recent call last):
    serving.cursor.InvalidCursorError: the cursor does not belong to this list. ...
    """
    rank = after.to_bytes(5)
    # 15 bytes make 20 characters, without padding.
    return base64.urlsafe_b64encode(_checksum(list_id, rank) + rank).decode()


def read_cursor(list_id: str, cursor: str) -> int:
    """Return the rank after which to continue.

    Raises
    ------
    InvalidCursorError
        If it was not given out for this list.
    """
    try:
        content = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        content = b""
    checksum, rank = content[:-5], content[-5:]
    if checksum != _checksum(list_id, rank):
        raise InvalidCursorError(
            "the cursor does not belong to this list. Start without a cursor, and pass each "
            "page's next_cursor as it is."
        )
    return int.from_bytes(rank)


def make_text_cursor(of: str, text: str) -> str:
    """Return the cursor that continues after a row that is named by a text.

    Examples
    --------
    >>> read_text_cursor("lists", make_text_cursor("lists", "2026-03-01 list_a"))
    '2026-03-01 list_a'
    """
    content = text.encode()
    return base64.urlsafe_b64encode(_checksum(of, content) + content).decode()


def read_text_cursor(of: str, cursor: str) -> str:
    """Return the text after which to continue.

    Raises
    ------
    InvalidCursorError
        If it was not given out for this.
    """
    try:
        content = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if len(content) < _CHECKED or content[:_CHECKED] != _checksum(of, content[_CHECKED:]):
        raise InvalidCursorError(_NOT_OURS)
    try:
        return content[_CHECKED:].decode()
    except UnicodeDecodeError:
        raise InvalidCursorError(_NOT_OURS) from None


def read_time_cursor(of: str, cursor: str) -> tuple[datetime, str]:
    """Return the time and the id of the row after which to continue.

    Raises
    ------
    InvalidCursorError
        If it was not given out for this.
    """
    time, _, identity = read_text_cursor(of, cursor).partition(" ")
    try:
        found = datetime.fromisoformat(time)
        found.astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.tzinfo is None or not identity.isprintable():
        raise InvalidCursorError(_NOT_OURS)
    return found, identity


def _checksum(list_id: str, rank: bytes) -> bytes:
    return hashlib.sha256(list_id.encode() + b"\0" + rank).digest()[:_CHECKED]
