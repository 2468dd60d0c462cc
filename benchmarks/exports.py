"""What leaves the system: exports of a million members, pages of them, scores of customers.

Run `python benchmarks/exports.py`. A million customers are scored, agree to e-mails and have an
address; a list takes them all. Exports run in process as the worker runs them, permissions read
again; pages and scores are asked for on the loopback, one request after the other.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import numpy as np
from record import record, sized, table
from sqlalchemy import insert

from campaigns.assignments import AssignmentSpec, assign
from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.differences import difference
from campaigns.exports import ExportSpec, write_export
from campaigns.keys import create_key
from campaigns.list_spec import ListSpec
from campaigns.state.database import open_state
from campaigns.state.tables import Suppression
from campaigns.target_list import TargetList
from pipeline.release import read_release, release
from pipeline.score_set import write_score_set

TITLE = "Exports, pages and scores"
MODEL = "customer_activity"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
AS_OF = date(2026, 3, 1)
#: Held out beyond the members, so that the list has as many as are asked for.
SPARE = 1.05


def main() -> None:
    """Draw, measure, record."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        artifacts = Path(folder) / "artifacts"
        known = int(options.members * SPARE)
        _draw(artifacts, known)
        rows = _in_process(artifacts, options)
        lists = [row for row in rows if row[0].startswith("list")]
        rows += _over_http(Path(folder), options, str(lists[0][3]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    body = _body(rows, options, peak)
    print(body)
    if options.record:
        record("exports", TITLE, body, packages=("duckdb", "pyarrow", "fastapi", "orjson"))


def _draw(artifacts: Path, known: int) -> None:
    """Write customers with an address and a consent each, and their scores."""
    (artifacts / "tables").mkdir(parents=True)
    ids = f"SELECT format('M{{:08d}}', i) AS customer_id, i FROM range({known}) t(i)"  # noqa: S608 - a number
    for name, columns in {
        "customers": "i % 300 || ' Long Street' AS address, 'City ' || i % 40 AS city, "
        "'R' || i % 5 AS region, CASE WHEN i % 50 = 0 THEN NULL ELSE '1' || "
        "format('{:05d}', i % 90000) END AS postal_code, customer_id || '@x.tw' AS email",
        "consents": "'email' AS channel, 'marketing' AS purpose, true AS granted, "
        "TIMESTAMPTZ '2025-01-01 00:00:00+00' AS event_time",
    }.items():
        path = artifacts / "tables" / f"{name}.parquet"
        duckdb.sql(f"SELECT customer_id, {columns} FROM ({ids})").write_parquet(str(path))  # noqa: S608 - ours
    scores = duckdb.sql(f"SELECT customer_id FROM ({ids})").to_arrow_table()  # noqa: S608 - ours
    made = write_score_set(
        scores.append_column("probability", [np.random.default_rng(11).random(known)]),
        artifacts=artifacts,
        model=MODEL,
        version="1",
        as_of=AS_OF,
        unit="customer",
        base=known,
        data_fingerprint="benchmark",
        created_at=NOW,
    )
    release(artifacts, MODEL, version="1", score_set=made.id, at=NOW)


def _in_process(artifacts: Path, options: argparse.Namespace) -> list[tuple[str, str, str, str]]:
    state = open_state(artifacts)
    spec: dict[str, Any] = {"model": MODEL, "size": options.members, "channel": "email"}
    rows: list[tuple[str, str, str, str]] = []
    built: list[TargetList] = []
    with Desk(artifacts) as desk:
        for seed in (0, 1):
            wanted = ListSpec(**spec, control_share=0.01, seed=seed)
            started = time.perf_counter()
            built.append(
                build_list(wanted, read_release(artifacts), desk=desk, state=state, at=NOW).list
            )
            name = "list built and frozen" if seed == 0 else "list built from what is held"
            rows.append((name, _seconds(time.perf_counter() - started), "", built[-1].id))
    with state.begin() as connection:
        connection.execute(
            insert(Suppression),
            [
                {"customer_id": f"M{n:08d}", "channel": "", "reason": "asked", "since": NOW}
                for n in range(0, options.members, 100)
            ],
        )
    found = built[0]
    for form, fields in (
        ("parquet", None),
        ("csv", None),
        ("ndjson", None),
        ("csv", ("rank", "customer_id", "email", "address")),
        ("labels", None),
    ):
        wanted_export = ExportSpec(format=form, fields=fields)
        times, sizes = [], []
        for _ in range(options.repeats):
            started = time.perf_counter()
            made = write_export(
                found,
                wanted_export,
                artifacts=artifacts,
                state=state,
                at=NOW + timedelta(hours=1),
                identity="export_a",
            )
            times.append(time.perf_counter() - started)
            sizes.append(sum(file.bytes for file in made.files))
        name = f"export, {form}" + (" with e-mail and address" if fields else "")
        told = f"{made.rows:,} rows, {sizes[0] / 1e6:,.0f} MB"
        rows.append((name, _seconds(float(np.median(times))), _seconds(max(times)), told))
    rows.append(_timed("diff of two such lists", lambda: difference(artifacts, *built)))
    capacities = {f"agent {n}": options.members // 100 for n in range(110)}
    rows.append(
        _timed(
            "assignment to 110 agents",
            lambda: assign(
                found,
                AssignmentSpec(to="agents", capacities=capacities),
                artifacts=artifacts,
                state=state,
                at=NOW + timedelta(hours=1),
                identity="assignment_a",
            ),
        )
    )
    state.dispose()
    return rows


def _timed(name: str, work: Callable[[], Any]) -> tuple[str, str, str, str]:
    started = time.perf_counter()
    work()
    return name, _seconds(time.perf_counter() - started), "", ""


def _over_http(
    folder: Path, options: argparse.Namespace, list_id: str
) -> list[tuple[str, str, str, str]]:
    rows = []
    with _service(folder) as client:
        for form in ("application/json", "application/x-ndjson", "text/csv"):
            times, path, size = [], f"/v1/lists/{list_id}/members", 0
            while path and len(times) < options.pages:
                started = time.perf_counter()
                answer = client.get(path, headers={"Accept": form}).raise_for_status()
                times.append(time.perf_counter() - started)
                size += len(answer.content)
                path = answer.links.get("next", {}).get("url")
            told = f"{1 / np.mean(times):,.0f} pages/s, {size / len(times) / 1e3:,.0f} kB each"
            rows.append(_percentiles(f"page of 1,000, {form}", times, told))
        random = np.random.default_rng(3)
        names = [f"M{n:08d}" for n in random.integers(0, options.members, options.asked)]
        started = time.perf_counter()
        client.get(f"/v1/customers/{names[0]}/scores").raise_for_status()
        took = _seconds(time.perf_counter() - started)
        rows.append(("scores, first request of a release", took, "", "writes a copy by customer"))
        times = []
        for name in names:
            started = time.perf_counter()
            client.get(f"/v1/customers/{name}/scores").raise_for_status()
            times.append(time.perf_counter() - started)
        rows.append(_percentiles("scores of a customer", times, ""))
        times = []
        for start in range(0, len(names) - 1000, 250):
            body = {"customers": names[start : start + 1000]}
            started = time.perf_counter()
            client.post("/v1/scores:batch", json=body).raise_for_status()
            times.append(time.perf_counter() - started)
        rows.append(_percentiles("scores of 1,000 customers at random", times, ""))
    return rows


def _percentiles(name: str, times: list[float], told: str) -> tuple[str, str, str, str]:
    p50, p95 = np.percentile(np.array(times) * 1e3, [50, 95])
    return name, f"{p50:.1f} ms", f"{p95:.1f} ms", told


def _seconds(time_s: float) -> str:
    return f"{time_s:.2f} s"


@contextmanager
def _service(folder: Path) -> Iterator[httpx.Client]:
    state = open_state(folder / "artifacts")
    key = create_key(
        state,
        name="load",
        scopes=frozenset({"admin"}),
        valid_for=timedelta(days=1),
        at=datetime.now(UTC),
    ).text
    state.dispose()
    command = [sys.executable, "-m", "shortlist", "--project", str(folder), "serve", "--port", "0"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        said = server.stdout.readline() if server.stdout else ""
        address = re.findall(r"http://127\.0\.0\.1:\d+", said)[0]
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=address, headers=headers, timeout=120) as client:
            yield client
    finally:
        server.terminate()
        server.wait(timeout=30)


def _body(rows: list[tuple[str, str, str, str]], options: argparse.Namespace, peak: float) -> str:
    shown = [
        (name, first, last, "" if told.startswith("list_") else told)
        for name, first, last, told in rows
    ]
    return (
        f"A list of {options.members:,} of {int(options.members * SPARE):,} customers, each with "
        "a consent and an address; one in a hundred was suppressed between build and export. "
        f"Exports: median and slowest of {options.repeats}; requests: median and 95th percentile, "
        "one after the other, client and service on one machine.\n\n"
        f"{table(('what', 'median', 'slowest, p95', ''), shown)}\n\n"
        f"Peak memory of the process that exports: {peak:.1f} GiB, drawing included."
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=sized(1_000_000, small=20_000))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--pages", type=int, default=sized(1_000, small=100), help="pages of each form, at most"
    )
    parser.add_argument(
        "--asked", type=int, default=sized(3_000, small=2_000), help="customers looked up"
    )
    parser.add_argument("--scratch", help="folder for what is drawn")
    parser.add_argument("--no-record", dest="record", action="store_false")
    return parser.parse_args()


if __name__ == "__main__":
    main()
