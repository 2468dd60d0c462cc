"""`Idempotency-Key`: a POST that is sent again is answered again, not carried out again."""

import hashlib
from collections.abc import Callable, Collection
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import kept_answers
from serving.kept_answers import Answer, InProgressError, ReusedKeyError
from serving.resources import DATABASE_AWAY, Resources

_HEADER = b"idempotency-key"
_LONGEST = 255
_KEPT_HEADERS = ("content-type", "location")
_REFUSALS = (ReusedKeyError, InProgressError, *DATABASE_AWAY)


class Idempotency:
    """Answer a repeated POST as the first time.

    Only what succeeded is kept: what failed has changed nothing, and may be tried again
    with the same key. A key is one caller's own; another caller's same key is another.

    Parameters
    ----------
    app : ASGIApp
        What answers otherwise.
    refuse : callable
        Returns the answer to what is refused.
    never : collection of str
        Paths whose answers hold secrets, and are not kept.
    """

    def __init__(
        self,
        app: ASGIApp,
        refuse: Callable[[Request, Exception], Response],
        never: Collection[str] = (),
    ) -> None:
        self.app = app
        self.refuse = refuse
        self.never = never

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        key = dict(scope["headers"]).get(_HEADER, b"") if scope["type"] == "http" else b""
        secret = scope["path"] in self.never if key else False
        if not key or secret or len(key) > _LONGEST or scope["method"] != "POST":
            await self.app(scope, receive, send)  # a route that takes the header checks it
            return
        body = await Request(scope, receive).body()
        shared: Resources = scope["app"].state.resources
        state = shared.state
        request = kept_answers.Request(
            api_key=scope["state"]["key"].prefix,
            key=key.decode("latin-1"),
            sha256=hashlib.sha256(scope["path"].encode() + b"\0" + body).hexdigest(),
        )
        try:
            known = await run_in_threadpool(kept_answers.claim, state, request, at=shared.now())
        except _REFUSALS as error:
            await self.refuse(Request(scope), error)(scope, receive, send)
            return
        if known:
            headers = {**known.headers, "Idempotency-Replayed": "true"}
            await Response(known.body, known.status, headers)(scope, receive, send)
            return
        messages: list[Message] = []
        succeeded = False
        try:
            messages = await self._answered(scope, body)
            succeeded = messages[0]["status"] < 300  # noqa: PLR2004 - what is not a success
        finally:
            # Before the answer is sent: who sends the request again on receiving it, or on
            # losing it, is answered from what is kept.
            if succeeded:
                await run_in_threadpool(kept_answers.keep, state, request, _kept(messages))
            else:
                await run_in_threadpool(kept_answers.release_claim, state, request)
        for message in messages:
            await send(message)

    async def _answered(self, scope: Scope, body: bytes) -> list[Message]:
        """Carry the request out; return what there is to send."""
        messages: list[Message] = []

        async def body_again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def collect(message: Message) -> None:
            messages.append(message)

        await self.app(scope, body_again, collect)
        return messages


def _kept(messages: list[Message]) -> Answer:
    start, *rest = messages
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(
        status=start["status"],
        headers={name: value for name, value in headers.items() if name in _KEPT_HEADERS},
        body=b"".join(message.get("body", b"") for message in rest),
    )


async def _described(
    _key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=_LONGEST,
            description=(
                "Any text of yours, new for each request. A request that is sent again with "
                "the same key within 24 hours is answered again, not carried out again."
            ),
            examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        ),
    ] = None,
) -> None:
    """Describe the header in OpenAPI, and refuse one that is too long."""


#: The dependency of a route that creates something.
idempotent = Depends(_described)
