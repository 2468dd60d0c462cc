"""Bad rows are set aside with their reason and counted; nothing is lost."""

import json
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deliveries import (
    CUSTOMERS,
    NOW,
    PRODUCTS,
    TRANSACTIONS,
    deliver,
    finding_of,
    judge,
    rows_of,
)

from features.tables import TABLES, Transactions
from pipeline.params import ParamsError
from pipeline.requirements import ContractError
from pipeline.sources.definition import SourceError
from pipeline.validate import TooManyQuarantinedError, require_passed

HEADING = TRANSACTIONS.splitlines()[0]


def lines(*rows: str) -> str:
    return "\n".join([HEADING, *rows]) + "\n"


def test_sound_tables_are_accepted_whole(tmp_path):
    folder = deliver(tmp_path / "shop")
    quality = judge(folder, max_quarantined_share=0.0)
    assert quality.passed
    assert [(t.table, t.read, t.accepted) for t in quality.tables] == [
        ("customers", 2, 2),
        ("products", 2, 2),
        ("transactions", 4, 4),
    ]
    assert rows_of(folder, "quarantine", "transactions") == []


def test_accepted_rows_have_the_declared_columns_types_and_order(tmp_path):
    folder = deliver(tmp_path / "shop")
    judge(folder)
    schema = pq.read_schema(tmp_path / "artifacts" / "tables" / "transactions.parquet")
    assert schema.names == list(Transactions.schema())
    assert schema.field("event_time").type == pa.timestamp("us", tz="UTC")
    assert schema.field("amount").type == pa.float64()
    first = rows_of(folder, "tables", "transactions")[0]
    assert first["event_time"] == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert (first["quantity"], first["amount"], first["store_id"]) == (1.0, 30.0, None)


def test_a_row_is_known_after_the_declared_delay_where_it_does_not_say_when(tmp_path):
    folder = deliver(tmp_path / "shop")
    judge(folder, delays={"transactions": timedelta(hours=6)})
    known = {row["available_time"] for row in rows_of(folder, "tables", "transactions")}
    assert min(known) == datetime(2024, 3, 1, 16, tzinfo=UTC)


def test_a_value_of_the_wrong_type_costs_its_row(tmp_path):
    bad = lines(
        "1,A,ann,kettle,2024-03-01T10:00:00Z,one,30,sale", "2,A,ann,kettle,2024-03-01,1,9,sale"
    )
    folder = deliver(tmp_path / "shop", transactions=bad)
    quality = judge(folder)
    assert finding_of(quality, "transactions") == (
        "quantity",
        "not a finite number such as 12.5",
        1,
    )
    (refused,) = rows_of(folder, "quarantine", "transactions")
    assert (refused["_row"], refused["quantity"], refused["amount"]) == (2, "one", "30")
    assert len(rows_of(folder, "tables", "transactions")) == 1


FAULTS = {
    "1,A,ann,kettle,2024-03-01T10:00:00Z,-2,30,sale": "kind, quantity: breaks the rule that "
    "quantity is above 0 on a sale and below 0 on a return",
    "2,A,ann,kettle,2024-03-01T10:00:00Z,2,-30,sale": "kind, amount: breaks the rule that amount "
    "is not negative on a sale and not positive on a return",
    "3,A,eve,kettle,2024-03-01T10:00:00Z,2,30,sale": "customer_id: not in customers",
    "4,A,ann,sofa,2024-03-01T10:00:00Z,2,30,sale": "product_id: not in products",
    "5,A,ann,kettle,2124-03-01T10:00:00Z,2,30,sale": "event_time: in the future (after 2024-06-03)",
    "6,A,ann,kettle,1824-03-01T10:00:00Z,2,30,sale": "event_time: before 1900-01-01",
    "7,A,ann,kettle,2023-02-29T10:00:00Z,2,30,sale": "event_time: not a time such as "
    "2024-05-01T10:30:00Z",
    "8,A,ann,kettle,2024-03-01T10:00:00Z,2,inf,sale": "amount: not a finite number such as 12.50, "
    "without currency sign or thousands separator",
    "9,A,ann,kettle,2024-03-01T10:00:00Z,2,NaN,sale": "amount: missing",
    "10,A,ann,kettle,2024-03-01T10:00:00Z,2,30,gift": "kind: none of sale, return",
    "11,,ann,kettle,2024-03-01T10:00:00Z,2,30,sale": "order_id: missing",
    "12,A,ann,kettle,2024-03-01T10:00:00Z,2,30": "all columns: the line cannot be split into cells",
    '13,A,ann,kettle,2024-03-01T10:00:00Z,2,"30,sale': "all columns: the line cannot be split "
    "into cells",
}


