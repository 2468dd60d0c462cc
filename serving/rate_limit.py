"""So many requests a minute a key, told in each answer; 429 and when to come back beyond."""

import math
import time
from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Length of the window, in seconds.
WINDOW_S = 60
#: So many keys are counted before those whose window has ended are forgotten.
_MOST = 10_000


class TooManyRequestsError(Exception):
    """The key has asked too often.

    Attributes
    ----------
    headers : dict of str to str
        When to come back.
    """

    def __init__(self, limit: int, wait_s: int) -> None:
        super().__init__(
            f"the key has made {limit:,} requests within {WINDOW_S} s. Wait {wait_s} s."
        )
        self.headers = {"Retry-After": str(wait_s)}


class LimitRate:
    """Count requests by key, in windows that begin with a key's first request.

    Each process counts its own, against its part of the limit. A limit of 0 counts nothing.

    Attributes
    ----------
    windows : dict of str to (float, int)
        By key, when its window began and how many requests it has made since.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int,
        refuse: Callable[[Request, Exception], Response],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self.limit = limit
        self.refuse = refuse
        self.clock = clock
        self.windows: dict[str, tuple[float, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        key = scope.get("state", {}).get("key") if scope["type"] == "http" else None
        if key is None or not self.limit:
            await self.app(scope, receive, send)
            return
        now = self.clock()
        began, count = self.windows.get(key.prefix, (now, 0))
        if now - began >= WINDOW_S:
            began, count = now, 0
        count += 1
        self.windows[key.prefix] = began, count
        if len(self.windows) > _MOST:
            self._forget(now)
        wait = max(math.ceil(began + WINDOW_S - now), 1)
        headers = {
            "RateLimit-Policy": f'"key";q={self.limit};w={WINDOW_S}',
            "RateLimit": f'"key";r={max(self.limit - count, 0)};t={wait}',
        }

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        if count > self.limit:
            error = TooManyRequestsError(self.limit, wait)
            await self.refuse(Request(scope), error)(scope, receive, telling)
            return
        await self.app(scope, receive, telling)

    def _forget(self, now: float) -> None:
        self.windows = {
            name: (began, count)
            for name, (began, count) in self.windows.items()
            if now - began < WINDOW_S
        }
