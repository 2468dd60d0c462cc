"""The 63 columns from the catalogue, through the snapshot path, from the tables as they lie.

Run as `python ours.py TABLES OUT THREADS CUTOFF...`. `THREADS` is 1 where the sums of doubles are
to come out the same each time, as the snapshot stage asks for.
"""

import sys
from datetime import date
from pathlib import Path

from columns import NAMES, ZONE

from features.catalogue import catalogue
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.snapshot_store import build_snapshots
from pipeline.unkept_grains import UnkeptGrains


def main(tables: Path, out: Path, threads: int, days: list[date], *, kept: bool = False) -> None:
    """Write one snapshot for each cut-off, from grains that are kept or from none."""
    features = [catalogue("customer")[name] for name in NAMES]
    with engine(out, threads=threads, memory="2GB") as connection:
        events = read_events(connection, tables, time_zone=ZONE)
        grains = (
            Grains(connection, events, keep=out / KEPT_GRAINS)
            if kept
            else UnkeptGrains(connection, events)
        )
        build_snapshots(
            connection, grains, features=features, cutoffs=days, artifacts=out, data=str(tables)
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]),
         [date.fromisoformat(one) for one in sys.argv[4:] if one != "kept"],
         kept="kept" in sys.argv)  # fmt: skip
