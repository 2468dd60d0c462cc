"""Requests that are sent again where that is safe, for a bounded time."""

import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from shortlist.client.errors import ServiceError, UnreachableError, error_of

#: Statuses after which the same request may succeed.
_AGAIN = frozenset({429, 503})
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 10.0


class Transport:
    """Sends requests, and sends them again after 503, 429 and broken connections.

    A POST carries an `Idempotency-Key`, the same each time it is sent, so that nothing is
    done twice even if an answer was lost.

    Parameters
    ----------
    http : httpx.Client
        Sends one request.
    retry_for_s : float
        So long a request is sent again before its error is raised, in seconds.
    sleep, clock : callable
        Wait so many seconds; return the time, in seconds.
    """

    def __init__(
        self,
        http: httpx.Client,
        *,
        retry_for_s: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._retry_for_s = retry_for_s
        self.sleep = sleep
        self.clock = clock

    def get(self, path: str, **params: Any) -> Any:
        """Return the document at a path; parameters that are None are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return self.request("GET", path, params=given).json()

    def post(self, path: str, document: Any) -> Any:
        """Post a document, and return the answer's."""
        return self.request("POST", path, json=document).json()

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **given: Any
    ) -> httpx.Response:
        """Return a successful answer.

        Raises
        ------
        ServiceError
            If the service refuses the request, or does not come round in time.
        UnreachableError
            If it does not answer in time.
        """
        sent = {**(headers or {})}
        if method == "POST":
            sent["Idempotency-Key"] = secrets.token_hex(16)
        for wait in self.attempts():
            try:
                answer = self._http.request(method, path, headers=sent, **given)
            except httpx.TransportError as error:
                wait(UnreachableError(_unreachable(error)))
                continue
            if answer.is_success:
                return answer
            wait(error_of(answer))
        raise AssertionError  # pragma: no cover  # `wait` raises when the time is over

    @contextmanager
    def stream(self, path: str) -> Iterator[httpx.Response]:
        """Yield an answer to be read piece by piece; the caller sends it again."""
        try:
            with self._http.stream("GET", path) as answer:
                if not answer.is_success:
                    answer.read()
                    raise error_of(answer)
                yield answer
        except httpx.TransportError as error:
            raise UnreachableError(_unreachable(error)) from error

    def attempts(self) -> Iterator[Callable[[Exception], None]]:
        """Yield what to tell of each attempt that failed: it waits, or raises the error."""
        until = self.clock() + self._retry_for_s
        number = 0

        def wait(error: Exception) -> None:
            asked = getattr(error, "retry_after_s", None)
            usual = min(_FIRST_WAIT_S * 2.0**number, _LONGEST_WAIT_S)
            usual *= 0.5 + random.random() / 2  # noqa: S311  # nobody gains by guessing it
            pause = usual if asked is None else asked
            if not _may_be_tried_again(error) or self.clock() + pause > until:
                raise error
            self.sleep(pause)

        while True:
            yield wait
            number += 1


def _may_be_tried_again(error: Exception) -> bool:
    if isinstance(error, ServiceError):
        # The first one under our own key is still worked on: its connection broke.
        return error.status in _AGAIN or error.kind == "in-progress"
    return isinstance(error, UnreachableError)


def _unreachable(error: httpx.TransportError) -> str:
    name = type(error).__name__
    return f"the service does not answer ({name}). Check its address, and that it runs."
