"""The public keys of whoever issues tokens, read over HTTP and remembered."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
from jwt import PyJWK, PyJWTError

#: Signatures that are taken: asymmetric ones alone, whatever a token asks for.
ALGORITHMS = ("RS256", "ES256")
#: The issuer is not asked more often, however many tokens name keys that it does not have.
EVERY = timedelta(minutes=1)
#: Keys are read again after this time, so that one that is withdrawn is refused.
FRESH_FOR = timedelta(minutes=10)
#: An issuer that does not answer is done without for so long.
KEPT_FOR = timedelta(hours=1)

_TIMEOUT_S = 5.0
_LONGEST = 1_048_576


class UnreachableIssuerError(ConnectionError):
    """The keys of the issuer cannot be read, so no token can be judged."""


class IssuerKeys:
    """Finds keys by their ids.

    Parameters
    ----------
    url : str
        Where the issuer publishes them (JWKS).
    fetch : callable, optional
        Returns the document at a URL.
    """

    def __init__(self, url: str, fetch: "Callable[[str], Any] | None" = None) -> None:
        self._url = url
        self._fetch = fetch or _fetch
        self._lock = threading.Lock()
        self._keys: dict[str, PyJWK] = {}
        self._read_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._answered = False

    def find(self, identity: str, *, at: datetime) -> PyJWK | None:
        """Return the key of that id; none if the issuer has none such.

        Raises
        ------
        UnreachableIssuerError
            If the issuer does not answer, and nothing that it said lately helps.
        """
        if self._read_within(FRESH_FOR, at) and identity in self._keys:
            return self._keys[identity]
        with self._lock:
            if self._asked_at is None or at - self._asked_at >= EVERY:
                self._ask(at)
            if identity in self._keys and self._read_within(KEPT_FOR, at):
                return self._keys[identity]
            if not self._answered:
                raise UnreachableIssuerError(
                    "the issuer of tokens cannot be reached. Try again in a minute."
                )
        return None

    def _read_within(self, time: timedelta, at: datetime) -> bool:
        return self._read_at is not None and at - self._read_at < time

    def _ask(self, at: datetime) -> None:
        self._asked_at = at
        try:
            self._keys = _usable(self._fetch(self._url))
            self._read_at = at
            self._answered = True
        except (httpx.HTTPError, ValueError, RecursionError):
            self._answered = False


def _fetch(url: str) -> Any:
    answer = httpx.get(url, timeout=_TIMEOUT_S, follow_redirects=False).raise_for_status()
    if not answer.is_success or len(answer.content) > _LONGEST:
        raise ValueError("not a set of keys")
    return answer.json()


def _usable(document: Any) -> dict[str, PyJWK]:
    """Return the keys that may sign tokens, by id; others are passed over."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a set of keys")  # noqa: TRY004 - of a document, not of an argument
    found = {}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("kid"), str):
            continue
        if one.get("use", "sig") != "sig":
            continue
        try:
            key = PyJWK(one)
        except (PyJWTError, ValueError, TypeError):
            continue
        if key.algorithm_name in ALGORITHMS:
            found[one["kid"]] = key
    return found
