"""What ingesting and validating costs: `python benchmarks/validation.py`, 50 million lines.

Wall and CPU seconds and the peak of resident memory, of a process of its own; once with clean
lines, and once with some that have to be set aside. Another number of millions may be given.
"""

import argparse
import multiprocessing
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import ibis
from record import record, sized, table

from features.tables import Customers, Products, Transactions
from pipeline.ingest import ingest
from pipeline.validate import validate

TITLE = "Ingesting and validating"
MEMBERS_PER_LINE = 1 / 50
PRODUCTS = 20_000
FAULTY_IN, TWICE_IN = 1_000, 10_000


def write_tables(folder: Path, lines: int, *, bad: bool) -> None:
    """Write customers, products and transactions exactly as they are declared."""
    folder.mkdir(parents=True)
    connection = ibis.duckdb.connect()
    members = max(1000, int(lines * MEMBERS_PER_LINE))
    number = ibis.range(members).unnest().name("n").as_table()
    customers = number.select(
        customer_id=ibis.literal("c") + number.n.cast("string"), joined_on=ibis.date(2020, 1, 1)
    )
    connection.to_parquet(_declared(customers, Customers), folder / "customers.parquet")
    number = ibis.range(PRODUCTS).unnest().name("n").as_table()
    products = number.select(product_id=ibis.literal("p") + number.n.cast("string"))
    connection.to_parquet(_declared(products, Products), folder / "products.parquet")
    number = ibis.range(lines).unnest().name("n").as_table()
    n = number.n
    at = ibis.timestamp(2022, 1, 1, 0, 0, 0).cast("timestamp('UTC', 6)") + (
        n * 1_000_003 % 94_608_000
    ).as_interval("s")
    amount = (n * 7919 % 100_000) / 100
    line = n - (n % TWICE_IN == TWICE_IN - 1).cast("int64") if bad else n
    transactions = number.select(
        line_id=ibis.literal("L") + (line + 10**9).cast("string"),
        order_id=ibis.literal("O") + (n // 3).cast("string"),
        customer_id=ibis.literal("c") + (n // 3 * 48_271 % members).cast("string"),
        product_id=ibis.literal("p") + (n * 69_621 % PRODUCTS).cast("string"),
        event_time=at,
        available_time=at + ibis.interval(hours=6),
        quantity=(n % 5 + 1).cast("float64"),
        amount=(n % FAULTY_IN == 1).ifelse(-amount - 1, amount) if bad else amount,
        discount=(n % 7).cast("float64"),
        channel=(n % 4 == 0).ifelse("web", "store"),
        kind=ibis.literal("sale"),
    )
    connection.to_parquet(_declared(transactions, Transactions), folder / "transactions.parquet")
    connection.disconnect()


def _declared(rows, table):  # noqa: ANN001, ANN202 - a benchmark
    given = set(rows.columns)
    return rows.select(
        **{
            name: (rows[name] if name in given else ibis.null(kind)).cast(kind)
            for name, kind in table.schema().items()
        }
    )


def measure(folder: Path, out: Path) -> list[list[str]]:
    """Ingest and validate, and return a row of the table for each."""
    rows = []
    for step, work in (
        ("ingest", lambda: ingest(str(folder), out / "ingested")),
        (
            "validate",
            lambda: validate(
                out / "ingested",
                out,
                time_zone="Asia/Taipei",
                now=datetime(2026, 1, 1, tzinfo=UTC),
                max_quarantined_share=0.01,
            ),
        ),
    ):
        wall, cpu = time.perf_counter(), time.process_time()
        done = work()
        times = (time.perf_counter() - wall, time.process_time() - cpu)
        aside = sum(one.quarantined for one in getattr(done, "tables", ()))
        rows.append([step, *(f"{one:.1f}" for one in times), f"{_peak_mib():,.0f}", f"{aside:,}"])
    return rows


def _peak_mib() -> float:
    # Not getrusage: its peak includes that of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    """Write the tables in one process, measure in another, record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", type=float, nargs="?", default=sized(50, small=0.5))
    asked = parser.parse_args()
    lines = int(asked.millions * 1e6)
    rows = []
    for kind, bad in (("clean", False), ("faulty", True)):
        with tempfile.TemporaryDirectory() as scratch:
            write_tables(Path(scratch) / "data", lines, bad=bad)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found = pool.apply(measure, (Path(scratch) / "data", Path(scratch) / "artifacts"))
        rows += [[f"{kind}: {step}", *cells] for step, *cells in found]
    body = f"""
{lines:,} receipt lines; of the faulty ones one in {FAULTY_IN:,} breaks a rule and one in
{TWICE_IN:,} is delivered twice, so that tables have to be written rather than copied.

{table(["", "wall, s", "processor, s", "peak, MiB", "rows set aside"], rows)}
"""
    record("validation", TITLE, body, packages=("duckdb", "ibis-framework"))


if __name__ == "__main__":
    main()
