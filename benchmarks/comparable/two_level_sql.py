"""The 63 columns by SQL as one writes it first: lines to orders and products, these to customers.

Run as `python two_level_sql.py TABLES OUT THREADS CUTOFF...`.
"""

import sys
from datetime import date
from pathlib import Path

import duckdb


def main(tables: Path, out: Path, threads: int, days: list[date]) -> None:
    """Write one snapshot for each cut-off."""
    out.mkdir(parents=True)
    query = (Path(__file__).parent / "two_level.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {threads:d}")
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"SET temp_directory = '{out / 'spill'}'")
        for day in days:
            connection.execute(
                query.format(
                    as_of=f"DATE '{day}'",
                    now=f"TIMESTAMPTZ '{day} 00:00:00+08'",
                    out=out / f"{day}.parquet",
                    table="each",
                    **{one.stem: f"read_parquet('{one}')" for one in tables.glob("*.parquet")},
                )
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]),
         [date.fromisoformat(one) for one in sys.argv[4:]])  # fmt: skip
