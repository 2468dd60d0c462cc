"""What it takes to simulate a million members with fifty million receipt lines.

Run `python benchmarks/simulator.py`. It writes every table and the truth to a temporary
folder (about 3 GB), deletes it, and records seconds per million lines and the peak memory.
Elapsed time depends on what else the machine does; processor time does not. With another
number of `--members` nothing is recorded.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from record import record, sized, table

from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

MEMBERS = sized(1_000_000, small=2_000)
#: At this pace, 72 months of the chain hold about 50 lines per member.
PACE, MONTHS = 2.4, 72
#: What it may take.
MOST_GIB = 8


def main() -> None:
    """Simulate once and record what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=MEMBERS)
    members = parser.parse_args().members
    elapsed, worked = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        written = simulate(
            PRESETS["retail"].at_pace(PACE),
            members=members,
            months=MONTHS,
            seed=1,
            to=Path(folder) / "chain",
            progress=lambda done: print(f"{done:,} members", file=sys.stderr, flush=True),
        )
        elapsed, worked = time.perf_counter() - elapsed, time.process_time() - worked
        size = sum(path.stat().st_size for path in written.folder.rglob("*.parquet"))
    lines = written.rows["transactions"]
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rows = [
        ["members", f"{members:,}"],
        ["receipt lines", f"{lines:,}"],
        ["rows of all tables", f"{sum(written.rows.values()):,}"],
        ["seconds of processor time per million lines", f"{worked / lines * 1e6:.1f}"],
        ["seconds elapsed per million lines", f"{elapsed / lines * 1e6:.1f}"],
        ["peak memory, GiB", f"{peak_gib:.2f}"],
        [f"peak memory over the {MOST_GIB} GiB allowed", f"{peak_gib / MOST_GIB:.2f}"],
        ["on disk, GiB", f"{size / 2**30:.2f}"],
    ]
    if members != MEMBERS:
        print(table(["one process", ""], rows))
        return
    body = f"""
The chain of `shortlist simulate`, {MONTHS} months at a pace of {PACE}, with all tables and the
truth, in one process. {os.getloadavg()[2]:.0f} processes wanted the cores meanwhile, as the load
of the last quarter of an hour says.

{table(["one process", ""], rows)}
"""
    record(
        "simulator", "A million members, fifty million lines", body, packages=["numpy", "pyarrow"]
    )


if __name__ == "__main__":
    main()
