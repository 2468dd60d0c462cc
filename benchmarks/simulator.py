"""What it takes to simulate a million members with fifty million receipt lines.

Run `python benchmarks/simulator.py`. It writes every table and the truth to a temporary
folder (about 3 GB), deletes it, and prints seconds per million lines and the peak memory.
Elapsed time depends on what else the machine does; processor time does not.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

#: At this pace, 72 months of the chain hold about 50 lines per member.
PACE, MONTHS = 2.4, 72


def main() -> None:
    """Simulate once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
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
    millions = written.rows["transactions"] / 1e6
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"members                    {members:>14,}")
    print(f"receipt lines              {written.rows['transactions']:>14,}")
    print(f"seconds per million lines  {elapsed / millions:>14.1f}")
    print(f"  of processor time        {worked / millions:>14.1f}")
    print(f"peak memory, GiB           {peak_kib / 2**20:>14.2f}")
    print(f"on disk, GiB               {size / 2**30:>14.2f}")


if __name__ == "__main__":
    main()
