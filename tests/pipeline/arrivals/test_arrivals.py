"""Newly arrived data beside those of the last run: taken in, or refused and nothing touched."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.arrivals.compare import clock_shift, compare
from pipeline.arrivals.profile import Profile, profile
from pipeline.params import ArrivalLimits
from pipeline.quality import Quality
from pipeline.validate import TooManyQuarantinedError, require_passed, validate_source

NEWEST, NOW = date(2026, 9, 30), datetime(2026, 10, 3, tzinfo=UTC)

#: A hundred days of 100 receipts, most of them around noon and in the evening, and one day more.
DAYS = """
  SELECT d * 1000 + r AS line_id, d * 1000 + r AS order_id, 'c' || r % 50 AS customer_id,
    'p' || r % 7 AS product_id, 's' || r % 4 AS store_id,
    timezone('Asia/Taipei', TIMESTAMP '2026-09-30' - to_days(99 - d)
      + to_minutes(CAST([605, 660, 720, 725, 730, 790, 840, 1080, 1085, 1140][r % 10 + 1]
        + r % 7 AS BIGINT))) AS event_time,
    1 AS quantity, 10.0 AS amount, 0.0 AS discount, ['store', 'web'][r % 2 + 1] AS channel,
    'sale' AS kind
  FROM range(101) AS days(d), range(100) AS receipts(r)
