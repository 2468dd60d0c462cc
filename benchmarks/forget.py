"""What it costs to forget a person, and whether a byte of them is left, at a million members.

    python benchmarks/forget.py                # on a project that service.py makes
    python benchmarks/forget.py --project DIR  # on one that `service.py --scratch DIR` left

A copy of the project gets what that lacks: a snapshot of a hundred columns, DVC's copies of all
tables, a frozen list of everybody, an export of it, a report to the service. One member in the
middle is forgotten, then ninety-nine more at once. Afterwards every file is searched: bytes as they
are, and every text column of Parquet and SQLite.
"""

import argparse
import hashlib
import json
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow.parquet as pq
from record import record, table
from sqlalchemy import Engine

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.exports import ExportSpec, write_export
from campaigns.forget.forgetting import forget
from campaigns.list_spec import ListSpec
from campaigns.loop.reports import CONTACTS, receive
from campaigns.state.database import connect, state_url, upgrade_state
from pipeline.duck import quoted
from pipeline.durable import write_json
from pipeline.fingerprint import file_digest
from pipeline.release import read_release

TITLE = "Forgetting a person"
AT = datetime(2026, 4, 1, tzinfo=UTC)
FEATURES, MANY = 100, 99


def main() -> None:
    """Copy, plant, forget, search, print or record."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        folder = Path(scratch) / "project"
        given = options.project or made_by_service(Path(scratch) / "made")
        # What was delivered for training stays with whoever delivered it.
        shutil.copytree(given, folder, symlinks=True, ignore=shutil.ignore_patterns("small"))
        people = plant(folder)
        size = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) / 2**30
        members = pq.read_metadata(folder / "artifacts/tables/customers.parquet").num_rows
        lines = pq.read_metadata(folder / "artifacts/tables/transactions.parquet").num_rows
        before = {one.split("/")[1] for one in named_in(folder, people[0])}
        rows = []
        for name, own in (("one", people[:1]), (f"{MANY} more", people[1:])):
            started, cpu = time.perf_counter(), time.process_time()
            with closing_state(folder) as state:
                (report,) = forget(folder, state, own, at=AT)
            removed = sum(report.removed.values())
            rows.append((name, f"{time.perf_counter() - started:.0f}",
                         f"{time.process_time() - cpu:.0f}", f"{removed:,}"))  # fmt: skip
        left = {one for person in people[:3] for one in named_in(folder, person)}
    if left:
        raise SystemExit(f"still named in {sorted(left)}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    body = (
        f"{members:,} members, {lines:,} receipt lines, a frozen list of all and its export; "
        f"{size:.1f} GiB. Before, the first was named below {', '.join(sorted(before))}; "
        f"afterwards in no file.\n\n"
        + table(("persons", "seconds", "CPU seconds", "rows and files removed"), rows)
        + f"\n\nPeak {peak:,.0f} MiB, with the search."
    )
    print(body)
    if options.record:
        record("forget", TITLE, body, packages=("duckdb", "pyarrow"))


def made_by_service(folder: Path) -> Path:
    """Return a project with the tables and scores of as many members as the size asks for."""
    script = Path(__file__).parent / "service.py"
    asked = ["--scratch", str(folder), "--lines-each", "10", "--prepare-only"]
    made = [sys.executable, str(script), *asked]
    subprocess.run(made, check=True)  # noqa: S603 - our own command
    return folder


def plant(folder: Path) -> list[str]:
    """Add what names persons and is not there yet; return a hundred members."""
    artifacts = folder / "artifacts"
    tables = artifacts / "tables"
    customers = quoted(tables / "customers.parquet")
    snapshot = artifacts / "snapshots" / "customer" / "as_of=2026-03-01"
    # Those of the few that were trained on would keep everybody else off a list.
    shutil.rmtree(snapshot.parent, ignore_errors=True)
    snapshot.mkdir(parents=True)
    columns = ", ".join(f"hash(customer_id, {n}) % 1000 / 7.0 AS c{n}" for n in range(FEATURES))
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false; SET threads = 2")
        connection.sql(f"SELECT customer_id, {columns} FROM {customers}").to_parquet(  # noqa: S608
            str(snapshot / "part-0.parquet")
        )
        people = connection.sql(
            f"SELECT DISTINCT customer_id FROM {customers} "  # noqa: S608 - our own path
            f"ORDER BY hash(customer_id) LIMIT {MANY + 1}"
        ).fetchall()
    write_json(
        snapshot / "manifest.json",
        {"files": {"part-0.parquet": file_digest(snapshot / "part-0.parquet")}},
    )
    for path in (*tables.glob("*.parquet"), snapshot / "part-0.parquet"):
        digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        kept = folder / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, kept)
    chosen = [one for (one,) in people]
    with closing_state(folder) as state, Desk(artifacts) as desk:
        everybody = pq.read_metadata(tables / "customers.parquet").num_rows
        spec = ListSpec(model="customer_activity", size=everybody, control_share=1e-12)
        made = build_list(spec, read_release(artifacts), desk=desk, state=state, at=AT).list
        export = ExportSpec(format="csv", fields=("customer_id", "rank", "probability"))
        write_export(made, export, artifacts=artifacts, state=state, at=AT, identity="export_a")
        line = {"campaign_id": "spring", "customer_id": chosen[0], "channel": "email",
                "status": "sent", "event_time": "2026-03-02T09:00:00+00:00"}  # fmt: skip
        receive(state, json.dumps(line).encode(), CONTACTS, at=AT)
    return chosen


@contextmanager
def closing_state(folder: Path) -> Iterator[Engine]:
    """Open the state database, and close it."""
    state = connect(state_url(folder / "artifacts", None))
    upgrade_state(state)
    yield state
    state.dispose()


def named_in(folder: Path, person: str) -> list[str]:
    """Return every file that holds an id: in its bytes, in its rows."""
    files = sorted(one for one in folder.rglob("*") if one.is_file() and not one.is_symlink())
    return [str(one.relative_to(folder)) for one in files if _holds(one, person)]


def _holds(path: Path, person: str) -> bool:
    with path.open("rb") as file:
        head = file.read(16)
        file.seek(0)
        if any(person.encode() in block for block in _blocks(file)):
            return True
    if head[:4] == b"PAR1":
        with duckdb.connect() as connection:
            rows = connection.sql(f"FROM read_parquet({quoted(path)})")
            texts = [f'"{name}"' for name, kind in zip(rows.columns, rows.types, strict=True)
                     if str(kind) == "VARCHAR"]  # fmt: skip
            told = " OR ".join(f"contains({one}, '{person}')" for one in texts)
            return bool(texts) and rows.filter(told).aggregate("count(*)").fetchall() != [(0,)]
    if head == b"SQLite format 3\0":
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return any(
                person in str(row)
                for (name,) in names.fetchall()
                for row in connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - its own names
            )
    return False


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of a file in blocks that overlap by more than an id is long."""
    before = b""
    while block := file.read(1 << 24):
        yield before + block
        before = block[-256:]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--project", type=Path, help="left by service.py")
    parser.add_argument("--scratch", type=Path, help="folder for the copy")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
