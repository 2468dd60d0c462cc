"""What a second run costs over the same chain of shops: one more cut-off, one more day of facts.

Run `python benchmarks/kept_grains.py` (100,000 customers, 50 lines each). Tables are drawn
as for `feature_catalogue.py`; each run opens an engine of its own, as the snapshot stage does.
"""

import argparse
import multiprocessing
import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
from feature_catalogue import AS_OF, Step, draw, timed
from record import record, sized, table

from features.catalogue import catalogue
from features.definition import Grain
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.snapshot_store import build_snapshots
from pipeline.snapshot_table import grain_of

TITLE = "What a second run costs"
EARLIER, TOMORROW = AS_OF - timedelta(days=30), AS_OF + timedelta(days=1)


def main() -> None:
    """Draw, run four times, record."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        root = Path(folder)
        before, after = root / "before", root / "after"
        draw(before, options.customers, options.lines_each)
        one_day_later(before, after)
        runs = [
            ("first run", before, (AS_OF,), root / "kept"),
            ("one more cut-off", before, (AS_OF, EARLIER), root / "kept"),
            ("one more day of facts", after, (AS_OF, EARLIER, TOMORROW), root / "kept"),
            ("all of it from scratch", after, (TOMORROW,), root / "fresh"),
        ]
        rows = []
        for name, tables, cutoffs, artifacts in runs:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                rows.append((name, *pool.apply(run, (tables, artifacts, cutoffs))))
        size = sum(one.stat().st_size for one in (root / "kept" / KEPT_GRAINS).rglob("*.parquet"))
        body = _body(options.customers, options.customers * options.lines_each, rows, size)
    print(body)
    if options.record:
        record("kept_grains", TITLE, body, packages=("duckdb", "ibis-framework"))


def run(tables: Path, artifacts: Path, cutoffs: tuple[date, ...]) -> list[Step]:
    """Do what the snapshot stage does with grains and features; return what the two cost."""
    with engine(artifacts, threads=1, memory="4GB") as connection:
        events = read_events(connection, tables, time_zone="Asia/Taipei")
        grains = Grains(connection, events, keep=artifacts / KEPT_GRAINS)
        features = grains.deliverable(catalogue("customer", "time").values())
        counted: set[Grain] = {grain_of(one.grain) for one in features}
        given = {"cutoffs": cutoffs, "artifacts": artifacts, "data": "benchmark"}
        steps = [
            timed("grains", lambda: [grains.rows(one) for one in counted]),
            timed(
                "features", lambda: build_snapshots(connection, grains, features=features, **given)
            ),
        ]
        print(cutoffs, grains.kept.built, *steps, flush=True)
        return steps


def one_day_later(before: Path, after: Path) -> None:
    """Add a day: the receipts of one day three years ago once more, and late ones of the last."""
    shutil.copytree(before, after)
    lines = f"read_parquet('{before / 'transactions.parquet'}')"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"""COPY (
              SELECT * FROM {lines} UNION ALL
              SELECT * REPLACE ('N' || line_id AS line_id, 'N' || order_id AS order_id,
                event_time + INTERVAL 1096 DAY AS event_time,
                available_time + INTERVAL 1096 DAY AS available_time)
              FROM {lines} WHERE event_time::DATE = '2023-01-01'
            ) TO '{after / "transactions.parquet"}' (COMPRESSION zstd)"""  # noqa: S608 - our own words
        )


def _body(customers: int, lines: int, rows: list[tuple[str, Step, Step]], size: int) -> str:
    first = rows[0]
    cells = [
        [
            name,
            *(
                f"{step.wall:.1f} / {step.cpu:.1f} ({step.cpu / of_first.cpu:.0%})"
                for step, of_first in zip(steps, first[1:], strict=True)
            ),
            f"{max(step.peak for step in steps):,.0f}",
        ]
        for name, *steps in rows
    ]
    head = ["run", "grains: wall / processor, s", "features: wall / processor, s", "peak, MiB"]
    return f"""
{customers:,} customers, {lines:,} receipt lines of three years, customer and time features, one
thread. Shares are of the processor's seconds in the first run.
Kept grains take {size / 2**20:,.0f} MiB.

{table(head, cells)}
"""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=sized(100_000, small=4_000))
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument("--scratch", type=Path, default=None, help="Where to draw the tables.")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