"""


class Delivery(NamedTuple):
    """A folder of tables in which transactions come in files, one more a day."""

    folder: Path

    @property
    def lines(self) -> Path:
        return self.folder / "transactions"

    def put(self, select: str, name: str = "2026-10-01") -> "Delivery":
        """Add a file of receipts: `day` is the new day, `known` are the days before."""
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"CREATE VIEW everything AS {DAYS}")
            connection.execute("CREATE VIEW day AS FROM everything WHERE line_id >= 100000")
            connection.execute("CREATE VIEW known AS FROM everything WHERE line_id < 100000")
            connection.sql(select).to_parquet(str(self.lines / f"{name}.parquet"))
        return self


class Taken(NamedTuple):
    """What came of a delivery: the report, the profile, and the accepted rows."""

    quality: Quality
    profile: Profile
    tables: Path

    def lines(self) -> set[str]:
        ids = pq.read_table(self.tables / "transactions.parquet", columns=["line_id"])
        return set(ids["line_id"].to_pylist())


@pytest.fixture(scope="module")
def until_september(tmp_path_factory):
    """What was known on the last day of September, as delivered and as taken in."""
    delivery = Delivery(tmp_path_factory.mktemp("september") / "shop")
    delivery.lines.mkdir(parents=True)
    (delivery.folder / "customers.csv").write_text(
        "customer_id,joined_on\n" + "".join(f"c{n},2025-01-01\n" for n in range(50))
    )
    (delivery.folder / "products.csv").write_text(
        "product_id,name,category\n" + "".join(f"p{n},P,tea\n" for n in range(7))
    )
    delivery.put("FROM known", "until-september")
    return delivery, take(delivery)


@pytest.fixture
def shop(until_september, tmp_path):
    return Delivery(shutil.copytree(until_september[0].folder, tmp_path / "shop"))


@pytest.fixture
def september(until_september):
    return until_september[1]


def take(shop, *, since=None, now=NOW):
    to = shop.folder.parent / f"taken-{len(list(shop.folder.parent.iterdir()))}"
    quality = validate_source(
        str(shop.folder),
        to,
        project=shop.folder.parent,
        now=now,
        time_zone="Asia/Taipei",
        max_quarantined_share=0.02,
    )
    require_passed(quality, to)
    known = since.profile if since else None
    found = profile(to / "tables", time_zone="Asia/Taipei", quality=quality, since=known)
    return Taken(quality, found, to / "tables")


def findings(now, before):
    return list(compare(now.profile, before.profile, ArrivalLimits()))


def test_a_new_day_is_appended(shop, september):
    october = take(shop.put("FROM day"), since=september)
    assert findings(october, september) == []
    assert len(october.lines() - september.lines()) == 100
    assert october.profile.span().last == date(2026, 10, 1)


def test_late_rows_are_merged_and_known_from_the_day_they_came(shop, september):
    late = (
        "FROM day UNION ALL BY NAME SELECT * REPLACE (line_id + 900000 AS line_id), "
        "timezone('Asia/Taipei', TIMESTAMP '2026-10-01 02:00') AS available_time "
        "FROM known WHERE line_id BETWEEN 90000 AND 90004"
    )
    october = take(shop.put(late), since=september)
    assert findings(october, september) == []
    rows = pq.read_table(october.tables / "transactions.parquet").to_pylist()
    came = [row for row in rows if int(row["line_id"]) > 900000]
    assert {row["available_time"].date() for row in came} == {NEWEST}  # 18:00 in UTC
    assert {row["event_time"].date() for row in came} == {NEWEST - timedelta(days=9)}


def test_a_day_that_is_delivered_twice_is_taken_in_once(shop, september):
    october = take(shop.put("FROM day").put("FROM day", "2026-10-01-again"), since=september)
    assert findings(october, september) == []
    assert len(october.lines() - september.lines()) == 100
    assert october.quality.tables[-1].quarantined == 100


REFUSED = {
    "a renamed column": (
        "SELECT * EXCLUDE channel, channel AS sold_through FROM day",
        "`channel` is empty in 100.0% of the new rows",
    ),
    "a renamed column that has to be there": (
        "SELECT * EXCLUDE product_id, product_id AS article FROM day",
        "100 of about 100 new rows (100.0%) break the contract",
    ),
    "a shrunken day": ("FROM day LIMIT 20", "20 rows in the 1 days from 2026-09-30 on are 0.20"),
    "a clock an hour off": (
        "SELECT * REPLACE (event_time + INTERVAL 1 HOUR AS event_time) FROM day",
        "receipts of the new days come 1 h too late",
    ),
    "next year's dates": (
        "SELECT * REPLACE (event_time + INTERVAL 1 YEAR AS event_time) FROM day",
        "100 of about 100 new rows (100.0%) break the contract",
    ),
    "values that nobody knew": (
        "SELECT * REPLACE ('kiosk' AS channel) FROM day",
        "`channel` holds values in 100.0% of the new rows that the last run did not know (kiosk)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_new_day_is_refused_with(shop, september, case):
    select, message = REFUSED[case]
    october = take(shop.put(select), since=september)
    assert any(message in one for one in findings(october, september)), findings(october, september)


def test_a_day_of_next_year_is_refused_once_that_year_has_come(shop, september):
    later = "SELECT * REPLACE (event_time + INTERVAL 1 YEAR AS event_time) FROM day"
    october = take(shop.put(later), since=september, now=NOW + timedelta(days=400))
    assert any("in the 366 days from 2026-09-30" in one for one in findings(october, september))


def test_four_days_in_the_place_of_one_are_refused(shop, september):
    copies = "FROM day, range(4) AS copies(n)"
    select = f"SELECT * EXCLUDE n REPLACE (line_id + 1000 * n AS line_id) {copies}"
    october = take(shop.put(select), since=september)
    assert any("4.00 times what is usual a day" in one for one in findings(october, september))


def test_a_shrunken_history_is_refused(shop, september):
    october = take(
        shop.put("FROM day").put("FROM known WHERE line_id % 10 < 9", "until-september"),
        since=september,
    )
    assert any("of the 10,000 of last time" in one for one in findings(october, september))


def test_receipts_that_grew_too_old_are_not_missed_when_the_limit_moves(shop, september):
    october = take(
        shop.put("FROM day").put("FROM known WHERE line_id % 10 < 9", "until-september"),
        since=september,
    )
    moved = {"kept_since": date(2025, 10, 1), "past_retention": 1000}
    older, now = (one.profile.tables["transactions"] for one in (september, october))
    now = now.model_copy(update=moved)
    limits = ArrivalLimits(fewest_rows=0.98)

    def missed(then):
        both = (Profile(tables={"transactions": one}) for one in (now, then))
        return [one for one in compare(*both, limits) if "of last time (" in one]

    assert missed(older) == []
    assert missed(older.model_copy(update={"past_retention": 600})) != []
    assert missed(older.model_copy(update={"kept_since": moved["kept_since"]})) != []


def test_a_history_that_is_delivered_twice_breaks_the_contract(shop):
    with pytest.raises(TooManyQuarantinedError, match=r"\(50.0%\) break the contract"):
        take(shop.put("FROM known", "again"))


def test_a_history_whose_clock_was_moved_is_refused(shop, september):
    moved = "SELECT * REPLACE (event_time - INTERVAL 1 HOUR AS event_time) FROM known"
    october = take(shop.put(moved, "until-september"), since=september)
    assert any("of the known days come 1 h too early" in x for x in findings(october, september))


def test_a_table_that_is_gone_is_refused(september):
    tables = september.profile.tables
    gone = Profile(tables={name: one for name, one in tables.items() if name != "products"})
    (said,) = compare(gone, september.profile, ArrivalLimits())
    assert said == "products was delivered last time (7 rows) and is not there now"


def test_a_slow_hour_of_few_receipts_is_not_taken_for_the_clock():
    usual = [[0] * 9 + [9, 11, 12, 12, 11, 10, 9, 10, 12, 13, 9] + [0] * 4] * 7
    one_day = [[0] * 9 + [5, 9, 8, 10, 9, 7, 8, 6, 9, 10, 9] + [0] * 4] + [[0] * 24] * 6
    assert clock_shift(one_day, usual, ArrivalLimits()) == 0


def test_a_column_that_is_empty_in_some_weeks_may_be_empty_in_a_new_one(shop, until_september):
    """Contacts hold a campaign only while there is one."""
    in_odd_weeks = "CASE WHEN week(event_time) % 2 = 1 THEN channel END AS channel"
    shop.put(f"SELECT * REPLACE ({in_odd_weeks}) FROM known", "until-september")
    september = take(shop)
    october = take(shop.put("SELECT * REPLACE (NULL AS channel) FROM day"), since=september)
    assert findings(october, september) == []
