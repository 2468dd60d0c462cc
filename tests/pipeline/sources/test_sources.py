"""The same tables from a folder, from Parquet parts, from DuckDB and from PostgreSQL."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from databases import run
from deliveries import deliver, judge, rows_of

from pipeline.ingest import ingest
from pipeline.sources.definition import SourceError
from pipeline.sources.open import open_source
from pipeline.sources.postgres import without_password
from pipeline.validate import validate

TABLES = """
CREATE TABLE customers (customer_id text, joined_on date);
INSERT INTO customers VALUES ('ann', '2023-01-05'), ('bob', '2023-02-10');
CREATE TABLE products (product_id text, name text, list_price numeric(10, 2));
INSERT INTO products VALUES ('kettle', 'A "small", blue kettle', 29.90), ('toaster', NULL, NULL);
CREATE TABLE transactions (line_id bigint, order_id text, customer_id text, product_id text,
    event_time timestamp with time zone, quantity integer, amount numeric(10, 2), kind text);
INSERT INTO transactions VALUES
    (1, 'A', 'ann', 'kettle', '2024-03-01 10:00:00+00', 1, 30.00, 'sale'),
    (2, 'B', NULL, 'toaster', '2024-03-02 10:00:00+00', -1, -25.50, 'return'),
    (3, 'C', 'eve', 'kettle', '2024-03-02 10:00:00+00', 1, 30.00, 'sale');
"""


def judged(location: str, artifacts: Path):
    ingest(location, artifacts / "ingested")
    return validate(
        artifacts / "ingested",
        artifacts,
        time_zone="UTC",
        now=datetime(2024, 6, 1, tzinfo=UTC),
        max_quarantined_share=0.5,
    )


def expect_the_tables(artifacts: Path, quality) -> None:
    counts = {table.table: (table.read, table.accepted) for table in quality.tables}
    assert counts == {"customers": (2, 2), "products": (2, 2), "transactions": (3, 2)}
    sold = pq.read_table(artifacts / "tables" / "transactions.parquet").to_pylist()
    assert [(row["line_id"], row["amount"]) for row in sold] == [("1", 30.0), ("2", -25.5)]
    assert sold[0]["event_time"] == datetime(2024, 3, 1, 10, tzinfo=UTC)
    (kettle, toaster) = pq.read_table(artifacts / "tables" / "products.parquet").to_pylist()
    assert (kettle["name"], kettle["list_price"]) == ('A "small", blue kettle', 29.9)
    assert toaster["name"] is None


def test_tables_of_a_duckdb_file(tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(TABLES)
    quality = judged(str(tmp_path / "shop.duckdb"), tmp_path / "artifacts")
    expect_the_tables(tmp_path / "artifacts", quality)


def test_tables_of_a_postgresql_database(tmp_path, postgresql):
    run(postgresql, *filter(str.strip, TABLES.split(";")))
    url = postgresql.replace("+psycopg", "").replace("+", "%20")  # as libpq writes a blank
    quality = judged(url, tmp_path / "artifacts")
    expect_the_tables(tmp_path / "artifacts", quality)
    ingested = pq.ParquetFile(tmp_path / "artifacts" / "ingested" / "transactions.parquet")
    assert ingested.num_row_groups == 1, "rows are read together, however they arrive"


def test_parquet_parts_are_one_table_and_a_refused_row_names_its_part(tmp_path):
    folder = deliver(tmp_path / "shop")
    (folder / "customers.csv").unlink()
    parts = folder / "customers"
    parts.mkdir()
    for number, names in enumerate((["ann", "bob"], ["eve", None])):
        days = [date(2023, 1, 5)] * 2
        table = pa.table({"customer_id": names, "joined_on": days})
        pq.write_table(table, parts / f"part-{number}.parquet")
    quality = judge(folder)
    assert (quality.tables[0].origin, quality.tables[0].accepted) == ("customers/", 3)
    (refused,) = rows_of(folder, "quarantine", "customers")
    assert (refused["_file"], refused["_row"]) == ("part-1.parquet", 2)


def test_names_of_columns_may_differ_in_letter_case(tmp_path):
    folder = deliver(tmp_path / "shop", customers=" Customer_ID ,JOINED_ON\nann,2023-01-05\n")
    quality = judge(folder)
    assert (quality.tables[0].read, quality.tables[0].accepted) == (1, 1)


def test_columns_that_differ_in_letter_case_alone_are_an_error(tmp_path):
    folder = deliver(
        tmp_path / "shop", customers="customer_id,Customer_ID,joined_on\na,b,2023-01-05"
    )
    with pytest.raises(SourceError, match=r"customers\.csv: the column customer_id appears more"):
        judge(folder)


def test_a_table_that_is_delivered_twice_is_an_error(tmp_path):
    folder = deliver(tmp_path / "shop")
    pq.write_table(pa.table({"customer_id": ["ann"]}), folder / "customers.parquet")
    with pytest.raises(SourceError, match="customers is delivered twice"):
        judge(folder)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all"])
def test_a_cut_parquet_file_is_an_error(tmp_path, content):
    folder = deliver(tmp_path / "shop")
    (folder / "stores.parquet").write_bytes(content)
    with pytest.raises(SourceError, match=r"stores\.parquet cannot be read as Parquet.*export it"):
        judge(folder)


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("nowhere", "no such folder or file"),
        ("single.csv", "is a single file. Give the folder"),
        ("broken.duckdb", "cannot be opened as a DuckDB file"),
        ("postgresql://ann:secret@127.0.0.1:1/shop", "postgresql://ann@127.0.0.1:1/shop cannot"),
    ],
)
def test_a_location_that_cannot_be_read_says_so(tmp_path, monkeypatch, location, message):
    monkeypatch.chdir(tmp_path)
    Path("single.csv").write_text("customer_id\n")
    Path("broken.duckdb").write_text("no database")
    with pytest.raises(SourceError) as error:
        open_source(location)
    assert message in str(error.value)
    assert "secret" not in str(error.value)


def test_a_failed_ingest_leaves_the_old_one(tmp_path):
    ingested = tmp_path / "artifacts" / "ingested"
    judge(deliver(tmp_path / "shop"))
    before = (ingested / "customers.parquet").read_bytes()
    deliver(tmp_path / "shop", transactions=b"a,b\n\xff")
    with pytest.raises(SourceError):
        ingest(str(tmp_path / "shop"), ingested)
    assert (ingested / "customers.parquet").read_bytes() == before
    assert (
        sorted(path.name for path in ingested.parent.iterdir() if path.name.startswith(".")) == []
    )


def test_a_url_without_a_user_is_shown_as_it_is():
    assert without_password("postgresql://db.example/shop") == "postgresql://db.example/shop"
