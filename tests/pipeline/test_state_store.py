"""The state that pairs are scored with, kept of each cut-off."""

from datetime import date

import pandas as pd
import pytest
from shop import product, sale, shop, table

from features.pairs import pair_table
from pipeline.snapshot_store import SnapshotError
from pipeline.state_store import build_state, read_state, state_folder

DAYS = [date(2024, 5, 1), date(2024, 6, 1)]
SHELF = [product("cup", category="cups", list_price=5.0)]
BOUGHT = sale("ann", "2024-04-01", product="cup")


def build(artifacts, *more):
    grains = shop(BOUGHT, *more, products=SHELF)
    built = build_state(grains.connection, grains, cutoffs=DAYS, artifacts=artifacts, data="d")
    return grains, built


def test_a_pair_is_scored_from_what_was_kept(tmp_path):
    grains, built = build(tmp_path)
    assert built == tuple(DAYS)
    state = read_state(grains.connection, tmp_path, DAYS[1])
    pairs = state.holdings.select("customer_id", "product_id")
    row = grains.connection.to_pandas(pair_table(pairs, state)).iloc[0]
    assert row["pair_state"] == "REPEAT"
    assert row["pair_last_purchase_days"] == 61
    twin = table("products", [product("new", category="cups", list_price=7.0)])
    other = pairs.mutate(product_id=pairs.product_id.replace("cup", "new"))
    row = grains.connection.to_pandas(pair_table(other, state, passed_in=twin)).iloc[0]
    assert row["pair_state"] == "NEW"
    assert row["like_affinity_share"] == 1.0


def test_a_cut_off_keeps_what_was_known_then(tmp_path):
    build(tmp_path, sale("bob", "2024-05-01", product="cup"))
    kept = [
        pd.read_parquet(state_folder(tmp_path, "holdings", day) / "part-0.parquet") for day in DAYS
    ]
    assert [sorted(frame.customer_id) for frame in kept] == [["ann"], ["ann", "bob"]]


def test_only_cut_offs_that_see_another_row_are_kept_anew(tmp_path):
    build(tmp_path)
    assert build(tmp_path)[1] == ()
    assert build(tmp_path, sale("bob", "2024-05-01", product="cup"))[1] == (DAYS[1],)


def test_a_state_that_was_never_built_is_named(tmp_path):
    grains, _ = build(tmp_path)
    with pytest.raises(SnapshotError, match="no holdings of 2024-07-01"):
        read_state(grains.connection, tmp_path, date(2024, 7, 1))
