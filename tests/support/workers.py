"""`shortlist serve` in processes of its own, as it runs in production."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil

from campaigns.keys import create_key
from campaigns.state.database import open_state

#: However busy the machine is.
PATIENCE_S = 60.0


class Workers:
    """A running service of several workers.

    Attributes
    ----------
    process : Popen
        The supervisor.
    client : httpx.Client
        May do anything; opens a new connection for each request, so that any worker answers.
    log : Path
        What it has written to stderr.
    """

    def __init__(self, process: Any, address: str, key: str, log: Path) -> None:
        self.process = process
        self.address = address
        self.log = log
        self._headers = {"Authorization": f"Bearer {key}", "Connection": "close"}
        self.client = httpx.Client(base_url=address, headers=self._headers, timeout=PATIENCE_S)

    def pids(self) -> set[int]:
        """Return the ids of the workers that run."""
        found = set()
        for child in psutil.Process(self.process.pid).children():
            try:
                if child.status() != psutil.STATUS_ZOMBIE and "spawn_main" in str(child.cmdline()):
                    found.add(child.pid)
            except psutil.NoSuchProcess:
                continue
        return found


@contextmanager
def workers(
    artifacts: Path, *, count: int = 2, url: str | None = None, **variables: str
) -> Iterator[Workers]:
    """Start a service, and kill what is left of it at the end."""
    state = open_state(artifacts, url)
    key = create_key(
        state,
        name="test",
        scopes=frozenset({"admin"}),
        valid_for=timedelta(days=1),
        at=datetime.now(UTC),
    ).text
    state.dispose()
    project = artifacts.parent
    command = [sys.executable, "-m", "shortlist", "--project", str(project), "serve"]
    environment = os.environ | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SHORTLIST_JOB_LEASE_S": "1",
        **({"SHORTLIST_DATABASE_URL": url} if url else {}),
        **variables,
    }
    log = project / "serve.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, "--port", "0", "--workers", str(count), "--log-format", "json"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
    try:
        said = process.stdout.readline()
        assert "Listening" in said, log.read_text()
        service = Workers(process, re.findall(r"http://127\.0\.0\.1:\d+", said)[0], key, log)
        with service.client:
            yield service
    finally:
        try:
            children = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            children = []
        for child in children:
            with_patience(child.kill)
        process.kill()
        process.wait(timeout=PATIENCE_S)
        process.stdout.close()


def until(holds: Callable[[], Any], what: str) -> Any:
    """Wait until something holds; return it."""
    ends = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < ends, f"never: {what}"
        time.sleep(0.02)
    return found


def with_patience(end: Callable[[], None]) -> None:
    """Do something to a process that may be gone."""
    try:
        end()
    except psutil.NoSuchProcess:
        return


def beat(news: Any) -> None:
    """Be a worker that is ready and waits for its end."""
    news.send_bytes(b"ready")
    time.sleep(PATIENCE_S)


def fail_to_start(_news: Any) -> None:
    """Be a worker that cannot start."""
    sys.exit(3)
