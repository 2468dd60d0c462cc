"""A CSV gives every line: as cells, or as the text that could not be split."""

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources.csv_file import CsvFile
from pipeline.sources.definition import SourceError
from pipeline.sources.folder import open_folder


def read(folder, content, **how):
    file = folder / "shop.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    CsvFile(file, "shop", **how).write(folder / "shop.parquet")
    return pq.read_table(folder / "shop.parquet").to_pylist()


def cells(rows):
    return [(row["a"], row["b"]) for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_from_the_heading(tmp_path, delimiter):
    assert cells(read(tmp_path, f"a{delimiter}b\n1{delimiter}2\n")) == [("1", "2")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do_and_the_last_may_be_missing(tmp_path, end):
    assert cells(read(tmp_path, f"a,b{end}1,2{end}3,4")) == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path, encoding):
    assert cells(read(tmp_path, "a,b\n許,😀\n".encode(encoding))) == [("許", "😀")]


def test_a_declared_encoding_is_decoded(tmp_path):
    assert cells(read(tmp_path, "a,b\n許,x\n".encode("cp950"), encoding="cp950")) == [("許", "x")]


def test_the_place_of_a_wrong_byte_is_told_across_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.sources.csv_file._CHUNK_BYTES", 7)
    content = "a,b\n許,許\n許,".encode() + b"\xff\n"
    with pytest.raises(SourceError, match=r"byte 0xFF at position 16, in line 3"):
        read(tmp_path, content)


def test_broken_lines_keep_number_text_and_problem(tmp_path):
    rows = read(tmp_path, 'a,b\n1,2\n3\n4,5\n\n6,7,8\n"x\ny",9\n')
    assert [row["_row"] for row in rows] == [2, 4, 6, 3, 5]
    assert cells(rows) == [("1", "2"), ("4", "5"), ("x\ny", "9"), (None, None), (None, None)]
    assert [row["_text"] for row in rows[3:]] == ["3", "6,7,8"]
    assert rows[3]["_problem"] == "cells: 1, where the heading has 2"


def test_an_unclosed_quote_says_over_how_many_lines_it_runs(tmp_path):
    (row,) = read(tmp_path, 'a,b\n"1,2\n3,4\n5,6\n')
    assert "runs over 3 lines, so a quote is probably not closed" in row["_problem"]
    assert row["_text"] == '"1,2\n3,4\n5,6'


def test_a_cell_larger_than_a_block_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.sources.cells.BLOCK_BYTES", (1000, 100_000))
    assert cells(read(tmp_path, f"a,b\n{'x' * 50_000},1\n")) == [("x" * 50_000, "1")]


def test_a_cell_larger_than_the_largest_block_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.sources.cells.BLOCK_BYTES", (1000,))
    with pytest.raises(SourceError, match=r"shop\.csv: a quote is opened and never closed, or"):
        read(tmp_path, f'a,b\n"{"x" * 50_000},1\n')


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"shop\.csv is empty: 0 bytes"),
        (b"\n\n", r"shop\.csv has no heading"),
        (b"a,b,a\n1,2,3\n", r"the column a appears more than once"),
        ("a,b\n1,2\n".encode("utf-16-le"), r"bytes of value 0, as UTF-16 does"),
    ],
)
def test_a_file_without_a_usable_heading_is_an_error(tmp_path, content, message):
    with pytest.raises(SourceError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize("content", ["a,b", "a,b\n", "a,b\r\n\r\n"])
def test_a_heading_alone_is_an_empty_table(tmp_path, content):
    assert read(tmp_path, content) == []


def test_outer_blanks_go_and_empty_cells_are_null(tmp_path):
    assert cells(read(tmp_path, 'a , b\n  x  ,\n"",y\n')) == [("x", None), (None, "y")]


words = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(words, words, st.integers(min_value=1, max_value=4)), max_size=30))
def test_every_line_comes_back_once(tmp_path_factory, lines):
    """Whatever the cells hold, and wherever lines are out of step, no line is lost."""
    folder = tmp_path_factory.mktemp("csv")
    quoted = [
        ",".join(['"' + word.replace('"', '""') + '"' for word in (a, b)] + ["x"] * (n - 1))
        for a, b, n in lines
    ]
    rows = read(folder, "\n".join(["a,b,c", *quoted]) + "\n")
    assert sorted(row["_row"] for row in rows) == list(range(2, len(lines) + 2))
    by_number = {row["_row"]: row for row in rows}
    for number, (a, _, cells_after) in enumerate(lines, start=2):
        row = by_number[number]
        if cells_after == 2:
            assert (row["a"] or "") == a.strip()
        else:
            assert row["_text"] == quoted[number - 2]


def test_a_folder_without_a_table_says_what_to_put_there(tmp_path):
    (tmp_path / "readme.md").write_text("hello")
    with pytest.raises(SourceError, match=r"holds no table.*customers\.csv"):
        open_folder(tmp_path)


def test_hidden_files_and_notes_are_left_alone(tmp_path):
    for name in ("customers.csv", ".customers.csv", "_old.csv", "about.yaml"):
        (tmp_path / name).write_text("customer_id\nann\n")
    assert [one.origin for one in open_folder(tmp_path).deliveries] == ["customers.csv"]
