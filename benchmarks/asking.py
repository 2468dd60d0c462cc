"""Ask a service through many kept-open connections at once, and time each answer.

The client takes little of the processor: it parses no more of an answer than where it ends.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np
import uvloop


class Service(NamedTuple):
    """A running service and a key to it."""

    host: str
    port: int
    key: str
    process: int


class Load(NamedTuple):
    """What came of asking for some time."""

    name: str
    at_once: int
    times_ms: np.ndarray
    seconds: float
    cpu_ms: float
    bytes: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.times_ms) / self.seconds

    def row(self) -> tuple[str, ...]:
        """Return the line of the table."""
        percentiles = (f"{np.percentile(self.times_ms, at):.1f}" for at in (50, 95, 99))
        counts = f"{len(self.times_ms):,}", f"{self.rate:,.0f}"
        cost = f"{self.cpu_ms:.2f}", f"{self.bytes:,}"
        return (self.name, str(self.at_once), *counts, *percentiles, *cost)


class _Connection(asyncio.Protocol):
    """Asks, reads the answer to its end, and asks again."""

    def __init__(
        self, following: Callable[[], bytes | None], told: Callable[[float], None]
    ) -> None:
        self._following, self._told = following, told
        self.done = asyncio.get_running_loop().create_future()
        self._held, self._left, self._begun = b"", 0, 0.0
        self.size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # it is one
        self._ask()

    def data_received(self, data: bytes) -> None:
        if self._left == 0:
            head, ends, body = (self._held + data).partition(b"\r\n\r\n")
            if not ends:
                self._held += data
                return
            self._held = b""
            if not head.startswith(b"HTTP/1.1 200"):
                self._end(RuntimeError(head.decode()))
                return
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self.size = int(length)
            self._left = self.size - len(body)
        else:
            self._left -= len(data)
        if self._left == 0:
            self._told(time.perf_counter() - self._begun)
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("the service has closed the connection"))

    def _ask(self) -> None:
        request = self._following()
        if request is None:
            self._end(None)
            return
        self._begun = time.perf_counter()
        self._transport.write(request)

    def _end(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error) if error else self.done.set_result(self.size)
            self._transport.close()


def ask(
    service: Service,
    asked: list[bytes],
    *,
    at_once: int,
    seconds: float = 3600.0,
    requests: int | None = None,
    name: str = "",
) -> Load:
    """Ask in turn, as many at once, for some time or so often."""
    times_s: list[float] = []
    ends = time.perf_counter() + seconds
    begun = 0

    def following() -> bytes | None:
        nonlocal begun
        if time.perf_counter() > ends or begun == requests:
            return None
        begun += 1
        return asked[(begun * 7) % len(asked)]

    async def all_at_once() -> int:
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(
                lambda: _Connection(following, times_s.append), service.host, service.port
            )
            for _ in range(at_once)
        ]
        return int(max(await asyncio.gather(*(protocol.done for _, protocol in made))))

    cpu_s, started = _cpu_s(service.process), time.perf_counter()
    size = uvloop.run(all_at_once())
    taken = time.perf_counter() - started
    cpu_ms = (_cpu_s(service.process) - cpu_s) * 1e3 / max(len(times_s), 1)
    return Load(name, at_once, np.array(times_s) * 1e3, taken, cpu_ms, size)


def request(service: Service, path: str) -> bytes:
    """Return the bytes that ask for a path."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {service.key}\r\n\r\n".encode()


def until_up(service: Service) -> None:
    """Wait until it answers, for a minute."""
    for _ in range(600):
        try:
            httpx.get(f"http://{service.host}:{service.port}/healthz", timeout=60)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the service does not answer")


def _cpu_s(process: int) -> float:
    """CPU time of a process: unlike a rate, it hardly depends on who else is working."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_gib(process: int) -> float:
    """Return the memory that a process has."""
    return status_gib(process, "VmRSS")


def status_gib(process: int, name: str) -> float:
    """Return a size that the kernel tells of a process: VmRSS, VmHWM (its peak)."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.split(f"{name}:")[1].split()[0]) / 2**20
