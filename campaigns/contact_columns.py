"""What is read of customers beside a list: where they live, and how they are reached."""

from pathlib import Path

import duckdb
import pyarrow as pa

from features.tables import Customers
from pipeline.duck import quoted
from pipeline.live_tables import tables_folder

#: Columns that reach a person, and need the scope `members:pii`.
CONTACT = tuple(column.name for column in Customers.columns() if column.purpose == "contact")
#: Columns that may stand beside them.
BESIDE = ("region", "city", "language")


class NoCustomersError(ValueError):
    """The table of customers is not there any longer."""


def with_columns(artifacts: Path, rows: pa.Table, names: list[str]) -> pa.Table:
    """Return rows with columns of their customers, as the newest row of each tells; in order.

    Raises
    ------
    NoCustomersError
        If the table of customers is gone.
    """
    if not names:
        return rows
    path = tables_folder(artifacts) / "customers.parquet"
    if not path.exists():
        raise NoCustomersError(
            "the table of customers is not there. Run `shortlist run --data DIR` again."
        )
    with duckdb.connect() as connection:
        connection.register("rows", rows.select(["rank", "customer_id"]))
        known = {
            name for name, *_ in connection.sql(f"FROM read_parquet({quoted(path)})").description
        }
        newest = "valid_from DESC NULLS LAST" if "valid_from" in known else "customer_id"
        columns = ", ".join(
            f"c.{name}" if name in known else f"NULL::VARCHAR AS {name}" for name in names
        )
        found = connection.sql(
            f"SELECT {columns} FROM rows LEFT JOIN (FROM read_parquet({quoted(path)}) "  # noqa: S608 - declared names
            f"QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY {newest}) = 1) c "
            "USING (customer_id) ORDER BY rank"
        ).to_arrow_table()
    for name in names:
        rows = rows.append_column(name, found[name])
    return rows
