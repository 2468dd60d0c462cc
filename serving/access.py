"""Who may: every path needs a key but the few that are named here."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from fastapi.security import APIKeyHeader, HTTPBearer, SecurityScopes
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from campaigns.keys import InvalidKeyError, Key
from serving.issuer_keys import UnreachableIssuerError
from serving.resources import DATABASE_AWAY, Resources

#: What anybody may ask who can reach the port: nothing about customers, lists or keys.
OPEN = frozenset(
    {"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/oauth2-redirect"}
)


class MissingKeyError(Exception):
    """The request carries no key."""


class ForbiddenError(Exception):
    """The key lacks a scope."""


_REFUSALS = (MissingKeyError, InvalidKeyError, UnreachableIssuerError, *DATABASE_AWAY)


class Authenticate:
    """Refuse what comes without a valid key, before anything of it is read.

    This stands in front of all routes, so a route that forgets to ask for a scope is not
    open to the world, and a stranger cannot tell a path that exists from one that does not.
    """

    def __init__(self, app: ASGIApp, refuse: Callable[[Request, Exception], Response]) -> None:
        self.app = app
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        shared: Resources = scope["app"].state.resources
        try:
            text = _presented(scope)
            now = shared.now()
            key = shared.keys.remembered(text, at=now) or await run_in_threadpool(
                shared.keys.recognise, text, at=now
            )
        except _REFUSALS as error:
            await self.refuse(Request(scope), error)(scope, receive, send)
            return
        scope.setdefault("state", {})["key"] = key

        async def kept_by_nobody(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = "no-store"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self.app(scope, receive, kept_by_nobody)


# These two only describe, for the OpenAPI page, what the middleware reads.
_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="A key or a token.")
_header = APIKeyHeader(name="X-Api-Key", auto_error=False, scheme_name="api_key")


async def _allowed(
    request: Request,
    scopes: SecurityScopes,
    _as_bearer: Annotated[Any, Security(_bearer)],
    _as_header: Annotated[Any, Security(_header)],
) -> Key:
    key: Key = request.state.key
    for scope in scopes.scopes:
        if not key.allows(scope):
            raise ForbiddenError(f"this takes the scope {scope}, which the key does not have.")
    return key


def allowed(scope: str) -> Any:
    """Return the dependency that asks for a scope."""
    return Security(_allowed, scopes=[scope])


def _presented(scope: Scope) -> str:
    headers = dict(scope["headers"])
    kind, _, value = headers.get(b"authorization", b"").partition(b" ")
    key: bytes = value if kind.lower() == b"bearer" else headers.get(b"x-api-key", b"")
    if not key.strip():
        raise MissingKeyError(
            "send a key as `Authorization: Bearer KEY` or `X-Api-Key: KEY`. "
            "`shortlist keys create` makes one."
        )
    return key.strip().decode("latin-1")
