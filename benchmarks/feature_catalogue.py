"""How long the whole catalogue takes over an invented chain of shops, and how much memory.

Run `python benchmarks/feature_catalogue.py --customers 100000 --lines-each 50`. It draws the
tables with DuckDB (Zipf products, gamma-like activity, one row in five hundred a return), then
builds one customer snapshot with every feature that the tables allow. Drawing is not timed.
"""

import argparse
import json
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from features.catalogue import catalogue
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.snapshot_store import build_snapshots
from pipeline.snapshot_table import Grains

AS_OF = date(2026, 1, 1)


def main() -> None:
    """Draw, build, print."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        root = Path(folder)
        lines = _draw(root / "tables", options.customers, options.lines_each)
        # What drawing took would hide what building takes: the peak is of a child.
        _print_after_build(root, lines, options)


def _print_after_build(root: Path, lines: int, options: argparse.Namespace) -> None:
    import multiprocessing

    child = multiprocessing.get_context("spawn").Process(
        target=build, args=(root, lines, options.threads, options.memory)
    )
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(child.exitcode)


def build(root: Path, lines: int, threads: int, memory: str) -> None:
    """Build one snapshot and print what it cost."""
    features = list(catalogue("customer", "time").values())
    with engine(root / "artifacts", threads=threads) as connection:
        connection.raw_sql(f"SET memory_limit = '{memory}'")
        grains = Grains(
            connection, read_events(connection, root / "tables", time_zone="Asia/Taipei")
        )
        used = grains.deliverable(features)
        began, cpu = time.perf_counter(), time.process_time()
        build_snapshots(
            connection,
            grains,
            features=used,
            cutoffs=[AS_OF],
            artifacts=root / "artifacts",
            data="benchmark",
        )
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "lines": lines,
                "features": len(used),
                "seconds": round(wall, 1),
                "cpu_s": round(cpu, 1),
                "peak_mib": round(peak),
                "threads": threads,
            }
        )
    )


def _draw(folder: Path, customers: int, lines_each: int) -> int:
    folder.mkdir(parents=True)
    lines = customers * lines_each
    con = duckdb.connect()
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
    return lines


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
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="4GB", help="DuckDB spills beyond it.")
    parser.add_argument("--scratch", type=Path, default=None, help="Where to draw the tables.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
