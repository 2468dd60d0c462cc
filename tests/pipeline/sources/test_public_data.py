"""Public data sets come in whole, and what maps how is held here in numbers."""

from datetime import UTC, date, datetime

import ibis
import openpyxl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from deliveries import judge, rows_of
from public_data import public

from pipeline.sources.about import describe
from pipeline.sources.complete_journey import import_complete_journey
from pipeline.sources.definition import SourceError
from pipeline.sources.online_retail import import_online_retail


def at(*moment: int) -> datetime:
    """Return a wall-clock time, as the file gives it."""
    return datetime(*moment)  # noqa: DTZ001 - the file names no zone


LINES = [
    # invoice, stock code, description, quantity, invoice date, price, customer, country
    ("536365", "85123A", "HANGING HEART", 6, at(2010, 12, 1, 8, 26), 2.55, 17850.0, "UK"),
    ("536365", "85123A", "HANGING HEART", 6, at(2010, 12, 1, 8, 26), 2.55, 17850.0, "UK"),
    ("536366", "85123a ", "?", 1, at(2011, 7, 1, 0, 30), 2.55, None, "UK"),
    (
        "C536379",
        "85123A",
        "HANGING HEART",
        -1,
        at(2011, 7, 2, 9, 41),
        2.55,
        17850.0,
        "France",
    ),
    ("536589", "21777", None, -10, at(2010, 12, 1, 16, 50), 0.0, None, "UK"),
    ("A563186", "B", "Adjust bad debt", 1, at(2011, 8, 13, 14, 51), -11062.06, None, "UK"),
]
ONE = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
)
TWO = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID")


def as_table(names=ONE):
    return pa.table(
        {
            name: list(values)
            for name, values in zip((*names, "Country"), zip(*LINES, strict=True), strict=True)
        }
    )


def as_parquet(folder):
    pq.write_table(as_table(), folder / "retail.parquet")
    return folder / "retail.parquet"


def as_csv(folder):
    table = as_table(TWO)
    american = [
        f"{at.month}/{at.day}/{at.year} {at.hour}:{at.minute:02d}"
        for at in table["InvoiceDate"].to_pylist()
    ]
    table = table.set_column(4, "InvoiceDate", pa.array(american))
    pa.csv.write_csv(table, folder / "retail.csv")
    return folder / "retail.csv"


def as_excel(folder):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet, rows in (("Year 2009-2010", LINES[:3]), ("Year 2010-2011", LINES[3:])):
        page = book.create_sheet(sheet)
        page.append([*TWO, "Country"])
        for row in rows:
            page.append(row)
    book.save(folder / "retail.xlsx")
    return folder / "retail.xlsx"


@pytest.mark.parametrize("made", [as_parquet, as_csv, as_excel])
def test_online_retail_in_each_of_its_editions(tmp_path, made):
    shop = tmp_path / "shop"
    imported = import_online_retail(made(tmp_path), shop)
    assert imported.rows == {"customers": 1, "products": 3, "transactions": 6}
    quality = judge(shop, time_zone="Europe/London", max_quarantined_share=0.5)
    sold = rows_of(shop, "tables", "transactions")
    assert [
        (r["line_id"], r["customer_id"], r["product_id"], r["kind"], r["amount"]) for r in sold
    ] == [
        ("536365-1", "17850", "85123A", "sale", pytest.approx(15.3)),
        ("536365-2", "17850", "85123A", "sale", pytest.approx(15.3)),
        ("536366-1", None, "85123A", "sale", pytest.approx(2.55)),
        ("C536379-1", "17850", "85123A", "return", pytest.approx(-2.55)),
    ]
    assert sold[0]["event_time"] == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert sold[2]["event_time"] == datetime(2011, 6, 30, 23, 30, tzinfo=UTC), "summer time"
    assert [(f.column, f.rows) for f in quality.tables[-1].findings] == [("kind", 2)]
    (customer,) = rows_of(shop, "tables", "customers")
    assert (customer["joined_on"], customer["region"]) == (date(2010, 12, 1), "France")
    names = {row["product_id"]: row["name"] for row in rows_of(shop, "tables", "products")}
    assert names["85123A"] == "HANGING HEART"
    assert describe(str(shop))["time_zone"] == "Europe/London"


def test_a_file_that_is_no_online_retail_is_an_error(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match=r"x\.csv: no column invoiceno or invoice.*Found: a, b"):
        import_online_retail(tmp_path / "x.csv", tmp_path / "shop")


def test_the_real_online_retail_file(tmp_path):
    shop = tmp_path / "shop"
    imported = import_online_retail(public("online_retail_2009-2011.parquet"), shop)
    assert imported.rows["transactions"] == 1_044_847
    quality = judge(shop, time_zone="Europe/London", now=datetime(2026, 1, 1, tzinfo=UTC))
    lines = quality.tables[-1]
    assert (lines.accepted, lines.quarantined) == (1_041_447, 3_400)
    connection = ibis.duckdb.connect()
    sold = connection.read_parquet(tmp_path / "artifacts" / "tables" / "transactions.parquet")
    before = datetime(2011, 8, 31, 23, tzinfo=UTC)  # midnight of 1 September in London
    eligible = sold.filter(sold.kind == "sale", sold.event_time < before).customer_id.nunique()
    assert connection.execute(eligible) == 5_251


@pytest.mark.nightly
def test_the_real_complete_journey(tmp_path):
    shop = tmp_path / "shop"
    imported = import_complete_journey(public("complete-journey"), shop)
    assert imported.rows == {
        "customers": 2_469,
        "products": 92_348,
        "transactions": 1_469_307,
        "stores": 457,
        "campaigns": 27,
        "contacts": 6_589,
        "outcomes": 1_148,
        "promotions": 317,
    }
    quality = judge(shop, time_zone="America/New_York", now=datetime(2026, 1, 1, tzinfo=UTC))
    refused = {table.table: table.quarantined for table in quality.tables if table.quarantined}
    assert refused == {"transactions": 8_869}, "the lines with a quantity of 0"


def test_a_folder_without_the_tables_of_complete_journey_is_an_error(tmp_path):
    with pytest.raises(SourceError, match=r"no transactions\.parquet or transactions\.csv and no"):
        import_complete_journey(tmp_path, tmp_path / "shop")
