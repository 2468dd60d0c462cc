"""The service on a real port of the loopback, for the length of a test."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from campaigns.keys import create_key
from campaigns.state.database import open_state
from serving.app import create_app
from serving.patience import PatientProtocol
from serving.settings import ServingSettings


class Service:
    """A running service.

    Attributes
    ----------
    artifacts : Path
        What it answers from.
    client : httpx.Client
        Asks without a key.
    app : FastAPI
        The application.
    """

    def __init__(self, settings: ServingSettings, address: str, app: Any) -> None:
        self.artifacts = settings.artifacts
        self.address = address
        self.app = app
        self.state = open_state(settings.artifacts, settings.state_url)
        self.client = httpx.Client(base_url=address, timeout=20)

    def key(self, *scopes: str, valid_for=timedelta(days=1), at: datetime | None = None) -> str:
        """Make a key with these scopes."""
        made = create_key(
            self.state,
            name="test",
            scopes=frozenset(scopes),
            valid_for=valid_for,
            at=at or datetime.now(UTC),
        )
        return made.text

    def with_key(self, *scopes: str) -> httpx.Client:
        """Return a client that carries a key with these scopes."""
        headers = {"Authorization": f"Bearer {self.key(*scopes)}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=20)


@contextmanager
def running(
    artifacts: Path,
    *,
    http: Any = PatientProtocol,
    tracing: Any = None,
    ahead: bool = False,
    **settings: Any,
) -> Iterator[Service]:
    """Start the service, and stop it gracefully at the end."""
    chosen = ServingSettings(artifacts=artifacts, **settings)
    app = create_app(chosen, tracing=tracing, ahead=ahead)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, http=http))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the service did not start; see the log above")
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        service = Service(chosen, f"http://127.0.0.1:{port}", app)
        try:
            yield service
        finally:
            service.client.close()
            service.state.dispose()
    finally:
        server.should_exit = True
        thread.join(timeout=20)
