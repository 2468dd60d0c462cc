"""A retailer's own names, codes and formats become ours, and what does not fit stays visible."""

from datetime import UTC, date, datetime

import pytest
import yaml
from deliveries import judge, rows_of

from pipeline.sources.about import describe
from pipeline.sources.mapping import Mapping, MappingError, read_mapping
from pipeline.sources.retailer import import_tables
from pipeline.sources.suggest import suggest

MEMBERS = "MEMBER_NO;REG;SEX\n1;20230105;M\n2;20230210;F\n"
ITEMS = "SKU;DESCRIPTION\nk1;Kettle\n"
LINES = (
    "ORD;LINE;CUST_NO;SKU;TXN_DATE;QTY;NET_AMT\n"
    "A;1;1;k1;01.03.2024 10:00;1;1.234,50\n"
    "A;2;-;k1;01.03.2024 10:00;2;60\n"
    "B;1;2;k1;02.03.2024 23:30;-1;-30\n"
)
MAP = """
title: Kettles and more
time_zone: Asia/Taipei
currency: TWD
decimal: ","
missing: ["-"]
tables:
  customers:
    from: members
    columns:
      customer_id: MEMBER_NO
      joined_on: {from: REG, format: "%Y%m%d"}
      gender: {from: SEX, values: {M: male, F: female}}
      language: {constant: zh-TW}
  products: {from: items.csv, columns: {product_id: SKU, name: DESCRIPTION}}
  transactions:
    from: lines
    columns:
      line_id: [ORD, LINE]
      order_id: ORD
      customer_id: CUST_NO
      product_id: SKU
      event_time: {from: TXN_DATE, format: "%d.%m.%Y %H:%M"}
      quantity: QTY
      amount: NET_AMT
      kind: {sign_of: QTY}
"""