def test_each_fault_is_named_with_its_column_and_row(tmp_path):
    folder = deliver(tmp_path / "shop", transactions=lines(*FAULTS))
    quality = judge(folder)
    refused = rows_of(folder, "quarantine", "transactions")
    found = {row["_row"]: row["_reasons"] for row in refused}
    assert found == dict(enumerate(FAULTS.values(), start=2))
    assert {finding.rows for finding in quality.tables[-1].findings} == {1, 2}
    assert all(finding.fix for finding in quality.tables[-1].findings)
    assert refused[-1]["_text"].startswith("13,A,ann")


def test_a_row_with_two_faults_keeps_both_reasons_and_counts_once(tmp_path):
    folder = deliver(
        tmp_path / "shop", transactions=lines("1,A,eve,kettle,2024-03-01T10:00:00Z,-2,30,sale")
    )
    quality = judge(folder)
    transactions = quality.tables[-1]
    assert (transactions.read, transactions.quarantined, len(transactions.findings)) == (1, 1, 2)
    (refused,) = rows_of(folder, "quarantine", "transactions")
    assert "not in customers" in refused["_reasons"]
    assert "above 0 on a sale" in refused["_reasons"]


def test_of_exact_copies_the_first_stays(tmp_path):
    row = "1,A,ann,kettle,2024-03-01T10:00:00Z,1,30,sale"
    folder = deliver(tmp_path / "shop", transactions=lines(row, row, row))
    quality = judge(folder)
    assert finding_of(quality, "transactions") == ("line_id", "an exact copy of an earlier row", 2)
    assert [row["_row"] for row in rows_of(folder, "quarantine", "transactions")] == [3, 4]


def test_of_contradicting_rows_with_one_key_the_first_sound_one_stays(tmp_path):
    folder = deliver(
        tmp_path / "shop",
        transactions=lines(
            "1,A,ann,kettle,2024-03-01T10:00:00Z,1,none,sale",
            "1,A,ann,kettle,2024-03-01T10:00:00Z,1,31,sale",
            "1,A,ann,kettle,2024-03-01T10:00:00Z,1,32,sale",
        ),
    )
    quality = judge(folder)
    reasons = {finding.reason: finding.rows for finding in quality.tables[-1].findings}
    assert reasons["the same key as an earlier row, with other values"] == 1
    assert [row["amount"] for row in rows_of(folder, "tables", "transactions")] == [31.0]


def test_rows_without_a_part_of_the_key_have_the_same_key(tmp_path):
    twice = "customer_id,joined_on,valid_from\nann,2023-01-05,\nann,2023-01-06,\nbob,2023-01-05,\n"
    quality = judge(deliver(tmp_path / "shop", customers=twice))
    assert finding_of(quality, "customers")[0] == "customer_id, valid_from"


def test_the_history_of_a_customer_is_no_duplicate(tmp_path):
    history = (
        "customer_id,joined_on,valid_from,valid_to\n"
        "ann,2023-01-05,2023-01-05,2024-01-01\nann,2023-01-05,2024-01-01,9999-12-31\n"
        "bob,2023-01-05,,\n"
    )
    assert judge(deliver(tmp_path / "shop", customers=history), max_quarantined_share=0).passed


def test_a_purchase_by_a_refused_customer_is_refused_too(tmp_path):
    folder = deliver(
        tmp_path / "shop", customers="customer_id,joined_on\nann,2023-01-05\nbob,soon\n"
    )
    quality = judge(folder)
    assert finding_of(quality, "customers")[:2] == ("joined_on", "not a date such as 2024-05-01")
    assert finding_of(quality, "transactions") == ("customer_id", "not in customers", 1)


def test_a_reference_to_a_table_that_was_not_delivered_is_not_checked(tmp_path):
    with_store = "\n".join(
        line + ("," + ("store_id" if n == 0 else "s1"))
        for n, line in enumerate(TRANSACTIONS.splitlines())
    )
    quality = judge(deliver(tmp_path / "shop", transactions=with_store), max_quarantined_share=0)
    assert quality.passed
    assert "store_id is not checked: stores was not delivered" in quality.tables[-1].notices


def test_an_unknown_column_is_kept_out_with_a_notice(tmp_path):
    quality = judge(
        deliver(tmp_path / "shop", products="product_id,weight_kg\nkettle,1\ntoaster,1\n")
    )
    products = next(t for t in quality.tables if t.table == "products")
    assert any("weight_kg" in notice for notice in products.notices)
    assert products.quarantined == 0


def test_a_missing_column_is_named_with_its_file_and_what_to_do(tmp_path):
    folder = deliver(tmp_path / "shop", products="sku\nkettle\n")
    with pytest.raises(ContractError) as error:
        judge(folder)
    assert "products.csv has no column `product_id`" in str(error.value)
    assert "Columns found: sku" in str(error.value)
    assert "--suggest" in str(error.value)


