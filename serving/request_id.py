"""Every request has an id, which its answer and our log carry."""

import re
import secrets
from contextvars import ContextVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADER = "x-request-id"
# What a caller sends ends up in our log: no line breaks, no essays.
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CURRENT: ContextVar[str | None] = ContextVar("request_id", default=None)


class RequestId:
    """Give a request the id that its caller sent, or a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        identity = _given(scope) or secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = identity
        # Never reset: a request has a context of its own, and its errors are logged last.
        _CURRENT.set(identity)

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[_HEADER] = identity
            await send(message)

        await self.app(scope, receive, with_id)


def request_id(scope: Scope) -> str:
    """Return the id of a request."""
    return str(scope.get("state", {}).get("request_id", "none"))


def current_request_id() -> str | None:
    """Return the id of the request that is worked on here, for the log."""
    return _CURRENT.get()


def _given(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == _HEADER.encode():
            text = value.decode("latin-1")
            return text if _ACCEPTED.fullmatch(text) else None
    return None
