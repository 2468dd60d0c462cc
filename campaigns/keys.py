"""Keys to the HTTP interface: made, listed, revoked, recognised."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from campaigns.state.tables import ApiKey

#: What a key may be allowed, and what that means.
SCOPES = {
    "lists:read": "Read lists and their members.",
    "lists:write": "Build lists, plan campaigns.",
    "members:pii": "See customers under their own ids, export how they are reached.",
    "scores:read": "Read scores of customers and products.",
    "outcomes:write": "Report contacts and outcomes.",
    "consents:write": "Report consents and suppressions.",
    "models:promote": "Make versions of models live, and step back from them.",
    "admin": "Everything, and make keys and read the audit.",
}
#: What sees customers, if only under pseudonyms.
READING = frozenset({"lists:read", "scores:read"})

_MARK = "sl"


class UnknownScopeError(ValueError):
    """There is no such scope."""


class UnknownKeyError(ValueError):
    """There is no key of that prefix."""


class InvalidKeyError(ValueError):
    """The key that was presented is unknown, expired or revoked."""


@dataclass(frozen=True)
class Key:
    """A key, without its secret.

    Attributes
    ----------
    prefix : str
        The part that is shown and logged.
    name : str
        What the key is for.
    scopes : frozenset of str
        What it is allowed.
    created_at, expires_at : datetime
        Since and until when it is valid, in UTC.
    revoked_at : datetime, optional
        When it was withdrawn.
    subject : str, optional
        Whom a token speaks for; a key of ours has none.
    """

    prefix: str
    name: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    subject: str | None = None

    @property
    def who(self) -> str:
        """How the holder is called in the audit."""
        return self.subject or self.prefix

    @property
    def names_people(self) -> bool:
        """Whether customers go by their own ids in what the holder sends and gets.

        Who may read them without `members:pii` knows them by pseudonyms, both ways. Who may
        read nothing is told nothing, and names them as its own system does.
        """
        return self.allows("members:pii") or not READING & self.scopes

    def allows(self, scope: str) -> bool:
        """Return whether the key is allowed `scope`; `admin` is allowed everything."""
        return scope in self.scopes or "admin" in self.scopes

    @classmethod
    def of(cls, row: ApiKey) -> Self:
        """Return what a row of the database says."""
        return cls(
            prefix=row.prefix,
            name=row.name,
            scopes=frozenset(row.scopes),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )


class NewKey(NamedTuple):
    """A key and the only copy of its text."""

    text: str
    key: Key


def create_key(
    state: Engine, *, name: str, scopes: frozenset[str], valid_for: timedelta, at: datetime
) -> NewKey:
    """Make a key and return its text, which is stored nowhere.

    Parameters
    ----------
    state : Engine
        The state database.
    name : str
        What the key is for.
    scopes : frozenset of str
        Among `SCOPES`.
    valid_for : timedelta
        How long it is valid; every key expires.
    at : datetime
        Now, with its zone.

    Raises
    ------
    UnknownScopeError
        If a scope does not exist, or none is given.
    """
    unknown = sorted(scopes - set(SCOPES))
    if unknown or not scopes:
        found = f"there is no scope {unknown[0]}" if unknown else "a key needs a scope"
        raise UnknownScopeError(f"{found}. Scopes: {', '.join(SCOPES)}.")
    prefix, secret = secrets.token_hex(4), secrets.token_hex(32)
    row = ApiKey(
        prefix=prefix,
        name=name,
        # 256 random bits need no slow hash: nobody can guess them, with or without it.
        secret_sha256=_hash(secret),
        scopes=sorted(scopes),
        created_at=at,
        expires_at=at + valid_for,
        revoked_at=None,
    )
    with Session(state) as session, session.begin():
        session.add(row)
        session.flush()
        key = Key.of(row)
    return NewKey(f"{_MARK}_{prefix}_{secret}", key)


def list_keys(state: Engine) -> list[Key]:
    """Return all keys, oldest first."""
    with Session(state) as session:
        rows = session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.prefix))
        return [Key.of(row) for row in rows]


def revoke_key(state: Engine, prefix: str, *, at: datetime) -> Key:
    """Withdraw a key at once; a key that is withdrawn already stays as it was.

    Raises
    ------
    UnknownKeyError
        If there is no key of that prefix.
    """
    with Session(state) as session, session.begin():
        row = session.get(ApiKey, prefix)
        if row is None:
            raise UnknownKeyError(
                f"there is no key {prefix}. `shortlist keys list` shows the prefixes."
            )
        row.revoked_at = row.revoked_at or at
        session.flush()
        return Key.of(row)


def recognise_key(state: Engine, text: str, *, at: datetime) -> Key:
    """Return the key that `text` belongs to.

    Raises
    ------
    InvalidKeyError
        If it is unknown, expired or revoked. Only who holds the secret is told which.
    """
    mark, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    with Session(state) as session:
        row = session.get(ApiKey, prefix)
        stored = row.secret_sha256 if row else ""
        known = hmac.compare_digest(stored, _hash(secret)) and mark == _MARK
        key = Key.of(row) if row and known else None
    if key is None:
        raise InvalidKeyError("the key is not known. Make one with `shortlist keys create`.")
    if key.revoked_at:
        raise InvalidKeyError(
            f"key {key.prefix} was revoked on {key.revoked_at:%Y-%m-%d}. "
            "Make another with `shortlist keys create`."
        )
    if key.expires_at <= at:
        raise InvalidKeyError(
            f"key {key.prefix} expired on {key.expires_at:%Y-%m-%d}. "
            "Make another with `shortlist keys create`."
        )
    return key


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
