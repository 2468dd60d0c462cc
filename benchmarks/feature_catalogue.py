"""How long the whole catalogue takes over an invented chain of shops, and how much memory.

Run `python benchmarks/feature_catalogue.py` (a million customers, 50 lines each). It draws
the tables with DuckDB (Zipf products, gamma-like activity, one row in five hundred a return), then
does what the snapshot stage does. Drawing is not timed.
"""

import argparse
import multiprocessing
import re
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
from record import record, sized, table

from features.catalogue import catalogue
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.profiles import build_profiles
from pipeline.snapshot_store import build_snapshots
from pipeline.snapshot_table import grain_of
from pipeline.state_store import build_state

TITLE = "The whole feature catalogue"
AS_OF = date(2026, 1, 1)


class Step(NamedTuple):
    """What one step of the snapshot stage cost.

    Attributes
    ----------
    name : str
        What was done.
    wall, cpu : float
        Seconds on the wall and of the processor.
    peak : float
        Peak resident memory of the process during the step, in MiB.
    """

    name: str
    wall: float
    cpu: float
    peak: float


def main() -> None:
    """Draw, build, record."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        root = Path(options.tables or folder)
        if not (root / "tables").exists():
            draw(root / "tables", options.customers, options.lines_each)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            # What drawing took would hide what building takes: a process of its own.
            steps = pool.apply(build, (root / "tables", Path(folder), options.memory))
    body = _body(options.customers, options.customers * options.lines_each, steps)
    print(body)
    if options.record:
        record("feature_catalogue", TITLE, body, packages=("duckdb", "ibis-framework"))


def build(tables: Path, artifacts: Path, memory: str) -> list[Step]:
    """Do what the snapshot stage does at one cut-off, step by step."""
    steps: list[Step] = []
    with engine(artifacts, threads=1, memory=memory) as connection:
        grains = Grains(
            connection,
            read_events(connection, tables, time_zone="Asia/Taipei"),
            keep=artifacts / KEPT_GRAINS,
        )
        features = grains.deliverable(catalogue("customer", "time").values())
        of_products = grains.deliverable(catalogue("product").values())
        given = {"artifacts": artifacts, "data": "benchmark"}

        def step(name: str, job: Callable[[], object]) -> None:
            steps.append(timed(name, job))
            print(steps[-1], file=sys.stderr, flush=True)

        counted = sorted({grain_of(one.grain) for one in features}, key=lambda one: one.name)
        step(f"{len(counted)} grains in {grains.blocks} blocks of customers",
             lambda: [grains.rows(one) for one in counted])  # fmt: skip
        step(f"{len(features)} customer and time features",
             lambda: build_snapshots(connection, grains, features=features, cutoffs=[AS_OF],
                                     **given))  # fmt: skip
        step(f"{len(of_products)} product features, their grains included",
             lambda: build_snapshots(connection, grains, features=of_products, cutoffs=[AS_OF],
                                     unit="product", **given))  # fmt: skip
        step("5 codings, fitted and applied",
             lambda: build_profiles(connection, grains, cutoffs=[AS_OF], fit_at=AS_OF, seed=1,
                                    artifacts=artifacts))  # fmt: skip
        step("state for pair features",
             lambda: build_state(connection, grains, cutoffs=[AS_OF], **given))  # fmt: skip
        days = [AS_OF - timedelta(days=30), AS_OF]
        step("customer and time features at one more cut-off",
             lambda: build_snapshots(connection, grains, features=features, cutoffs=days,
                                     **given))  # fmt: skip
    return steps


def timed(name: str, job: Callable[[], object]) -> Step:
    """Do a job; return what it cost."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    began, cpu = time.perf_counter(), time.process_time()
    job()
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Step(name, wall, cpu, _peak())


def _body(customers: int, lines: int, steps: list[Step]) -> str:
    rows = [[one.name, f"{one.wall:.0f}", f"{one.cpu:.0f}", f"{one.peak:,.0f}"] for one in steps]
    whole = steps[:-1]
    rows.insert(-1, ["**whole catalogue at one cut-off**",
                     f"{sum(one.wall for one in whole):.0f}",
                     f"{sum(one.cpu for one in whole):.0f}",
                     f"{max(one.peak for one in whole):,.0f}"])  # fmt: skip
    return f"""
{customers:,} customers, {lines:,} receipt lines of three years, 20,000 products, 300 stores; one
thread, as sums of doubles have to come out the same. "One more cut-off" reuses the grains and
leaves the first snapshot as it is.

{table(["step", "wall, s", "processor, s", "peak memory, MiB"], rows)}
"""


