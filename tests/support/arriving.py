"""Deliveries of one invented retailer as they grow from day to day."""

import shutil
from datetime import date
from pathlib import Path

import duckdb

from pipeline.duck import quoted

ZONE = "Asia/Taipei"


def known_before(data: Path, to: Path, day: date) -> Path:
    """Copy a delivery without the rows that nobody knew before a day began."""
    to.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for path in sorted(data.iterdir()):
            if path.suffix != ".parquet":
                if path.is_file():
                    shutil.copy(path, to)
                continue
            rows = connection.read_parquet(str(path))
            if "available_time" in rows.columns:
                rows = rows.filter(f"available_time < timezone('{ZONE}', TIMESTAMP '{day}')")
            rows.to_parquet(str(to / path.name))
    return to


def rewritten(data: Path, to: Path, table: str, select: str) -> Path:
    """Copy a delivery with one table as a query over `rows` gives it."""
    shutil.copytree(data, to)
    path = to / f"{table}.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE rows AS FROM read_parquet({quoted(path)})")
        connection.sql(select).to_parquet(str(path))
    return to
