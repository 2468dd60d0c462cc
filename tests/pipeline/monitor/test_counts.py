"""Rows are counted in the engine as they would be by hand."""

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.engine import engine
from pipeline.monitor.counts import Bins, count_rows, count_values, lay_bins


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    """An engine for the tests of this file."""
    with engine(tmp_path_factory.mktemp("artifacts")) as opened:
        yield opened


def counts_of(connection, bins, **columns):
    frame = pd.DataFrame(columns).convert_dtypes()
    name = connection.create_table("rows", ibis.memtable(frame), overwrite=True)
    return count_rows(connection, name, bins)


def laid(connection, **columns):
    count = len(next(iter(columns.values())))
    frame = pd.DataFrame({"customer_id": map(str, range(count)), **columns}).convert_dtypes()
    rows = connection.create_table("laid", ibis.memtable(frame), overwrite=True)
    return lay_bins(connection, rows, list(columns))


def test_numbers_fall_below_their_edge_and_missing_ones_come_last(connection):
    bins = {"x": Bins(edges=(1.0, 2.0))}
    found = counts_of(connection, bins, x=[1.0, 1.5, 2.0, 2.5, None])
    assert found.columns["x"] == [1, 2, 1, 1]


def test_a_text_that_was_never_seen_is_counted_apart_from_a_missing_one(connection):
    bins = {"t": Bins(values=("it's", "b"))}
    found = counts_of(connection, bins, t=["it's", "b", "b", "new", "", None])
    assert found.columns["t"] == [1, 2, 2, 1]


def test_truth_values_are_numbers(connection):
    assert laid(connection, b=[True, False, True])["b"].edges == (0.0, 1.0)
    found = counts_of(connection, {"b": Bins(edges=(0.0, 1.0))}, b=[True, False, None])
    assert found.columns["b"] == [1, 1, 0, 1]


def test_a_column_that_was_empty_tells_values_from_missing_ones(connection):
    nothing = pd.array([None, None], dtype="Float64")
    assert laid(connection, x=nothing)["x"].edges == ()
    found = counts_of(connection, {"x": Bins(edges=())}, x=[1.0, 2.0, None])
    assert found.columns["x"] == [2, 1]


def test_no_row_is_counted_as_no_row(connection):
    bins = {"x": Bins(edges=(1.0,)), "t": Bins(values=("a",))}
    rows = connection.create_table(
        "none", ibis.memtable(pd.DataFrame({"x": [1.0], "t": ["a"]})), overwrite=True
    )
    found = count_rows(connection, rows.filter(rows.x > 1), bins)
    assert found.rows == 0
    assert found.columns == {"x": [0, 0, 0], "t": [0, 0, 0]}


def test_more_columns_than_one_query_takes_are_all_counted(connection):
    columns = {f"c{n}": [float(n), None] for n in range(230)}
    found = counts_of(connection, {name: Bins(edges=(1.0,)) for name in columns}, **columns)
    assert len(found.columns) == 230
    assert found.columns["c0"] == [1, 0, 1]
    assert found.columns["c9"] == [0, 1, 1]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_engine_and_memory_count_alike(connection, values):
    edges = (-10.0, 0.0, 0.5, 1e5)
    numbers = np.array([np.nan if one is None else one for one in values])
    rows = connection.create_table(
        "some", ibis.memtable(pd.DataFrame({"x": numbers})), overwrite=True
    )
    rows = rows.mutate(x=rows.x.isnan().ifelse(None, rows.x))
    found = count_rows(connection, rows, {"x": Bins(edges=edges)})
    assert found.columns["x"] == count_values(numbers, edges)
    assert sum(found.columns["x"]) == len(values)
