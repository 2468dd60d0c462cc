"""Wall clocks by sum and by calendar show the same."""

from datetime import UTC, datetime, timedelta

import ibis
import pyarrow as pa
import pytest

from pipeline.duck import wall_clock_of
from pipeline.zones import SINCE, UNTIL, fixed_offset, wall_clock

#: Summer time of 1979 in Taipei, the edges of what is counted with, and an odd microsecond.
MOMENTS = [
    datetime(1979, 8, 1, 16, tzinfo=UTC),
    *(edge + timedelta(microseconds=n) for edge in (SINCE, UNTIL) for n in (-1, 0, 1)),
    datetime(2024, 5, 31, 15, 59, 59, 999999, tzinfo=UTC),
    datetime(2024, 5, 31, 16, tzinfo=UTC),
]


@pytest.mark.parametrize(
    "zone", ["Asia/Taipei", "UTC", "Asia/Kolkata", "Europe/London", "America/New_York"]
)
def test_clocks_show_the_same_whether_added_up_or_looked_up(zone):
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    times = ibis.memtable(pa.table({"at": pa.array(MOMENTS, pa.timestamp("us", "UTC"))}))
    shown = times.select(
        ours=wall_clock(zone, times.at).cast("string"),
        theirs=wall_clock_of(zone, times.at.cast("timestamp('UTC')")).cast("string"),
    )
    found = connection.to_pyarrow(shown).to_pydict()
    assert found["ours"] == found["theirs"]


def test_a_zone_that_changes_its_clocks_has_no_fixed_offset():
    assert fixed_offset("Africa/Casablanca") is None
    assert fixed_offset("Asia/Kolkata") == timedelta(hours=5, minutes=30)
