"""Pseudonyms: the same for ever, found again by who holds the secret, and by nobody else."""

import hmac

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scored import NOON

from campaigns.known_pseudonyms import KnownPseudonyms
from campaigns.pseudonyms import LENGTH, Pseudonyms, project_pseudonyms

SECRET = b"a secret"
NAMES = Pseudonyms(SECRET)
IDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=300)


@given(IDS)
def test_a_pseudonym_is_the_hmac_of_the_id(customer):
    expected = hmac.digest(SECRET, customer.encode(), "sha256").hex()[:32]
    assert NAMES.of(customer) == f"p_{expected}"
    assert len(NAMES.of(customer)) == LENGTH


@pytest.mark.parametrize("count", [0, 1, 9_999, 10_000, 30_000])
def test_a_column_is_named_in_its_order_however_long_it_is(count):
    ids = [f"c{number:06}" for number in range(count)][::-1]
    halves = pa.chunked_array([ids[: count // 3], ids[count // 3 :]], pa.string())
    assert NAMES.column(halves).to_pylist() == NAMES.each(ids)


def test_what_is_not_ascii_is_named_alike_in_short_and_long_columns():
    ids = ["客戶", "a'b", 'a"b', "p_0", " "] * 2_500
    assert NAMES.column(pa.chunked_array([ids])).to_pylist() == NAMES.each(ids)


def test_nobody_stays_nobody():
    ids = pa.chunked_array([[None, "ann"] * 6_000])
    assert NAMES.column(ids).to_pylist()[:2] == [None, NAMES.of("ann")]
    assert NAMES.column(ids.slice(0, 2)).to_pylist() == [None, NAMES.of("ann")]


def test_only_the_ids_of_a_table_are_replaced():
    rows = pa.table({"rank": [1], "customer_id": ["ann"], "email": ["ann@x.tw"]})
    assert NAMES.rows(rows).to_pylist() == [
        {"rank": 1, "customer_id": NAMES.of("ann"), "email": "ann@x.tw"}
    ]
    assert NAMES.rows(rows.drop_columns(["customer_id"])).column_names == ["rank", "email"]


def test_another_secret_gives_other_names():
    assert Pseudonyms(b"other").of("ann") != NAMES.of("ann")


def test_the_secret_of_a_project_is_made_once_and_kept(state):
    first = project_pseudonyms(state, at=NOON)
    assert project_pseudonyms(state, at=NOON).of("ann") == first.of("ann")
    assert first.of("ann") != NAMES.of("ann")


@pytest.fixture
def files(tmp_path):
    """Two files, with ann in both."""
    for name, ids in (("old", ["ann", "bob"]), ("new", ["ann", "cat", None])):
        pq.write_table(pa.table({"customer_id": ids}), tmp_path / f"{name}.parquet")
    return [tmp_path / "old.parquet", tmp_path / "new.parquet", tmp_path / "none.parquet"]


def test_whom_a_pseudonym_stands_for_is_found_in_any_file(files):
    asked = [NAMES.of(name) for name in ("bob", "cat", "dan", "bob")]
    assert KnownPseudonyms(NAMES).among(files, asked) == {asked[0]: "bob", asked[1]: "cat"}


@pytest.mark.parametrize(
    "name", ["", "ann", "p_", "p_ann", "p_" + "0" * 32, "p_" + "f" * 31, "P_" + "0" * 32, "p_" * 17]
)
def test_what_is_no_pseudonym_of_ours_is_nobody(files, name):
    assert KnownPseudonyms(NAMES).among(files, [name]) == {}


def test_a_pseudonym_that_is_changed_in_any_place_is_nobody(files):
    name = NAMES.of("ann")
    changed = [
        name[:place] + ("0" if name[place] != "0" else "1") + name[place + 1 :]
        for place in range(LENGTH)
    ]
    assert KnownPseudonyms(NAMES).among(files, changed) == {}


def test_who_joins_later_is_found_and_who_is_gone_is_not(files):
    known = KnownPseudonyms(NAMES)
    asked = [NAMES.of("ann"), NAMES.of("eve")]
    assert known.among(files[:1], asked) == {asked[0]: "ann"}
    files[1].replace(files[0])
    pq.write_table(pa.table({"customer_id": ["eve"]}), files[1])
    files[1].replace(files[0])
    assert known.among(files[:1], asked) == {asked[1]: "eve"}


def test_without_any_file_nobody_is_known(files):
    assert KnownPseudonyms(NAMES).among(files[2:], [NAMES.of("ann")]) == {}
    assert KnownPseudonyms(NAMES).among([], [NAMES.of("ann")]) == {}


def test_a_thousand_of_twenty_thousand_are_found(tmp_path):
    ids = [f"c{number:05}" for number in range(20_000)]
    pq.write_table(pa.table({"customer_id": ids}), tmp_path / "ids.parquet")
    asked = {NAMES.of(one): one for one in ids[::20]}
    assert KnownPseudonyms(NAMES).among([tmp_path / "ids.parquet"], list(asked)) == asked
