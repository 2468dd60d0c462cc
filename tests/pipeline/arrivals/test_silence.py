"""Regions, stores and channels that fall silent while the others go on selling."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.arrivals.silence import newly_silent, silent_groups
from pipeline.engine import engine

FIRST, NEWEST = date(2026, 3, 1), date(2026, 6, 30)
CUSTOMERS = {"ann": "Taipei", "bob": "Tainan", "cho": "Tainan", "dan": "Tainan"}
STORES = {"S1": "North", "S2": "South", "S3": "South"}


def write(folder: Path, *, lines=10, gone="false", until=NEWEST) -> Path:
    """Write a shop where each customer buys so many lines a day, but for what is gone."""
    days = (until - FIRST).days + 1
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        people = ", ".join(f"('{who}', '{region}')" for who, region in CUSTOMERS.items())
        shops = ", ".join(f"('{store}', '{region}')" for store, region in STORES.items())
        for name, select in {
            "customers": "SELECT *, NULL::DATE AS valid_from "
            f"FROM (VALUES {people}) AS people(customer_id, region)",
            "stores": f"FROM (VALUES {shops}) AS shops(store_id, region)",
            "transactions": f"""
                FROM (SELECT customer_id, region, n, DATE '{FIRST}' + d::INTEGER AS day,
                    timezone('Asia/Taipei', day + INTERVAL 12 HOUR) AS event_time,
                    'S' || (n % 3 + 1) AS store_id,
                    CASE WHEN n % 5 = 0 THEN 'web' ELSE 'store' END AS channel
                FROM customers, range({days}) AS days(d), range({lines}) AS lines(n))
                WHERE NOT coalesce({gone}, false)""",
        }.items():
            connection.execute(f"CREATE TABLE {name} AS {select}")
            connection.table(name).to_parquet(str(folder / f"{name}.parquet"))
    return folder


def silent(folder, *, since=NEWEST - timedelta(days=1), newest=NEWEST):
    with engine(folder) as connection:
        return silent_groups(
            connection, folder, time_zone="Asia/Taipei", newest=newest, since=since
        )


def said(folder, before=(), share=0.05):
    return list(newly_silent(silent(folder), before, share=share))


def test_where_everybody_goes_on_selling_nobody_is_silent(tmp_path):
    assert silent(write(tmp_path)) == ()


SINCE_JUNE, LAST_WEEK = "day > DATE '2026-06-02'", "day > DATE '2026-06-23'"
CASES = [
    (f"region = 'Taipei' AND {SINCE_JUNE}", 10, "customers of the region", "Taipei 0 of about 210"),
    (f"store_id = 'S1' AND {SINCE_JUNE}", 10, "stores of the region", "North 0 of about 269"),
    (f"store_id = 'S1' AND {SINCE_JUNE}", 10, "the store", "S1 0 of about 269"),
    (f"channel = 'web' AND {LAST_WEEK}", 25, "the channel", "web 0 of about 112"),
]


@pytest.mark.parametrize(("gone", "lines", "grouping", "told"), CASES)
def test_who_falls_silent_is_named(tmp_path, gone, lines, grouping, told):
    found = said(write(tmp_path, gone=gone, lines=lines))
    assert any(one.startswith(f"{grouping} hardly sold anything: {told} lines") for one in found)


def test_half_of_the_sales_of_all_is_no_silence(tmp_path):
    assert silent(write(tmp_path, gone=f"{SINCE_JUNE} AND hash(day, n) % 2 = 0")) == ()


def test_who_is_always_closed_on_that_weekday_is_not_silent_on_it(tmp_path):
    """The last day is a Tuesday, and Taipei is closed on Tuesdays."""
    closed = "region = 'Taipei' AND isodow(day) = 2"
    assert silent(write(tmp_path, gone=closed, lines=400)) == ()


def test_a_region_that_one_day_lacks_is_named_if_it_sells_enough_a_day(tmp_path):
    gone = f"region = 'Taipei' AND day = DATE '{NEWEST}'"
    (one,) = silent(write(tmp_path, gone=gone, lines=400))
    assert (one.group, one.days, one.found, round(one.share, 2)) == ("Taipei", 1, 0, 0.25)


def test_a_group_of_few_lines_is_not_called_silent(tmp_path):
    assert silent(write(tmp_path, gone=f"region = 'Taipei' AND {LAST_WEEK}")) == ()


def test_who_was_silent_when_the_last_data_were_accepted_is_not_told_again(tmp_path):
    folder = write(tmp_path, gone=f"region = 'Taipei' AND {SINCE_JUNE}")
    assert said(folder)
    assert said(folder, before=silent(folder)) == []


def test_groups_that_sell_little_of_all_may_fall_silent(tmp_path):
    folder = write(tmp_path, gone=f"region = 'Taipei' AND {SINCE_JUNE}")
    assert said(folder, share=0.3) == []
    assert "They sold 25.0% of all lines before" in said(folder, share=0.25)[0]


def test_without_stores_and_regions_nobody_is_silent(tmp_path):
    folder = write(tmp_path, gone=f"region = 'Taipei' AND {SINCE_JUNE}")
    (folder / "stores.parquet").unlink()
    with duckdb.connect() as connection:
        people = connection.read_parquet(str(folder / "customers.parquet")).fetchall()
        names = ", ".join(f"('{who}')" for who, *_ in people)
        connection.sql(
            "SELECT *, NULL::VARCHAR AS region, NULL::DATE AS valid_from "
            f"FROM (VALUES {names}) AS people(customer_id)"
        ).to_parquet(str(folder / "customers.parquet"))
    assert silent(folder) == ()


def test_a_history_of_a_few_days_says_nothing_of_what_is_usual(tmp_path):
    until = FIRST + timedelta(days=20)
    gone = f"region = 'Taipei' AND day > DATE '{FIRST}'"
    assert silent(write(tmp_path, gone=gone, until=until, lines=400), newest=until) == ()
