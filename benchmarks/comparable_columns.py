"""One snapshot of 63 comparable columns: the catalogue against SQL, Polars, pandas and a bare scan.

Run `python benchmarks/comparable_columns.py`. Every engine is a process of its own over the same
drawn tables, from its start to the file that it writes, and all results have to be equal. Drawing
is not timed.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from feature_catalogue import draw
from record import record, sized, table

HERE = Path(__file__).parent / "comparable"
sys.path.insert(0, str(HERE))
from columns import COLUMNS, NAMES, cutoffs  # noqa: E402 - a folder of scripts
from results import TOLERANCE, compare, rows_of  # noqa: E402

TITLE = "One snapshot of 63 columns, and six"
PLAIN, OURS = "two-level SQL on DuckDB", "Shortlist, from the tables"
SIX, TENTH = "Shortlist, six snapshots", ", a tenth of the lines"


class Job(NamedTuple):
    """One engine and what it is asked for: its name, its script, threads, cut-offs."""

    name: str
    script: str
    threads: int
    snapshots: int = 1
    kept: bool = False


class Taken(NamedTuple):
    """Seconds on the wall and of the processor, and MiB resident at most."""

    wall: float
    cpu: float
    peak: float


JOBS = (
    Job("bare scan of the columns read", "scan.py", 1),
    Job(PLAIN, "two_level_sql.py", 1),
    Job(OURS, "ours.py", 1),
    Job("Shortlist, grains kept for the next run", "ours.py", 1, kept=True),
    Job("two-level SQL, two threads", "two_level_sql.py", 2),
    Job("Polars streaming", "polars_streaming.py", 2),
    Job(SIX, "ours.py", 1, snapshots=6),
    Job("pandas", "with_pandas.py", 1),
)


def main() -> None:
    """Draw, run, compare, record."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        tables = options.tables or Path(folder) / "tables"
        tenth = Path(folder) / "tenth"
        draw(tenth, options.customers // 10, options.lines_each)
        if not tables.exists():
            draw(tables, options.customers, options.lines_each)
        taken: dict[str, Taken | None] = {}
        apart: dict[str, float] = {}
        for number, job in enumerate(one for one in JOBS if options.only in (None, one.script)
                                     or one.name in (PLAIN, OURS)):  # fmt: skip
            out = Path(folder) / str(number)
            taken[job.name] = run(job, tables, out)
            print(job.name, taken[job.name], flush=True)
            if job.name == PLAIN:
                expected = out
            elif taken[job.name] and job.script != "scan.py":
                apart[job.name] = held_against(out, expected)
            if job.name in (PLAIN, OURS):
                taken[job.name + TENTH] = run(job, tenth, Path(folder) / f"{number}-tenth")
    body = _body(options, taken, apart)
    print(body)
    if options.record:
        record("comparable_columns", TITLE, body,
               packages=("duckdb", "ibis-framework", "polars", "pandas"))  # fmt: skip


def held_against(out: Path, expected: Path) -> float:
    """Compare two results in a process of its own, lest the next engine is charged our memory."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as process:
        return process.submit(_apart, out, expected).result()


def _apart(out: Path, expected: Path) -> float:
    ours, theirs = (rows_of(one, str(cutoffs(1)[0])) for one in (out, expected))
    return compare(ours, theirs)


def run(job: Job, tables: Path, out: Path) -> Taken | None:
    """Run one engine to its end; none where it failed, most likely for want of memory."""
    days = [str(day) for day in cutoffs(job.snapshots)]
    command = [sys.executable, str(HERE / job.script), str(tables), str(out), str(job.threads)]
    began = time.perf_counter()
    process = subprocess.Popen([*command, *days, *(["kept"] if job.kept else [])])  # noqa: S603 - our own scripts
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        return None
    wall = time.perf_counter() - began
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _body(
    options: argparse.Namespace, taken: dict[str, Taken | None], apart: dict[str, float]
) -> str:
    plain = taken[PLAIN]
    scan = taken.get("bare scan of the columns read")
    rows = []
    for name, one in taken.items():
        if one is None:
            rows.append([name, "did not fit into memory", "", "", "", ""])
            continue
        times = f"{one.cpu / scan.cpu:.1f}" if scan and not name.endswith(TENTH) else ""
        rows.append([name, f"{one.wall:.1f}", f"{one.cpu:.1f}", f"{one.cpu / plain.cpu:.2f}",
                     times, f"{one.peak:,.0f}"])  # fmt: skip
    growth = [taken[name].cpu / taken[name + TENTH].cpu for name in (OURS, PLAIN)]
    families = "; ".join(f"{len(names)} of {family}" for family, names in COLUMNS.items())
    head = ["", "wall, s", "processor, s", "of the SQL's", "of the scan's", "peak, MiB"]
    return f"""
{options.customers:,} customers, {options.customers * options.lines_each:,} receipt lines of three
years under text ids, {len(NAMES)} columns: {families}. Each engine is a process of its own, from
its start to the file that it writes. Shortlist computes features of the catalogue through the
snapshot path, on one thread; "from the tables" keeps no grains. Every value is equal: whole
numbers and texts exactly, decimals within {max(apart.values(), default=0.0):.1e} of their value
({TOLERANCE:.0e} is allowed).

{table(head, rows)}

Ten times the lines take Shortlist {growth[0]:.1f} times the processor's seconds, and the SQL
{growth[1]:.1f} times, the start of each process included.{_one_more(taken)}
"""


def _one_more(taken: dict[str, Taken | None]) -> str:
    """Say what each snapshot beside the first takes, if several were built."""
    six, one = taken.get(SIX), taken[OURS]
    if not six:
        return ""
    return f" Each of the five further snapshots takes {(six.cpu - one.cpu) / 5 / one.cpu:.0%} of the first."  # noqa: E501


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=sized(1_000_000, small=5_000))
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument("--scratch", type=Path, default=None, help="Where to draw the tables.")
    parser.add_argument("--tables", type=Path, default=None, help="Drawn tables to use.")
    parser.add_argument("--only", default=None, help="One script, beside ours and the SQL.")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
