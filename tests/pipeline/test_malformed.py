"""Whatever a file holds: no traceback, and every row is accepted or quarantined and counted.

The corpus holds 70 values in each of three columns, 31 files and 23 types of columns. Hypothesis
adds bytes, lines and mutilated Parquet of its own.
"""

import io
import random
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sieving import bench

from features.table import Column, Table
from features.tables import Stores, Transactions
from pipeline.requirements import ContractError
from pipeline.sources.definition import SourceError

NUMBERS = """
NaN nan inf -inf Infinity -Infinity 1e400 -1e400 1e308 1e-400 0x10 0b1 1_000 1,000 1.000,50
12.50€ $12 12% ٣ \uff11\uff12 ½ -- 1-2 1e 1e+ . - + 1.2.3 0/0 #DIV/0! #N/A TRUE abc 😀 1e999999
99999999999999999999999999999999 -0 '1' (5)
"""
DATES = """
2023-02-29 2024-02-30 2024-13-01 2024-00-10 2024-1-1 24-01-01 01/02/2024 2024/02/29 20240229
0001-01-01 9999-12-31 10000-01-01 -0001-01-01 infinity -infinity epoch now today
2024-02-29T25:00:00Z 2024-02-29T10:00:60Z 2024-02-29T10:00:00+99 2024-02-29T10:00:00
2024-02-29T10:00:00Z 1709200000 1970-01-01 1582-10-10 2024-02-29T10:00:00.123456789Z
2024-W09-4 29.02.2024 Feb-29-2024
"""
VALUES = [*NUMBERS.split(), *DATES.split()]


@pytest.fixture(scope="module")
def sieve(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("bench")) as made:
        yield made


def complaint(sieve, content, suffix):
    """Return what is said of a file, or its name if its rows were counted."""
    try:
        return sieve.sift(content, Stores, suffix=suffix).origin
    except (SourceError, ContractError) as error:
        return str(error)


def with_value(column, value):
    """Return a sound receipt line but for one value, as the cells of a CSV."""
    sound = {
        "line_id": "1",
        "order_id": "A",
        "product_id": "kettle",
        "event_time": "2024-03-01T10:00:00Z",
        "quantity": "1",
        "amount": "30",
        "kind": "sale",
    }
    return ",".join(
        '"' + cell.replace('"', '""') + '"' for cell in {**sound, column: value}.values()
    )


HEADING = "line_id,order_id,product_id,event_time,quantity,amount,kind"


@pytest.mark.parametrize(
    ("column", "sound"),
    [
        ("quantity", {"1_000", "20240229", "1709200000"}),
        ("amount", {"1_000", "1e-400", "-0", "20240229", "1709200000"}),
        (
            "event_time",
            {
                "2024-1-1",
                "2024/02/29",
                "1970-01-01",
                "2024-02-29T10:00:00",
                "2024-02-29T10:00:00Z",
                "2024-02-29T10:00:00.123456789Z",
            },
        ),
    ],
)
def test_a_value_is_read_or_its_row_is_set_aside(sieve, column, sound):
    lines = [with_value(column, value) for value in VALUES]
    numbered = [line.replace('"1"', f'"{n}"', 1) for n, line in enumerate(lines)]
    quality = sieve.sift("\n".join([HEADING, *numbered, ""]).encode(), Transactions)
    kept = (
        pq.read_table(sieve.folder / "tables" / "transactions.parquet")
        .column("line_id")
        .to_pylist()
    )
    assert {VALUES[int(line)] for line in kept} == sound
    assert quality.read == len(VALUES)