def export(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, text in {"members": MEMBERS, "items": ITEMS, "lines": LINES, **files}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def mapping_of(folder, text):
    (folder / "map.yaml").write_text(text, encoding="utf-8")
    return read_mapping(folder / "map.yaml")


def imported(tmp_path, text=MAP, **files):
    folder = export(tmp_path / "export", **files)
    import_tables(str(folder), mapping_of(tmp_path, text), tmp_path / "shop")
    return tmp_path / "shop"


def test_a_mapped_export_passes_validation(tmp_path):
    shop = imported(tmp_path)
    quality = judge(shop, time_zone="Asia/Taipei", max_quarantined_share=0)
    assert quality.passed
    first, second, third = rows_of(shop, "tables", "transactions")
    assert (first["line_id"], first["amount"], first["kind"]) == ("A-1", 1234.5, "sale")
    assert second["customer_id"] is None
    assert (third["kind"], third["quantity"]) == ("return", -1.0)
    assert first["event_time"] == datetime(2024, 3, 1, 2, tzinfo=UTC)
    ann, _ = rows_of(shop, "tables", "customers")
    assert (ann["joined_on"], ann["gender"], ann["language"]) == (date(2023, 1, 5), "male", "zh-TW")


def test_the_import_says_in_which_zone_and_currency_the_data_are(tmp_path):
    assert describe(str(imported(tmp_path))) == {"time_zone": "Asia/Taipei", "currency": "TWD"}


def test_what_does_not_fit_is_quarantined_under_the_retailers_file_and_row(tmp_path):
    shop = imported(
        tmp_path,
        lines=LINES.replace("02.03.2024", "31.02.2024"),
        members=MEMBERS + "3;yesterday;F\n4\n",
    )
    judge(shop)
    (line,) = rows_of(shop, "quarantine", "transactions")
    assert (line["_file"], line["_row"], line["event_time"]) == ("lines.csv", 4, "31.02.2024 23:30")
    member, cut = rows_of(shop, "quarantine", "customers")
    assert (member["_row"], member["joined_on"]) == (4, "yesterday")
    assert (cut["_row"], cut["_text"]) == (5, "4")


@pytest.mark.parametrize(
    ("form", "value", "moment"),
    [
        (None, "2024-03-01 10:00:00", datetime(2024, 3, 1, 2, tzinfo=UTC)),
        (None, "2024-03-01T10:00:00Z", datetime(2024, 3, 1, 10, tzinfo=UTC)),
        (None, "2024-03-01", datetime(2024, 2, 29, 16, tzinfo=UTC)),
        ("%Y%m%d%H%M", "202403011000", datetime(2024, 3, 1, 2, tzinfo=UTC)),
        ("epoch_s", "1709287200", datetime(2024, 3, 1, 10, tzinfo=UTC)),
        ("epoch_ms", "1709287200500", datetime(2024, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_the_zone_that_the_mapping_names(tmp_path, form, value, moment):
    how = yaml.safe_load(MAP)
    how["tables"]["transactions"]["columns"]["event_time"] = {"from": "TXN_DATE", "format": form}
    lines = LINES.splitlines()[0] + f"\nA;1;1;k1;{value};1;30\n"
    shop = imported(tmp_path, yaml.safe_dump(how), lines=lines)
    judge(shop, time_zone="Asia/Taipei", max_quarantined_share=0)
    (row,) = rows_of(shop, "tables", "transactions")
    assert row["event_time"] == moment


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "map.yaml, line 1: not valid YAML"),
        (
            "tables: {customer: {from: x, columns: {}}}",
            "no table customer. Did you mean customers?",
        ),
        ("tables: {stores: {from: x, columns: {stor_id: y}}}", "Did you mean store_id?"),
        ("tables: {}\ntime_zone: Mars", "Mars is no time zone; write one as Asia/Taipei"),
        ("tables: {}\nencoding: klingon", "klingon is no encoding"),
        ("tables: {}\ndecimal: x", "decimal"),
        ("tables: {}\ntimezone: UTC", "timezone"),
        (
            "tables: {stores: {from: x, columns: {city: {from: a, constant: b}}}}",
            "give exactly one of `from`, `constant` and `sign_of`",
        ),
        (
            "tables: {stores: {from: members, columns: {store_id: MEMBERNO}}}",
            "members.csv has no column MEMBERNO. Did you mean MEMBER_NO?",
        ),
        ("tables: {stores: {from: membrs, columns: {}}}", "no membrs. Did you mean members?"),
    ],
)
def test_a_mistake_in_the_mapping_is_named_with_its_place(tmp_path, text, message):
    with pytest.raises(MappingError) as error:
        imported(tmp_path, text)
    assert message in str(error.value)


def test_a_draft_maps_what_it_can_and_says_what_it_doubts(tmp_path):
    export(tmp_path / "export", lines=LINES.replace("ORD;LINE", "RECEIPT_NO;LINE_NO"))
    text = suggest(str(tmp_path / "export"))
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    draft = read_mapping(tmp_path / "map.yaml")
    assert {name: table.source for name, table in draft.tables.items()} == {
        "customers": "members",
        "products": "items",
        "transactions": "lines",
    }
    columns = {ours: how.source for ours, how in draft.tables["transactions"].columns.items()}
    assert columns == {
        "line_id": ("LINE_NO",),
        "order_id": ("RECEIPT_NO",),
        "customer_id": ("CUST_NO",),
        "product_id": ("SKU",),
        "event_time": ("TXN_DATE",),
        "quantity": ("QTY",),
        "amount": ("NET_AMT",),
    }
    assert draft.tables["transactions"].columns["event_time"].format == "%d.%m.%Y %H:%M"
    doubts = [line for line in text.splitlines() if "UNSURE" in line]
    assert any("line_id" in line and "its values repeat" in line for line in doubts)
    assert any("kind is required" in line for line in doubts)
    assert any("joined_on is required" in line for line in doubts)


def test_a_draft_of_codes_proposes_a_translation(tmp_path):
    lines = (
        "line_id,order_id,sku,sold_at,qty,amount,type\n"
        "1,A,k1,2024-03-01,1,3,S\n2,A,k1,2024-03-01,-1,-3,R\n"
    )
    text = suggest(str(export(tmp_path / "export", lines=lines)))
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    kind = read_mapping(tmp_path / "map.yaml").tables["transactions"].columns["kind"]
    assert kind.values == {"S": "sale", "R": "return"}
    assert "kind: {from: type" in text


def test_a_draft_of_files_that_are_none_of_ours_is_still_a_mapping(tmp_path):
    (tmp_path / "weather.csv").write_text("day,rain_mm\n2024-03-01,3\n")
    text = suggest(str(tmp_path))
    assert Mapping.model_validate(yaml.safe_load(text)).tables == {}
    assert "weather.csv looks like none of our tables" in text
