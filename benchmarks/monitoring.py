"""What it costs to look for drift, at 3,000,000 customers x 300 and x 1,000 columns.

Draws two snapshots, lays bins by the first and counts both, as the first month does; the second
figure is a later month, whose references are counted already. The process that looks is one of
its own. `--drawn DIR --draw-only` draws into a folder that stays, `--drawn DIR` looks at what is
there.
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq
from record import record, sized, table

from pipeline.engine import engine
from pipeline.monitor.drift import drift_of
from pipeline.monitor.limits import MonitoringParams
from pipeline.monitor.population import Population

TITLE = "Looking for drift"
THEN, NOW = date(2026, 5, 1), date(2026, 6, 1)


class Cost(NamedTuple):
    """What one look cost: seconds, CPU seconds, peak of resident memory in MiB."""

    name: str
    seconds: float
    cpu: float
    peak: float


def main() -> None:
    """Draw, look twice, print or record."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        drawn = options.drawn or Path(scratch)
        parts = []
        for columns in options.columns:
            root = drawn / f"{columns}"
            for day, shift in ((THEN, 0), (NOW, 5)):
                if (root / f"{day}").exists():
                    continue
                if options.once and day == NOW:
                    shutil.copytree(root / f"{THEN}", root / f"{NOW}", copy_function=os.link)
                else:
                    draw(root / f"{day}", options.rows, columns, shift=shift)
            if not options.draw_only:
                shutil.rmtree(root / "artifacts", ignore_errors=True)
                parts.append(_part(root, columns, options.threads, once=options.once))
    if options.draw_only:
        return
    body = "\n\n".join(parts)
    print(body)
    if options.record:
        record("monitoring", TITLE, body, packages=("duckdb", "ibis-framework"))


def _part(root: Path, columns: int, threads: int, *, once: bool) -> str:
    """Look twice, each time in a process of its own; return what it cost."""
    load, _, _ = os.getloadavg()
    rows = pq.read_metadata(root / f"{NOW}" / "part-0.parquet").num_rows
    size = sum(one.stat().st_size for one in root.rglob("*.parquet")) / 2**30
    costs = []
    for name in ("first month: bins laid, both counted", "later month: one counted"):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            costs.append(pool.apply(look, (name, root, columns, threads)))
    told = [(one.name, f"{one.seconds:.0f}", f"{one.cpu:.0f}", f"{one.peak:,.0f}") for one in costs]
    return (
        f"Two snapshots of {rows:,} customers x {columns:,} columns ({size:.1f} GiB of Parquet), "
        f"{threads} threads"
        + (", the second the first once more" if once else "")
        + f"; load of the machine when it began: {load:.1f}.\n\n"
        + table(("", "seconds", "CPU seconds", "peak MiB"), told)
    )


def draw(folder: Path, rows: int, columns: int, *, shift: int) -> None:
    """Write a snapshot: counts, amounts, shares with missing values, and texts."""
    folder.mkdir(parents=True)
    kinds = (
        "(hash(i, {n}) % 12)::BIGINT",
        "((hash(i, {n}) % 1000003) / 1000.0 + {shift})::DOUBLE",
        "CASE WHEN hash(i, {n}) % 4 > 0 THEN (hash(i, {n}) % 997) / 997.0 END",
        "((hash(i, {n}) % 100003) / 7.0)::DOUBLE",
        "'value ' || (hash(i, {n}) % 9)",
    )
    made = ", ".join(
        f"{kinds[n % len(kinds)].format(n=n, shift=shift)} AS c{n:04}" for n in range(columns)
    )
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false; SET memory_limit = '4GB'")
        connection.execute("SET enable_progress_bar = false; SET threads = 2")
        connection.execute(
            f"COPY (SELECT 'M' || i AS customer_id, {made} FROM range({rows}) t(i)) "  # noqa: S608
            f"TO '{folder}/part-0.parquet' (COMPRESSION zstd)"
        )


def look(name: str, root: Path, columns: int, threads: int) -> Cost:
    """Compare the two snapshots as `shortlist monitor` does."""
    started, cpu = time.perf_counter(), time.process_time()
    population = Population(
        tuple(f"c{n:04}" for n in range(columns)),
        (THEN,),
        (THEN,),
        lambda connection, day: connection.read_parquet(root / f"{day}" / "*.parquet"),
        str,
    )
    with engine(root / "artifacts", threads=threads, memory="4GB") as connection:
        # Each month counts its own rows anew.
        for path in (root / "artifacts").rglob(f"as_of={NOW}.json"):
            path.unlink()
        found = drift_of(
            connection,
            root / "artifacts",
            "customers",
            population,
            newest=NOW,
            watched={},
            limits=MonitoringParams(),
        )
    if len(found.columns) != columns:
        raise SystemExit(f"{len(found.columns)} columns were compared, expected {columns}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(name, time.perf_counter() - started, time.process_time() - cpu, peak)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=sized(3_000_000, small=20_000))
    parser.add_argument("--columns", type=int, nargs="*", default=sized([300, 1000], small=[30]))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scratch", type=Path, help="folder for the snapshots")
    parser.add_argument("--drawn", type=Path, help="folder of snapshots that stays")
    parser.add_argument("--once", action="store_true", help="one snapshot stands for both")
    parser.add_argument("--draw-only", action="store_true", help="only draw them")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
