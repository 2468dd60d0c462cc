"""Public data with fewer customers, for a quick look."""

from pathlib import Path

import duckdb
from record import SIZE

from pipeline.durable import whole_file

ONE_IN = 8


def fewer_customers(data: Path) -> None:
    """Leave the lines of one customer in eight, in the tables of a folder, at the small size."""
    if SIZE == "full":
        return
    lines = data / "transactions.parquet"
    with duckdb.connect() as connection, whole_file(lines) as draft:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"""COPY (SELECT * FROM read_parquet('{lines}')
            WHERE md5_number(customer_id) % {ONE_IN} = 0) TO '{draft}' (FORMAT parquet)"""  # noqa: S608
        )
