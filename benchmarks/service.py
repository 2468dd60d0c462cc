"""How fast one worker answers, how much memory it takes, and whether that grows under load.

Run `python benchmarks/service.py`. It draws tables as `feature_catalogue.py` does, trains a small
model on the same kind of tables for fresh scores, starts `shortlist serve` with one worker on the
loopback, and asks through as many kept-open connections as there are requests at once. Server and
client are pinned to a core each. Each answer is read to its end before its connection asks again.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from asking import Load, Service, ask, request, rss_gib, status_gib, until_up
from feature_catalogue import AS_OF, draw
from record import record, sized, table

from campaigns.keys import create_key
from campaigns.state.database import open_state
from pipeline.by_customer import write_by_customer
from pipeline.live_tables import accept_tables
from pipeline.release import release
from pipeline.score_set import write_score_set
from serving.cursor import make_cursor

TITLE = "Serving: one worker under load"
MODEL = "customer_activity"
PAGE, TRAINED_ON = 1000, 3000
NOW = datetime(2026, 1, 2, tzinfo=UTC)
#: A model in a minute: what is measured is answering, not the quality of the score.
PARAMS = """time_zone: Asia/Taipei
currency: TWD
models: {customer_activity: {gap_days: 0, horizon_days: 30, seed: 1}}
validation: {}
snapshots: {max_training: 1}
gate: {draws: 100}
leaks: {}
report: {}
"""
#: One key asks more often than a caller may by default; it is counted as theirs are.
_ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "SHORTLIST_RATE_LIMIT_PER_MINUTE": "1000000000"}
#: What has to be met, in milliseconds, requests a second and GiB.
PAGE_P95_MS, PAGES_A_SECOND, STORED_P95_MS, FRESH_P95_MS, MEMORY_GIB = 50, 500, 30, 1000, 1.5


def main() -> None:
    """Draw, serve, ask, record."""
    options = _options()
    with _scratch(options.scratch) as folder:
        _require_same(folder, options)
        if not (folder / "prepared").exists():
            _prepare(folder, options)
        if options.prepare_only:
            return
        with _service(folder, options) as service:
            body, met = _measured(service, options)
    print(body)
    for line in met:
        print(line)
    if options.record:
        record("service", TITLE, body, packages=("fastapi", "uvicorn", "uvloop", "pyarrow"))


def _measured(service: Service, options: argparse.Namespace) -> tuple[str, list[str]]:
    random = np.random.default_rng(5)
    path, built_s = _build(service, options.size)
    list_id = path.rpartition("/")[2]
    page = f"{path}/members?limit={PAGE}"
    cursors = [make_cursor(list_id, start) for start in range(0, options.size, PAGE)]
    pages = [request(service, f"{page}&cursor={cursor}") for cursor in cursors]
    ids = [f"M{number:08}" for number in random.integers(0, options.customers, 2000)]
    stored = [request(service, f"/v1/customers/{one}/scores") for one in ids]
    fresh = [
        request(service, f"/v1/customers/{one}/scores?fresh=true&as_of={AS_OF}") for one in ids
    ]
    first = ask(service, fresh[:1], at_once=1, requests=1).times_ms[0]
    ask(service, pages + stored[:10] + fresh[:2], at_once=1, requests=len(pages) + 12)  # warms
    s = options.seconds
    loads = [
        ask(service, pages, at_once=50, seconds=s, name="a page of 1,000 members"),
        ask(service, stored, at_once=1, seconds=s, name="stored scores of a customer"),
        ask(service, stored, at_once=10, seconds=s, name="stored scores of a customer"),
        ask(service, fresh, at_once=1, seconds=s, name="fresh score of a customer"),
        ask(service, [request(service, path)], at_once=50, seconds=s, name="a list"),
        ask(service, [request(service, "/healthz")], at_once=50, seconds=s, name="/healthz"),
    ]
    before = rss_gib(service.process)
    memory = _under_load(service, pages + stored, options.minutes)
    peak = status_gib(service.process, "VmHWM")
    columns = ["", "at once", "answers", "a second", "p50 ms", "p95", "p99", "CPU ms", "bytes"]
    facts = [
        (f"a list of {options.size:,} built", f"{built_s:.2f} s"),
        ("the first fresh score after the start", f"{first:.0f} ms"),
        ("resident memory after these", f"{before:.2f} GiB"),
        (f"after {options.minutes:g} more minutes of pages and scores", f"{memory[-1]:.2f} GiB"),
        ("growth from the middle of them to the end", f"{1024 * _growth(memory):+.0f} MiB"),
        ("peak of the worker", f"{peak:.2f} GiB"),
    ]
    about = (
        f"One worker, {options.customers:,} members with {options.lines_each} receipt lines each, "
        f"{options.seconds:g} s a line; server and client on the loopback, "
        + ("pinned to a core each." if options.pin else "not pinned: they share the cores.")
        + " The client is asyncio on uvloop. CPU is the worker's, an answer. A fresh score is "
        "computed from the tables, which lie by customer."
    )
    body = "\n\n".join(
        [about, table(columns, [one.row() for one in loads]), table(["besides", ""], facts)]
    )
    return body, _met(loads, peak)


def _met(loads: list[Load], peak_gib: float) -> list[str]:
    page, _, stored, fresh, *_ = loads

    def line(what: str, found: float, limit: float, *, least: bool = False) -> str:
        good = found >= limit if least else found <= limit
        return f"{'met   ' if good else 'MISSED'} {what}: {found:,.1f} against {limit:,}"

    return [
        line("page p95 ms at 50 at once", float(np.percentile(page.times_ms, 95)), PAGE_P95_MS),
        line("pages a second", page.rate, PAGES_A_SECOND, least=True),
        line("stored p95 ms at 10", float(np.percentile(stored.times_ms, 95)), STORED_P95_MS),
        line("fresh p95 ms", float(np.percentile(fresh.times_ms, 95)), FRESH_P95_MS),
        line("peak GiB", peak_gib, MEMORY_GIB),
    ]


def _under_load(service: Service, asked: list[bytes], minutes: float) -> list[float]:
    """Return resident memory at the end of each twentieth of the time."""
    found = []
    for _ in range(20):
        ask(service, asked, at_once=50, seconds=minutes * 60 / 20)
        found.append(rss_gib(service.process))
    return found


def _growth(memory: list[float]) -> float:
    return memory[-1] - memory[len(memory) // 2]


def _build(service: Service, size: int) -> tuple[str, float]:
    started = time.perf_counter()
    answer = httpx.post(
        f"http://{service.host}:{service.port}/v1/lists",
        headers={"X-Api-Key": service.key, "Prefer": "wait=60"},
        json={"model": MODEL, "size": size},
        timeout=120,
    )
    path = answer.raise_for_status().headers["Location"]
    if not path.startswith("/v1/lists/"):
        raise SystemExit(f"the list took longer than a minute: {answer.text}")
    return path, time.perf_counter() - started


def _require_same(folder: Path, options: argparse.Namespace) -> None:
    """Refuse a folder that holds another size: its scores would be served."""
    prepared, asked = folder / "prepared", f"{options.customers} x {options.lines_each}"
    if prepared.exists() and (found := prepared.read_text()) != asked:
        raise SystemExit(f"{folder} holds customers x lines of {found or 'an unknown size'}, asked "
                         f"is {asked}: give another --scratch.")  # fmt: skip


def _prepare(folder: Path, options: argparse.Namespace) -> None:
    """Train on a small chain of shops, then put a large one in its place."""
    artifacts = folder / "artifacts"
    if not (artifacts / "versions" / MODEL / "1").exists():
        _train(folder, options.lines_each)
    shutil.rmtree(artifacts / "tables", ignore_errors=True)
    draw(artifacts / "tables", options.customers, options.lines_each)
    ids = pq.read_table(artifacts / "tables" / "customers.parquet")["customer_id"].to_pandas()
    made = write_score_set(
        pd.DataFrame(
            {
                "customer_id": ids,
                "probability": np.random.default_rng(20260301).beta(1, 8, len(ids)),
            }
        ),
        artifacts=artifacts,
        model=MODEL,
        version="1",
        as_of=AS_OF,
        unit="customer",
        base=len(ids),
        data_fingerprint="drawn",
        created_at=NOW,
        time_zone="Asia/Taipei",
    )
    release(artifacts, MODEL, version="1", score_set=made.id, at=NOW)
    # As after the first fresh score: it starts this, and goes on without it.
    accept_tables(artifacts, keep_earlier=False)
    write_by_customer(artifacts)
    (folder / "prepared").write_text(f"{options.customers} x {options.lines_each}")


def _train(folder: Path, lines_each: int) -> None:
    (folder / "params.yaml").write_text(PARAMS)
    draw(folder / "small", TRAINED_ON, lines_each)
    run = ["run", "--data", str(folder / "small"), "--as-of", AS_OF.isoformat()]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "shortlist", "--project", str(folder), *run],
        check=False,
        capture_output=True,
        text=True,
    )
    if not (folder / "artifacts" / "versions" / MODEL / "1").exists():
        raise SystemExit(done.stdout + done.stderr)


@contextmanager
def _service(folder: Path, options: argparse.Namespace) -> Iterator[Service]:
    state = open_state(folder / "artifacts")
    scopes = frozenset({"admin"})
    now = datetime.now(UTC)
    key = create_key(state, name="load", scopes=scopes, valid_for=timedelta(days=1), at=now)
    state.dispose()
    command = [sys.executable, "-m", "shortlist", "--project", str(folder), "serve", "--port", "0"]
    if options.pin:
        first, *_, last = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {last})
        command = ["taskset", "--cpu-list", str(first), *command]
    server = subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, text=True, env=os.environ | _ENVIRONMENT
    )
    try:
        said = server.stdout.readline() if server.stdout else ""
        ((host, port),) = re.findall(r"http://([\d.]+):(\d+);", said)
        service = Service(host, int(port), key.text, server.pid)
        until_up(service)
        yield service
    finally:
        server.terminate()
        server.wait(timeout=60)


@contextmanager
def _scratch(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=sized(1_000_000, small=5_000))
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument(
        "--size", type=int, default=sized(100_000, small=2_000), help="length of the list"
    )
    parser.add_argument(
        "--seconds", type=float, default=sized(10.0, small=1.0), help="for each line of the table"
    )
    parser.add_argument(
        "--minutes", type=float, default=sized(10.0, small=0.1), help="of load for the memory"
    )
    parser.add_argument("--scratch", type=Path, default=None, help="kept, and used again")
    parser.add_argument("--prepare-only", action="store_true", help="draw into --scratch and end")
    parser.add_argument("--pin", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
