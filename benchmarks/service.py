"""How fast one worker answers pages of a frozen list, at 50 requests at once.

Run `python benchmarks/service.py`. It makes a score set, starts `shortlist serve` on the
loopback, asks for pages all over a list through as many kept-open connections as there are
requests at once, for a bounded time, and prints rates and percentiles. Client and server
share the machine, so the CPU time of a request is printed too.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np
import pandas as pd

from campaigns.keys import create_key
from campaigns.state.database import open_state
from pipeline.release import release
from pipeline.score_set import write_score_set
from serving.cursor import make_cursor

_MODEL = "customer_activity"
_PAGE = 1000


class Service(NamedTuple):
    """A running service and a key to it."""

    address: str
    key: str
    process: int


class Client(NamedTuple):
    """What all connections share: where to, until when, and what came back."""

    host: str
    port: int
    ends: float
    times_s: list[float]
    sizes: list[int]


def main() -> None:
    """Measure and print."""
    options = _options()
    with (
        tempfile.TemporaryDirectory() as folder,
        _service(Path(folder), options.members) as service,
    ):
        body = {"model": _MODEL, "size": options.size}
        started = time.perf_counter()
        answer = httpx.post(
            f"{service.address}/v1/lists",
            headers={"X-Api-Key": service.key, "Prefer": "wait=60"},
            json=body,
            timeout=70,
        )
        built_ms = (time.perf_counter() - started) * 1e3
        print(f"list of {options.size:,} of {options.members:,}: built in {built_ms:.0f} ms")
        path = answer.raise_for_status().headers["Location"]
        list_id = path.rpartition("/")[2]
        cursors = [make_cursor(list_id, start) for start in range(0, options.size, _PAGE)]
        page = f"{path}/members?limit={_PAGE}"
        for name, requests in {
            "first page, 1,000 members": [_request(service, "GET", page)],
            "pages all over, 1,000 members": [
                _request(service, "GET", f"{page}&cursor={cursor}") for cursor in cursors
            ],
            "the list": [_request(service, "GET", path)],
            "the same list asked for again": [_request(service, "POST", "/v1/lists", body)],
            "whether the process is up": [_request(service, "GET", "/healthz")],
        }.items():
            _measure(name, service, requests, options)
        print(f"memory of the worker: {_peak_mib(service.process):.0f} MiB at its peak")


def _measure(
    name: str, service: Service, requests: list[bytes], options: argparse.Namespace
) -> None:
    host, port = service.address.removeprefix("http://").split(":")
    cpu_before_s = _cpu_s(service.process)
    started = time.perf_counter()
    client = Client(host, int(port), started + options.seconds, [], [])

    async def all_at_once() -> None:
        turns = (_ask(client, requests, turn) for turn in range(options.at_once))
        await asyncio.gather(*turns)

    asyncio.run(all_at_once())
    rate = len(client.times_s) / (time.perf_counter() - started)
    cpu_ms = (_cpu_s(service.process) - cpu_before_s) * 1e3 / len(client.times_s)
    p50, p95, p99 = np.percentile(np.array(client.times_s) * 1e3, [50, 95, 99])
    print(
        f"{name:30} {rate:7,.0f} requests/s   p50 {p50:6.1f}  p95 {p95:6.1f}  p99 {p99:6.1f} ms"
        f"   {cpu_ms:.2f} ms of the worker's CPU   {max(client.sizes):,} bytes"
    )


async def _ask(client: Client, requests: list[bytes], turn: int) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port, limit=2**22)
    turn *= 7  # so that the connections do not march in step over the same pages
    while (started := time.perf_counter()) < client.ends:
        writer.write(requests[turn % len(requests)])
        turn += 1
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(head.decode())
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        client.times_s.append(time.perf_counter() - started)
        client.sizes.append(length)
    writer.close()


def _request(
    service: Service, method: str, path: str, body: dict[str, object] | None = None
) -> bytes:
    content = json.dumps(body).encode() if body else b""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {service.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


@contextmanager
def _service(folder: Path, members: int) -> Iterator[Service]:
    key = _prepare(folder / "artifacts", members)
    command = [sys.executable, "-m", "shortlist", "--project", str(folder), "serve"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        said = server.stdout.readline() if server.stdout else ""
        address = re.findall(r"http://127\.0\.0\.1:\d+", said)[0]
        yield Service(address, key, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _prepare(artifacts: Path, members: int) -> str:
    now = datetime.now(UTC)
    random = np.random.default_rng(20260301)
    scores = pd.DataFrame(
        {
            "customer_id": [f"customer-{number:08}" for number in range(members)],
            "probability": random.beta(1, 8, members),
        }
    )
    score_set = write_score_set(
        scores,
        artifacts=artifacts,
        model=_MODEL,
        version="1",
        as_of=date(2026, 3, 1),
        unit="customer",
        base=members,
        data_fingerprint="benchmark",
        created_at=now,
    )
    release(artifacts, _MODEL, version="1", score_set=score_set.id, at=now)
    state = open_state(artifacts)
    scopes = frozenset({"lists:read", "lists:write"})
    key = create_key(state, name="load", scopes=scopes, valid_for=timedelta(days=1), at=now)
    state.dispose()
    return key.text


def _cpu_s(process: int) -> float:
    """CPU time of a process: unlike a rate, it hardly depends on who else is working."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mib(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000, help="scored customers")
    parser.add_argument("--size", type=int, default=100_000, help="length of the list")
    parser.add_argument("--at-once", type=int, default=50, help="requests at once")
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each measurement")
    return parser.parse_args()


if __name__ == "__main__":
    main()
