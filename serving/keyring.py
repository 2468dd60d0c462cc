"""The keys in use, remembered for a second, so that not every request asks the database."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Engine

from campaigns.keys import Key, recognise_key

#: A revoked key is refused everywhere after this time, at the latest.
REMEMBERED_FOR = timedelta(seconds=1)


class KeyRing:
    """Recognises keys; remembers only valid ones, and of those only a hash."""

    def __init__(self, state: Engine) -> None:
        self._state = state
        self._known: dict[bytes, tuple[Key, datetime]] = {}

    def remembered(self, text: str, *, at: datetime) -> Key | None:
        """Return the key if it was recognised within the last second; never waits."""
        key, until = self._known.get(_digest(text), (None, at))
        return key if key and at < min(until, key.expires_at) else None

    def recognise(self, text: str, *, at: datetime) -> Key:
        """Return the key, by the database.

        Raises
        ------
        InvalidKeyError
            If it is unknown, expired or revoked.
        """
        key = recognise_key(self._state, text, at=at)
        self._known[_digest(text)] = key, at + REMEMBERED_FOR
        return key


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
