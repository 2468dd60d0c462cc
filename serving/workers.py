"""The service in this process, or in several that answer on one port.

Nothing heavy is imported here, so the process that looks after the workers stays small.
"""

import asyncio
import functools
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import tempfile
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.logs import LogFormat, configure_logs
from serving.supervisor import Supervisor

#: Requests under way may take so long to finish; then the process ends, whatever they do.
GRACE_S = 20
#: A worker says that its event loop runs each so many ticks of a tenth of a second.
_TICKS = 50
#: So long connections that were open when a worker is told to stop may still ask.
_DRAINS_S = 1.0


class _Server(uvicorn.Server):
    """A server that tells its supervisor that it answers, and that drops nobody when it stops."""

    def __init__(self, app: ASGIApp, news: Connection) -> None:
        super().__init__(_config(self.answer))
        self._app = app
        self._news = news

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._news.send_bytes(b"ready")

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS == 0:
            self._news.send_bytes(b"running")
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn closes connections on which nothing was asked yet: those that have just been
        # accepted may ask now, and who holds one open is told to open another elsewhere.
        for server in self.servers:
            server.close()
        await asyncio.sleep(_DRAINS_S)
        await super().shutdown(sockets)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; while the server stops, as the last one of its connection."""
        if not self.should_exit:
            await self._app(scope, receive, send)
            return

        async def as_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, as_last)


def serve_alone(app: Any, listener: socket.socket) -> None:
    """Answer in this process until it is told to stop."""
    uvicorn.Server(_config(app)).run(sockets=[listener])


def serve_together(
    artifacts: Path,
    listener: socket.socket,
    *,
    workers: int,
    log_format: LogFormat,
    job_patience_s: float,
) -> None:
    """Answer in several processes until this one is told to stop.

    A worker that ends is followed by another at once; at SIGHUP each is replaced in turn, as
    soon as its successor answers. At SIGTERM all finish what they have begun.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    listener : socket
        Where to accept; all workers accept from it, so nobody who waits is lost with one.
    workers : int
        How many processes answer.
    log_format : {"text", "json"}
        How the log is written.
    job_patience_s : float
        So long a job under way may take to end when a worker stops.
    """
    target = functools.partial(_work, str(artifacts.absolute()), listener, workers, log_format)
    patience_s = GRACE_S + job_patience_s + 10
    with tempfile.TemporaryDirectory(prefix="shortlist-metrics-") as counted:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counted  # the workers inherit it
        Supervisor(target, count=workers, patience_s=patience_s).run()


def _work(
    artifacts: str, listener: socket.socket, workers: int, form: LogFormat, news: Connection
) -> None:
    """Be one of some workers: answer until told to stop, or until the supervisor is gone."""
    configure_logs(form)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()

    from serving.app import create_app
    from serving.settings import read_settings

    app = create_app(read_settings(Path(artifacts)).shared_by(workers), ahead=True)
    _Server(app, news).run(sockets=[listener])


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def _config(app: Any) -> uvicorn.Config:
    from serving.patience import PatientProtocol

    return uvicorn.Config(
        app,
        http=PatientProtocol,
        interface="asgi3",
        log_level="warning",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
