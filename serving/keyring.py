"""Keys and tokens in use, remembered for a second: not every request asks the database."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Engine

from campaigns.keys import Key, recognise_key
from serving.tokens import Tokens

#: A revoked key is refused everywhere after this time, at the latest.
REMEMBERED_FOR = timedelta(seconds=1)
#: So many are remembered before those whose second is over are forgotten.
_MOST = 10_000


class KeyRing:
    """Recognises keys; remembers only valid ones, and of those only a hash.

    Parameters
    ----------
    state : Engine
        The state database, which knows our own keys.
    tokens : Tokens, optional
        What recognises tokens of an issuer, where one is trusted.
    """

    def __init__(self, state: Engine, tokens: Tokens | None = None) -> None:
        self._state = state
        self._tokens = tokens
        self._known: dict[bytes, tuple[Key, datetime]] = {}

    def remembered(self, text: str, *, at: datetime) -> Key | None:
        """Return the key if it was recognised within the last second; never waits."""
        key, until = self._known.get(_digest(text), (None, at))
        return key if key and at < min(until, key.expires_at) else None

    def recognise(self, text: str, *, at: datetime) -> Key:
        """Return the key by the database, or what a token allows by its issuer.

        Raises
        ------
        InvalidKeyError
            If it is unknown, expired or revoked.
        UnreachableIssuerError
            If a token cannot be judged for want of the issuer's keys.
        """
        if self._tokens is not None and text.count(".") == _DOTS:
            key = self._tokens.recognise(text, at=at)
        else:
            key = recognise_key(self._state, text, at=at)
        if len(self._known) > _MOST:
            kept = {known: one for known, one in self._known.items() if at < one[1]}
            self._known = kept if len(kept) <= _MOST else {}
        self._known[_digest(text)] = key, at + REMEMBERED_FOR
        return key


#: A signed token has three parts between them, a key of ours none.
_DOTS = 2


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
