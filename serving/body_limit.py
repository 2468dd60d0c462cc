"""A request body may be so long and no longer."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyTooLargeError(HTTPException):
    """The body is longer than the service accepts.

    It is an HTTPException because those alone pass through the code that reads bodies.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the body has more than {limit:,} bytes. Send less at a time.")

    def __str__(self) -> str:
        return self.detail


class LimitBody:
    """Refuse a body by its declared length, or as soon as it proves too long.

    FastAPI's own limit answers in plain text, even where we have an answer of our own.

    Parameters
    ----------
    app : ASGIApp
        What answers otherwise.
    limit : int
        Bytes of a body.
    refuse : callable
        Returns the answer to what is too long.
    others : mapping of str to int, optional
        Bytes of a body at paths that have a limit of their own.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int,
        refuse: Callable[[Request, Exception], Response],
        others: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.app = app
        self.limit = limit
        self.refuse = refuse
        self.others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.others.get(scope["path"], self.limit)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if int(declared) > limit:  # the server has checked that it is a number
            await self.refuse(Request(scope), BodyTooLargeError(limit))(scope, receive, send)
            return
        received, answered = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLargeError(limit)
            return message

        async def noting(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, counted, noting)
        except BodyTooLargeError as error:  # read by a middleware, not by a route
            if answered:
                raise
            await self.refuse(Request(scope), error)(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is there to be answered