def test_everything_that_is_missing_is_said_at_once(tmp_path):
    folder = deliver(tmp_path / "shop", products="sku\nkettle\n")
    (folder / "customers.csv").unlink()
    with pytest.raises(ContractError) as error:
        judge(folder)
    assert "customers is missing: deliver customers.parquet or customers.csv" in str(error.value)
    assert "products.csv has no column" in str(error.value)


def test_an_empty_required_table_is_refused(tmp_path):
    folder = deliver(tmp_path / "shop", transactions=HEADING + "\n")
    with pytest.raises(ContractError, match=r"transactions\.csv holds no row: export it again"):
        judge(folder)


def test_an_empty_table_that_is_not_required_is_fine(tmp_path):
    quality = judge(deliver(tmp_path / "shop", stores="store_id,region"), max_quarantined_share=0)
    assert next(t for t in quality.tables if t.table == "stores").read == 0


def test_past_the_tolerated_share_the_old_tables_stay(tmp_path):
    folder = deliver(tmp_path / "shop")
    judge(folder)
    before = rows_of(folder, "tables", "transactions")
    deliver(folder, transactions=TRANSACTIONS.replace("bob,", "eve,"))
    quality = judge(folder, max_quarantined_share=0.2)
    assert not quality.passed
    assert rows_of(folder, "tables", "transactions") == before
    assert len(rows_of(folder, "quarantine", "transactions")) == 1
    with pytest.raises(TooManyQuarantinedError) as error:
        require_passed(quality, tmp_path / "artifacts")
    assert error.value.exit_code == 2
    assert "transactions.csv: 1 of 4 rows (25.0%)" in str(error.value)
    assert "customer_id not in customers (1 rows): deliver the missing rows" in str(error.value)


def test_a_share_is_of_the_rows_of_one_table(tmp_path):
    quality = judge(
        deliver(tmp_path / "shop", products=PRODUCTS + ",x\n"), max_quarantined_share=0.3
    )
    assert [t.table for t in quality.refused] == ["products"]


def test_an_unreadable_encoding_is_named_with_its_place_and_the_fix(tmp_path):
    big5 = CUSTOMERS.replace("ann", "許").encode("cp950")
    with pytest.raises(SourceError) as error:
        judge(deliver(tmp_path / "shop", customers=big5))
    assert "customers.csv is not in utf-8: byte 0xB3 at position 22, in line 2" in str(error.value)
    assert "Save it as UTF-8" in str(error.value)


def test_a_time_on_a_date_only_is_midnight_in_the_business_zone(tmp_path):
    folder = deliver(tmp_path / "shop", transactions=lines("1,A,ann,kettle,2024-03-01,1,30,sale"))
    judge(folder, time_zone="America/New_York")
    (row,) = rows_of(folder, "tables", "transactions")
    assert row["event_time"] == datetime(2024, 3, 1, 5, tzinfo=UTC)


def test_a_moment_falls_on_the_date_that_calendars_in_the_business_zone_show(tmp_path):
    late = "customer_id,joined_on\nann,2023-01-05T20:00:00Z\nbob,2023-01-05\n"
    folder = deliver(tmp_path / "shop", customers=late)
    judge(folder, time_zone="Asia/Taipei")
    joined = {
        row["customer_id"]: row["joined_on"] for row in rows_of(folder, "tables", "customers")
    }
    assert joined == {"ann": date(2023, 1, 6), "bob": date(2023, 1, 5)}


def test_a_time_zone_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(ParamsError, match="Mars is no time zone; write one as Asia/Taipei"):
        judge(deliver(tmp_path / "shop"), time_zone="Mars")


def parquet_delivery(folder, **columns):
    """Deliver transactions as Parquet, with the types that the arrays have."""
    deliver(folder)
    (folder / "transactions.csv").unlink()
    count = len(next(iter(columns.values())))
    table = {
        "line_id": [str(n) for n in range(count)],
        "order_id": ["A"] * count,
        "product_id": ["kettle"] * count,
        "event_time": pa.array([datetime(2024, 3, 1, tzinfo=UTC)] * count),
        "quantity": [1.0] * count,
        "amount": [30.0] * count,
        "kind": ["sale"] * count,
        **columns,
    }
    pq.write_table(pa.table(table), folder / "transactions.parquet", row_group_size=20_000)
    return folder


