"""Connections that trickle are closed: a request has to arrive in a bounded time."""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PatientProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, for clients that get to the point.

    uvicorn closes a connection on which nothing is asked, but not one on which a request
    begins and never ends. Such a connection blocks nobody else, and holds a socket.

    Attributes
    ----------
    headers_s, body_s : float
        So long the line and headers of a request may take to arrive, and then its body, in
        seconds.
    """

    headers_s: ClassVar[float] = 20.0
    body_s: ClassVar[float] = 120.0

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request."""
        super().connection_made(transport)
        self._expect_within(self.headers_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._forget()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for the headers of a request."""
        self._expect_within(self.headers_s)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Wait for the body of a request."""
        self._expect_within(self.body_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Have the whole request; what is answered takes its own time."""
        self._forget()
        super().on_message_complete()

    def _expect_within(self, seconds: float) -> None:
        self._forget()
        self._timer = self.loop.call_later(seconds, self._give_up)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