FILES = {
    "zero bytes": b"",
    "a byte order mark alone": b"\xef\xbb\xbf",
    "one line end": b"\n",
    "bytes of value 0": b"\0" * 1000,
    "UTF-16 without a mark": "store_id\ns1\n".encode("utf-16-le"),
    "UTF-32": "store_id\ns1\n".encode("utf-32"),
    "Latin-1": "store_id,city\ns1,Zürich\n".encode("latin-1"),
    "Big5": "store_id,city\ns1,臺北\n".encode("cp950"),
    "a cut UTF-8 sequence": "store_id,city\ns1,臺".encode()[:-1],
    "a surrogate": b"store_id\n\xed\xa0\x80\n",
    "no heading": b"s1,Taipei\ns2,Tainan\n",
    "a column twice": b"store_id,city,city\ns1,a,b\n",
    "a heading with an open quote": b'"store_id,city\ns1,a\n',
    "a spreadsheet under a wrong name": b"PK\x03\x04 this is a zip\n",
    "a web page": b"<!doctype html><html><body>Please log in</body></html>",
    "JSON": b'[{"store_id": "s1"}]',
    "an error message": b"ORA-00942: table or view does not exist\n",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_that_is_no_table_is_one_clear_error(sieve, content):
    with pytest.raises((SourceError, ContractError)) as error:
        sieve.sift(content, Stores)
    assert str(error.value).startswith("stores.csv")
    assert len(str(error.value).splitlines()) == 1


ODD = {
    "a cell of 10 MB": (b"store_id,city\ns1," + b"x" * 10_000_000 + b"\ns2,b\n", 2),
    "an emoji and a flag": ("store_id,city\n🏪,🇹🇼\n".encode(), 1),
    "quotes within quotes": (b'store_id,city\ns1,"say ""hi"""\n', 1),
    "a quote within a word": (b'store_id,city\ns1,5" screen\n', 1),
    "line breaks within cells": (b'store_id,city\n"s\n1","a\r\nb"\n', 1),
    "a delimiter too many": (b"store_id,city\ns1,a,\ns2,b\n", 2),
    "mixed line ends": (b"store_id,city\ns1,a\r\ns2,b\ns3,c\r\n", 3),
    "lines of delimiters alone": (b"store_id,city\n,\n,\n,\n", 3),
    "a quote that is never closed": (b'store_id,city\ns1,a\n"s2,b\ns3,c\n', 2),
    "a byte of value 0 in a cell": (b"store_id,city\ns\x001,a\n", 1),
    "a byte order mark in the middle": ("store_id,city\n\ufeffs1,a\n".encode(), 1),
    "right to left": ("store_id,city\n\u05de\u05d7\u05e1\u05df,عمان\n".encode(), 1),
    "a thousand columns": (
        (
            "store_id," + ",".join(f"c{n}" for n in range(1000)) + "\ns1" + "," * 1000 + "\n"
        ).encode(),
        1,
    ),
    "names that SQL would read": (b'store_id,"a"" OR 1=1 --"\n\' OR 1=1 --,b\n', 1),
}


@pytest.mark.parametrize(("content", "rows"), ODD.values(), ids=ODD)
def test_an_odd_file_is_read_and_every_row_counted(sieve, content, rows):
    assert sieve.sift(content, Stores).read == rows


def as_parquet(**columns):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


class Everything(Table):
    """A column of every kind."""

    key = ("text",)
    text = Column(kind="text", nullable=True, description="A text.")
    integer = Column(kind="integer", nullable=True, description="A whole number.", minimum=0)
    number = Column(kind="number", nullable=True, description="A number.", maximum=100)
    money = Column(kind="money", nullable=True, description="An amount.")
    flag = Column(kind="flag", nullable=True, description="Yes or no.")
    date = Column(kind="date", nullable=True, description="A day.", planned=True)
    time = Column(kind="time", nullable=True, description="A moment.")
    choice = Column(kind="text", nullable=True, description="A choice.", choices=("a", "b"))


HUGE, TINY = 2**63 - 1, -(2**63) + 1
ARRAYS = {
    "nothing": pa.nulls(4),
    "flags": pa.array([True, False, None, True]),
    "bytes": pa.array([b"\xff", b"", None, b"a"]),
    "unsigned": pa.array([2**64 - 1, 0, None, 5], pa.uint64()),
    "integers": pa.array([HUGE, TINY, None, 5]),
    "half floats": pa.array([1, 2, None, 3], pa.float16()),
    "floats": pa.array([float("nan"), float("inf"), None, 3e38], pa.float32()),
    "doubles": pa.array([1e308, float("-inf"), None, float("nan")]),
    "decimals": pa.array(
        [Decimal("1.5"), None, Decimal("-9e30"), Decimal(0)], pa.decimal128(38, 1)
    ),
    "wide decimals": pa.array([Decimal(10) ** 60, None], pa.decimal256(70, 1)).take([0, 1, 0, 1]),
    "dates": pa.array([date(1, 1, 1), date(9999, 12, 31), None, date(2024, 2, 29)]),
    "days": pa.array([-(2**31), 2**31 - 1, None, 0], pa.int32()).cast(pa.date32()),
    "seconds": pa.array([0, -(10**11), None, 2**40], pa.timestamp("s")),
    "microseconds": pa.array([HUGE, TINY, None, 1], pa.timestamp("us")),
    "nanoseconds": pa.array([HUGE, TINY, None, 1], pa.timestamp("ns")),
    "moments": pa.array([HUGE, TINY, None, 1], pa.timestamp("us", "UTC")),
    "nanosecond moments": pa.array([HUGE, TINY, None, 1], pa.timestamp("ns", "Asia/Taipei")),
    "clock times": pa.array([1, 2, None, 3], pa.time64("us")),
    "durations": pa.array([1, 2, None, 3], pa.duration("us")),
    "codes": pa.array(["a", "b", None, "a"]).dictionary_encode(),
    "lists": pa.array([[1], [], None, [2, 3]]),
    "records": pa.array([{"a": 1}, {"a": 2}, None, {"a": 3}]),
    "maps": pa.array([[("a", 1)], [], None, []], pa.map_(pa.string(), pa.int64())),
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_a_column_of_any_type_is_read_or_its_rows_are_set_aside(sieve, array):
    content = as_parquet(**dict.fromkeys(Everything.schema(), array))
    assert sieve.sift(content, Everything, suffix=".parquet").read == 4


def test_a_time_that_cannot_be_stored_is_an_error_that_names_the_file(sieve):
    far = pa.array([2**62], pa.timestamp("ms"))
    with pytest.raises(SourceError, match=r"stores\.parquet is damaged.*thousands of years away"):
        sieve.sift(as_parquet(store_id=["s1"], opened_on=far), Stores, suffix=".parquet")


SOUND = as_parquet(
    store_id=[f"s{n}" for n in range(2000)], opened_on=pa.array([date(2020, 1, 1)] * 2000)
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(min_value=0, max_value=len(SOUND) - 1))
def test_a_cut_parquet_file_is_an_error(sieve, length):
    with pytest.raises(SourceError, match=r"^stores\.parquet "):
        sieve.sift(SOUND[:length], Stores, suffix=".parquet")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=30))
def test_a_mutilated_parquet_file_is_read_whole_or_an_error(sieve, seed, changes):
    generator = random.Random(seed)  # noqa: S311 - no secret
    content = bytearray(SOUND)
    for _ in range(changes):
        content[generator.randrange(len(content))] = generator.randrange(256)
    assert complaint(sieve, bytes(content), ".parquet").startswith("stores.parquet")


pieces = st.sampled_from(
    [",", '"', "\n", "\r", ";", "\t", "|", "s1", "許", "\0", "\ufeff", "\\", "'"]
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(pieces, max_size=40))
def test_lines_of_any_make_are_counted_or_refused(sieve, parts):
    content = ("store_id,city\n" + "".join(parts)).encode()
    assert complaint(sieve, content, ".csv").startswith("stores.csv")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200))
def test_any_bytes_are_counted_or_refused(sieve, content):
    for suffix in (".csv", ".parquet"):
        assert complaint(sieve, content, suffix).startswith(f"stores{suffix}")
