"""Facts that come in several files: only new files are sifted, and nobody could tell."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from killed import KILLABLE

from pipeline.ingest import ingest
from pipeline.quality import Quality
from pipeline.sifted_parts import SIFTED
from pipeline.validate import validate

NOW = datetime(2026, 10, 3, tzinfo=UTC)

#: Lines 0 to 9 are of the first month, 10 to 19 of the second, and so on; c9 is no customer.
LINES = """
  SELECT 'l' || n AS line_id, 'o' || n // 2 AS order_id, 'c' || n % 10 AS customer_id,
    'p' || n % 3 AS product_id, TIMESTAMPTZ '2026-06-01 12:00+00' + to_days(CAST(n AS INTEGER))
    AS event_time, 1.0 AS quantity, n / 7 AS amount, 'sale' AS kind FROM range({0}, {1}) AS t(n)
"""
JUNE, JULY, AUGUST = (LINES.format(10 * n, 10 * n + 10) for n in range(3))
NEXT_YEAR = f"SELECT * REPLACE (event_time + INTERVAL 365 DAY AS event_time) FROM ({AUGUST})"
SHOP = {"1": JUNE, "2": JULY, "3": AUGUST}
CUSTOMERS = tuple(range(9))


class Taken(NamedTuple):
    """What came of a delivery: the report, the rows, and which file of the disk holds them."""

    quality: Quality
    rows: dict[str, list[dict]]
    files: list[int]


def deliver(folder, files, customers=CUSTOMERS):
    """Write a delivery: customers and products as one file each, receipts as several."""
    (folder / "transactions").mkdir(parents=True)
    ids = "".join(f"c{n},2025-01-01\n" for n in customers)
    (folder / "customers.csv").write_text(f"customer_id,joined_on\n{ids}")
    (folder / "products.csv").write_text("product_id,name\np0,A\np1,B\np2,C\n")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, select in files.items():
            connection.sql(select).to_parquet(str(folder / "transactions" / f"{name}.parquet"))
    return folder


def take(delivery, to, *, memory=None, now=NOW):
    """Validate a delivery, with or without what is kept of an earlier one."""
    ingest(str(delivery), to / "ingested")
    quality = validate(
        to / "ingested",
        to,
        time_zone="Asia/Taipei",
        now=now,
        max_quarantined_share=1,
        memory=memory,
    )
    read = {
        str(path.relative_to(to)): pq.read_table(path).to_pylist()
        for step in ("tables", "quarantine")
        for path in sorted((to / step).rglob("*.parquet"))
        if path.is_file()
    }
    parts = sorted((to / "tables" / "transactions.parquet").glob("*"))
    return Taken(quality, read, [path.stat().st_ino for path in parts])


def twice(folder, before, after, *, now=NOW, **shops):
    """Take two deliveries after one another, and the second alone; return all three."""
    memory = folder / SIFTED
    first = take(deliver(folder / "a", before, *shops.get("first", ())), folder, memory=memory)
    delivery = deliver(folder / "b", after, *shops.get("second", ()))
    (folder / "fresh").mkdir()
    return (
        first,
        take(delivery, folder, memory=memory, now=now),
        take(delivery, folder / "fresh", now=now),
    )


def test_a_new_day_is_sifted_alone(tmp_path):
    first, second, fresh = twice(tmp_path, {"1": JUNE, "2": JULY}, SHOP)
    assert second.files[:2] == first.files
    assert second.rows == fresh.rows
    assert second.quality == fresh.quality
    assert [second.quality.tables[-1].read, second.quality.tables[-1].accepted] == [30, 27]


LATE = (
    "SELECT 'late' || line_id AS line_id, * EXCLUDE line_id, "
    f"event_time + INTERVAL 30 DAY AS available_time FROM ({JUNE})"
)
CONFLICT = f"SELECT * REPLACE (amount + 1 AS amount) FROM ({JULY})"
RENAMED = f"SELECT * RENAME (product_id AS article) FROM ({LATE})"
OTHER_TYPES = f"SELECT * REPLACE (CAST(amount AS VARCHAR) AS amount, 7 AS order_id) FROM ({AUGUST})"
AFTER = {
    "a late day": {**SHOP, "4": LATE},
    "a file again, under a later name": {**SHOP, "4": JUNE},
    "a file again, under an earlier name": {"0": AUGUST, **SHOP},
    "the same keys with other values": {**SHOP, "4": CONFLICT},
    "a file less": {"1": JUNE, "3": AUGUST},
    "another file under the same name": {**SHOP, "2": CONFLICT},
    "a renamed column": {**SHOP, "4": RENAMED},
    "other types": {**SHOP, "3": OTHER_TYPES},
    "next year's dates": {**SHOP, "4": NEXT_YEAR},
    "a file without a row": {**SHOP, "4": f"FROM ({AUGUST}) LIMIT 0"},
}  # fmt: skip


DEFAULT = {"a file again, under an earlier name", "the same keys with other values"}


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(after, marks=() if name in DEFAULT else pytest.mark.nightly)
        for name, after in AFTER.items()
    ],
    ids=AFTER,
)
def test_what_came_of_two_deliveries_is_what_comes_of_the_second(tmp_path, after):
    _, second, fresh = twice(tmp_path, SHOP, after)
    assert second.rows == fresh.rows
    assert second.quality == fresh.quality


def test_of_a_file_that_came_twice_the_second_copy_is_set_aside_as_long_as_it_comes(tmp_path):
    doubled = {**SHOP, "4": JUNE}
    _, second, fresh = twice(tmp_path, doubled, doubled)
    assert second.rows == fresh.rows
    (row, *_), receipts = second.rows["quarantine/transactions.parquet"], second.quality.tables[-1]
    assert [one.rows for one in receipts.findings if "exact copy" in one.reason] == [9]
    assert receipts.accepted == 27
    assert (row["_file"], row["_row"]) == ("1.parquet", 10)
    assert row["_reasons"] == "customer_id: not in customers"


def test_receipts_of_a_customer_who_was_missing_are_taken_in_once_the_customer_comes(tmp_path):
    first, second, fresh = twice(tmp_path, SHOP, SHOP, second=(range(10),))
    assert [one.quality.tables[-1].accepted for one in (first, second)] == [27, 30]
    assert second.rows == fresh.rows


@pytest.mark.nightly
def test_receipts_of_a_customer_who_is_gone_are_set_aside(tmp_path):
    first, second, fresh = twice(tmp_path, SHOP, SHOP, second=(range(1, 9),))
    assert [one.quality.tables[-1].accepted for one in (first, second)] == [27, 24]
    assert second.rows == fresh.rows


@pytest.mark.nightly
def test_a_customer_more_leaves_files_that_name_nobody_missing_alone(tmp_path):
    without = {name: f"FROM ({select}) WHERE customer_id <> 'c9'" for name, select in SHOP.items()}
    first, second, fresh = twice(tmp_path, without, without, second=(range(10),))
    assert second.files == first.files
    assert second.rows == fresh.rows


@pytest.mark.nightly
def test_rows_of_the_future_are_taken_in_once_their_day_has_come(tmp_path):
    shop = {**SHOP, "4": NEXT_YEAR.replace("'l'", "'m'")}
    later = NOW + timedelta(days=365)
    first, second, fresh = twice(tmp_path, shop, shop, now=later)
    assert first.quality.tables[-1].accepted < second.quality.tables[-1].accepted
    assert second.rows == fresh.rows
    assert second.quality == fresh.quality


def test_a_damaged_memory_is_not_believed(tmp_path):
    first = take(deliver(tmp_path / "a", SHOP), tmp_path, memory=tmp_path / SIFTED)
    for path in (tmp_path / SIFTED / "transactions").glob("*/keys.npy"):
        path.write_bytes(b"nothing")
    second = take(tmp_path / "a", tmp_path, memory=tmp_path / SIFTED)
    assert second.files != first.files
    assert second.rows == first.rows


VALIDATE = """
import sys
from datetime import datetime
from pathlib import Path
from pipeline.validate import validate
folder, now = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
given = {"time_zone": "Asia/Taipei", "now": now, "max_quarantined_share": 1}
validate(folder / "ingested", folder, **given, memory=folder / "sifted")
"""
#: A file is sifted but not kept; all are, but not compared; all is done but the tables' name.
MOMENTS = {
    "before a file is kept": r"os.rename \S*sifted/transactions/\.partial-",
    "before files are compared": r"os.rename \S*sifted/transactions/\S*covered.json ",
    "before the tables are there": r"os.rename \S*\.partial-\S*-tables ",
}


@pytest.mark.parametrize(
    "moment",
    [pytest.param(one, marks=() if n == 1 else pytest.mark.nightly)
     for n, one in enumerate(MOMENTS.values())],
    ids=MOMENTS,
)  # fmt: skip
def test_a_kill_leaves_nothing_that_the_next_validation_would_believe(tmp_path, moment):
    take(deliver(tmp_path / "a", SHOP), tmp_path, memory=tmp_path / SIFTED)
    delivery = deliver(tmp_path / "b", {**SHOP, "4": JUNE})
    ingest(str(delivery), tmp_path / "ingested")
    path = os.pathsep.join([str(KILLABLE), *filter(None, [os.environ.get("PYTHONPATH")])])
    killed = subprocess.run(
        [sys.executable, "-c", VALIDATE, str(tmp_path), NOW.isoformat()],
        env={**os.environ, "PYTHONPATH": path, "SHORTLIST_KILL_AT": moment},
        start_new_session=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    (tmp_path / "fresh").mkdir()
    again = take(delivery, tmp_path, memory=tmp_path / SIFTED)
    assert again.rows == take(delivery, tmp_path / "fresh").rows
    assert not list((tmp_path / SIFTED).rglob(".partial-*"))


days = st.dictionaries(
    st.sampled_from("12345"),
    st.tuples(st.integers(0, 20), st.integers(1, 12)).map(lambda n: (n[0], n[0] + n[1])),
    min_size=2,
)


@pytest.mark.nightly
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller example takes minutes
)
@given(st.lists(days, min_size=2, max_size=4))
def test_whatever_is_delivered_day_by_day_the_last_delivery_alone_gives_the_same(
    tmp_path_factory, deliveries
):
    folder = tmp_path_factory.mktemp("shop")
    for number, files in enumerate(deliveries):
        named = {name: LINES.format(*lines) for name, lines in files.items()}
        delivery = deliver(folder / str(number), named)
        last = take(delivery, folder, memory=folder / SIFTED)
    (folder / "fresh").mkdir()
    fresh = take(delivery, folder / "fresh")
    assert last.rows == fresh.rows
    assert last.quality == fresh.quality