def test_nan_is_a_missing_value_and_never_stored(tmp_path):
    nan, infinite = float("nan"), float("inf")
    folder = parquet_delivery(
        tmp_path / "shop", amount=[30.0, nan, infinite, 30.0], discount=[nan, 1.0, 1.0, -infinite]
    )
    quality = judge(folder)
    reasons = {(f.column, f.reason[:12]): f.rows for f in quality.tables[-1].findings}
    assert reasons == {
        ("amount", "missing"): 1,
        ("amount", "not a finite"): 1,
        ("discount", "not a finite"): 1,
    }
    (row,) = rows_of(folder, "tables", "transactions")
    assert (row["amount"], row["discount"]) == (30.0, None)


def test_an_id_that_became_a_number_becomes_a_text_again(tmp_path):
    folder = parquet_delivery(tmp_path / "shop", customer_id=[13085.0, None])
    deliver(folder, customers="customer_id,joined_on\n13085,2023-01-01\n")
    (folder / "transactions.csv").unlink()
    assert judge(folder, max_quarantined_share=0).passed
    ids = [row["customer_id"] for row in rows_of(folder, "tables", "transactions")]
    assert ids == ["13085", None]


def test_a_file_exactly_as_declared_is_copied_byte_for_byte(tmp_path):
    folder = deliver(tmp_path / "shop")
    judge(folder)
    again = tmp_path / "again" / "shop"
    again.mkdir(parents=True)
    for table in ("customers", "products", "transactions"):
        made = tmp_path / "artifacts" / "tables" / f"{table}.parquet"
        (again / f"{table}.parquet").write_bytes(made.read_bytes())
    judge(again)
    copied = tmp_path / "again" / "artifacts" / "tables" / "transactions.parquet"
    assert copied.read_bytes() == (again / "transactions.parquet").read_bytes()


def test_an_empty_text_in_a_file_as_declared_becomes_null(tmp_path):
    folder = deliver(tmp_path / "shop")
    judge(folder)
    again = tmp_path / "again" / "shop"
    deliver(again)
    (again / "products.csv").unlink()
    made = pq.read_table(tmp_path / "artifacts" / "tables" / "products.parquet")
    blank = pa.array(["", "x"], pa.string())
    made = made.set_column(made.schema.get_field_index("brand"), "brand", blank)
    pq.write_table(made, again / "products.parquet")
    judge(again)
    assert [row["brand"] for row in rows_of(again, "tables", "products")] == [None, "x"]


def test_a_parquet_file_with_damaged_pages_is_named(tmp_path):
    folder = parquet_delivery(tmp_path / "shop", customer_id=[f"c{n}" for n in range(5000)])
    file = folder / "transactions.parquet"
    content = bytearray(file.read_bytes())
    content[100:40_000] = b"\xff" * 39_900
    file.write_bytes(content)
    with pytest.raises(SourceError, match=r"transactions\.parquet is damaged"):
        judge(folder)


def test_the_report_says_the_same_as_json_and_as_a_page(tmp_path):
    folder = deliver(
        tmp_path / "shop", transactions=TRANSACTIONS + "5,D,mallory<b>,kettle,2024-03-01,1,1,sale\n"
    )
    quality = judge(folder)
    report = tmp_path / "artifacts" / "quality"
    document = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert (document["read"], document["accepted"], document["quarantined"]) == (9, 8, 1)
    page = (report / "report.html").read_text(encoding="utf-8")
    assert "not in customers" in page
    assert "mallory" not in page, "a report names no customer"
    assert "http" not in page, "the page needs no network"
    assert quality.checked_at.startswith(f"{NOW:%Y-%m-%d}")


def test_rows_stay_in_the_order_in_which_they_were_delivered(tmp_path):
    count = 400_000  # twenty row groups, which several threads share
    numbers = [str(n) for n in range(count)]
    amounts = [-1.0 if n % 1000 == 7 else 1.0 for n in range(count)]
    folder = parquet_delivery(tmp_path / "shop", line_id=numbers, amount=amounts)
    judge(folder)
    tables = tmp_path / "artifacts" / "tables" / "transactions.parquet"
    kept = [int(line) for line in pq.read_table(tables)["line_id"].to_pylist()]
    refused = [row["_row"] for row in rows_of(folder, "quarantine", "transactions")]
    assert kept == [n for n in range(count) if n % 1000 != 7]
    assert refused == [n + 1 for n in range(count) if n % 1000 == 7]


def test_every_table_can_be_sifted(tmp_path):
    """Declarations of all tables turn into checks that run, on a row that breaks them all."""
    rows = {}
    for table in TABLES:
        if not table.required:
            names = list(table.schema())
            rows[table.table_name] = ",".join(names) + "\n" + ",".join("?" for _ in names) + "\n"
    quality = judge(deliver(tmp_path / "shop", **rows))
    assert len(quality.tables) == len(TABLES)
    assert all(t.read == t.accepted + t.quarantined for t in quality.tables)
