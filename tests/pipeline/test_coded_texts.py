"""Rows whose texts and customers are numbers to the engine: nobody who reads them can tell."""

import pandas as pd
import pytest

from pipeline.coded_texts import CodedTexts
from pipeline.customer_codes import CustomerCodes
from pipeline.engine import engine

ROWS = [("ann", "p2", "x", 1.0), ("Bob", None, "y", 2.0), ("ann", "p1", "z", 4.0)]
OF_NOBODY_KNOWN = [(None, "p1", "x", 3.0), ("eve", "p3", "x", 5.0)]
TEXTS = {"product_id", "category"}


@pytest.fixture
def connection(tmp_path):
    with engine(tmp_path, threads=1) as opened:
        opened.raw_sql(
            "CREATE TABLE bought (customer_id TEXT, product_id TEXT, n TEXT, paid DOUBLE)"
        )
        opened.con.executemany("INSERT INTO bought VALUES (?, ?, ?, ?)", [*ROWS, *OF_NOBODY_KNOWN])
        opened.raw_sql("CREATE TABLE named AS SELECT 'p0' AS product_id, 'tea' AS category")
        opened.raw_sql(
            "CREATE TABLE members AS FROM (VALUES ('ann'), ('Bob'), ('Bob')) t(customer_id)"
        )
        yield opened


@pytest.fixture
def customers(connection):
    return CustomerCodes(connection, connection.table("members"))


def copies(connection, customers, **options):
    """Return both tables to be copied."""
    tables = {name: connection.table(name) for name in ("bought", "named")}
    return CodedTexts(connection, tables, TEXTS, customers, **options)


def rows_of(table):
    """Return the rows of a table, by what was paid."""
    found = table.execute().sort_values("paid").itertuples(index=False)
    return [tuple(None if pd.isna(one) else one for one in row) for row in found]


def test_a_copy_reads_as_the_rows_of_known_customers_under_their_numbers(connection, customers):
    copied = copies(connection, customers).held("bought")
    assert copied.customer_id.type().is_integer()
    assert sorted(copied.customer_id.execute().unique()) == [0, 1]
    assert rows_of(customers.named(copied)) == ROWS


def test_numbers_are_given_once_a_customer_and_are_the_same_again(connection, customers):
    assert customers.count == 2
    before = rows_of(customers.coded(connection.table("bought")))
    again = CustomerCodes(connection, connection.table("members"))
    assert rows_of(again.coded(connection.table("bought"))) == before


def test_codes_are_in_the_order_of_the_texts_of_all_tables_copied_together(connection, customers):
    coded = copies(connection, customers)
    assert coded.held("bought").product_id.max().execute() == "p2"
    joined = coded.held("bought").left_join(coded.held("named"), "product_id")
    assert joined.category.count().execute() == 0
    assert coded.held("named").product_id.execute().tolist() == ["p0"]


def test_only_the_texts_asked_for_are_coded(connection, customers):
    copies(connection, customers).held("bought")
    kinds = connection.raw_sql("SELECT type_name FROM duckdb_types() WHERE NOT internal").fetchall()
    assert [name.split("_", 2)[2] for (name,) in kinds] == ["product_id"]


def test_rows_lie_in_the_order_of_the_customers_where_that_is_asked_for(connection, customers):
    codes = copies(connection, customers, in_order=True).held("bought").customer_id.execute()
    assert codes.tolist() in ([0, 0, 1], [0, 1, 1])


def test_nothing_is_left_of_copies_that_were_dropped(connection, customers):
    coded = copies(connection, customers)
    coded.held("bought")
    coded.drop()
    customers.drop()
    tables = {name for (name,) in connection.raw_sql("SHOW TABLES").fetchall()}
    kinds = connection.raw_sql("SELECT type_name FROM duckdb_types() WHERE NOT internal")
    assert tables == {"bought", "members", "named"}
    assert kinds.fetchall() == []