def _peak() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024


def draw(folder: Path, customers: int, lines_each: int) -> None:
    """Write the tables of an invented chain of shops."""
    folder.mkdir(parents=True)
    lines = customers * lines_each
    con = duckdb.connect(config={"memory_limit": "8GB", "temp_directory": str(folder)})
    con.execute("SELECT setseed(0.5)")
    con.execute("SET TimeZone = 'UTC'")
    _write(
        con,
        folder,
        "customers",
        f"""
        SELECT format('M{{:08d}}', i) customer_id, DATE '2022-01-01' + CAST(i % 900 AS INTEGER)
          joined_on, 1940 + i % 65 birth_year, ['female', 'male'][1 + i % 2] gender,
          i % 3 children, format('R{{}}', i % 8) region FROM range({customers}) t(i)""",  # noqa: S608 - a number
    )
    _write(
        con,
        folder,
        "products",
        """
        SELECT format('P{:05d}', i) product_id, format('B{}', i % 40) brand,
          format('c{}', i % 20) category, format('c{}-{}', i % 20, i % 200) category_3,
          100.0 + i % 997 list_price, DATE '2022-01-01' + CAST(i % 1400 AS INTEGER) launched_on,
          format('F{}', i // 4) family, 1 + i % 4 generation, 'general' purpose
        FROM range(20000) t(i)""",
    )
    _write(
        con,
        folder,
        "stores",
        """
        SELECT format('S{:03d}', i) store_id, format('R{}', i % 8) region,
          ['mall', 'street'][1 + i % 2] format FROM range(300) t(i)""",
    )
    # Six lines make an order; activity differs by a factor of about fifty.
    _write(
        con,
        folder,
        "transactions",
        f"""
        WITH drawn AS (
          SELECT i, CAST(i // 6 AS BIGINT) o FROM range({lines}) t(i)),
        orders AS (
          SELECT o, CAST(floor({customers} * power(random(), 2.2)) AS BIGINT) c,
            TIMESTAMPTZ '2023-01-01' + to_seconds(CAST(random() * 1095 * 86400 AS BIGINT)) happened,
            format('S{{:03d}}', CAST(floor(random() * 300) AS INTEGER)) store,
            random() < 0.2 online FROM (SELECT DISTINCT o FROM drawn)),
        lines AS (SELECT *, CAST(1 + floor(random() * 3) AS DOUBLE) q,
            CAST(floor(20000 * power(random(), 3)) AS INTEGER) p, random() < 0.002 back
          FROM drawn JOIN orders USING (o))
        SELECT format('L{{}}', i) line_id, format('O{{}}', o) order_id,
          format('M{{:08d}}', c) customer_id, format('P{{:05d}}', p) product_id,
          CASE WHEN online THEN NULL ELSE store END store_id, happened event_time,
          happened + INTERVAL 1 HOUR available_time, CASE WHEN back THEN -q ELSE q END quantity,
          CASE WHEN back THEN -q ELSE q END * (100 + p % 997) amount,
          CASE WHEN i % 5 = 0 THEN q * 10.0 ELSE 0.0 END discount,
          CASE WHEN online THEN 'web' ELSE 'store' END channel,
          CASE WHEN back THEN 'return' ELSE 'sale' END kind
        FROM lines""",  # noqa: S608 - numbers
    )


def _write(con: duckdb.DuckDBPyConnection, folder: Path, name: str, query: str) -> None:
    from features.tables import TABLE_BY_NAME

    types = {"string": "VARCHAR", "int64": "BIGINT", "float64": "DOUBLE", "boolean": "BOOLEAN",
             "date": "DATE", "timestamp('UTC', 6)": "TIMESTAMPTZ"}  # fmt: skip
    given = {row[0] for row in con.execute(f"DESCRIBE {query}").fetchall()}
    schema = TABLE_BY_NAME[name].schema()
    columns = ", ".join(
        f'CAST({column if column in given else "NULL"} AS {types[kind]}) "{column}"'
        for column, kind in schema.items()
    )
    con.execute(
        f"COPY (SELECT {columns} FROM ({query})) TO '{folder / name}.parquet' (COMPRESSION zstd)"  # noqa: S608 - our own words
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=sized(1_000_000, small=5_000))
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument("--memory", default="4GB", help="DuckDB spills beyond it.")
    parser.add_argument("--scratch", type=Path, default=None, help="Where to draw the tables.")
    parser.add_argument("--tables", type=Path, default=None, help="Keep the drawn tables here.")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
