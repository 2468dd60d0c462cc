"""A bare scan of the columns that the snapshot reads: what nobody can do without.

Run as `python scan.py TABLES OUT THREADS CUTOFF...`; it scans once, whatever the cut-offs.
"""

import sys
from pathlib import Path

import duckdb

READ = ("customer_id", "order_id", "product_id", "store_id", "channel", "kind", "quantity",
        "amount", "discount", "event_time", "available_time")  # fmt: skip


def main(tables: Path, threads: int) -> None:
    """Look at every value once."""
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {threads:d}")
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        # The largest value would be read off the statistics of the file.
        values = f"bit_xor(hash({', '.join(READ)})) AS every"
        lines = tables / "transactions.parquet"
        connection.execute(f"CREATE TEMP TABLE seen AS SELECT {values} FROM '{lines}'")  # noqa: S608 - our own words


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[3]))
