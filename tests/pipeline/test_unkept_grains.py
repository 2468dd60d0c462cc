"""Snapshots of grains that nobody keeps: the same values, from no more than is asked for."""

from datetime import date, timedelta
from functools import partial

import pandas as pd
import pytest
from shop import fact, member, product, returned, sale, store, table

from features.catalogue import catalogue
from features.frequency import order_count
from features.grains import baskets, lines
from features.needs import needs
from features.price import price_tier_share
from features.variety import favourite_category
from pipeline.engine import engine
from pipeline.events import as_events
from pipeline.grain_store import Grains
from pipeline.snapshot_store import build_snapshots, snapshot_folder
from pipeline.snapshot_table import BASE
from pipeline.unkept_grains import UnkeptGrains

EARLIER, AS_OF = date(2024, 5, 1), date(2024, 6, 1)
LINES = [
    sale(
        ("ann", "bob", "cho")[n % 3],
        AS_OF - timedelta(days=1 + n * 11 % 200),
        order=f"o{n // 2}",
        amount=1.25 * (n % 9),
        product=f"p{n % 7}",
        store_id=("s1", "s2", None)[n % 3],
        channel=("web", "store")[n % 2],
        known=AS_OF - timedelta(days=n * 11 % 200 - n % 4),
    )
    for n in range(120)
]
TABLES = {
    "transactions": [*LINES, returned("ann", "2024-05-25"), sale("bob", "2024-06-03")],
    "customers": [member("ann", birth_year=1990), member("bob"), member("cho", "2024-05-20")],
    "products": [
        product(f"p{n}", category=("tea", "cups")[n % 2], brand=f"b{n % 3}", list_price=n + 1.0,
                family=f"f{n % 2}", generation=n, launched_on=date(2023, 1, 1))
        for n in range(6)
    ],
    "stores": [store("s1", format="mall", region="north"), store("s2")],
    "contacts": [fact("contacts", "ann", "2024-05-20", channel="email", status="sent")],
    "card_events": [fact("card_events", "bob", "2024-04-20", step="applied")],
}  # fmt: skip
EVERY = tuple(catalogue("customer", "time").values())


def built(folder, grains_of, *, features=EVERY, cutoffs=(EARLIER, AS_OF), unit="customer"):
    """Return each snapshot that was written, by its cut-off."""
    with engine(folder, threads=1) as connection:
        tables = {name: table(name, rows) for name, rows in TABLES.items()}
        grains = grains_of(connection, as_events(tables, time_zone="Asia/Taipei"))
        build_snapshots(connection, grains, features=features, cutoffs=cutoffs, artifacts=folder,
                        data="the same", unit=unit)  # fmt: skip
    return {
        day: pd.concat(
            pd.read_parquet(part)
            for part in sorted(snapshot_folder(folder, unit, day).glob("part-*.parquet"))
        ).sort_values(f"{unit}_id", ignore_index=True)
        for day in cutoffs
    }


def in_blocks_of(rows):
    """Return what makes unkept grains with blocks of about so many rows."""
    return partial(UnkeptGrains, block_rows=rows)


@pytest.fixture(scope="module")
def unkept(tmp_path_factory):
    """Return every feature at both cut-offs, built together without keeping grains."""
    return built(tmp_path_factory.mktemp("unkept"), UnkeptGrains)


def test_every_feature_has_the_same_value_whether_grains_are_kept_or_not(tmp_path, unkept):
    for day, frame in built(tmp_path, Grains).items():
        assert len(frame) == {EARLIER: 2, AS_OF: 3}[day]
        pd.testing.assert_frame_equal(unkept[day], frame, rtol=1e-9)


def test_products_have_the_same_values_whether_grains_are_kept_or_not(tmp_path):
    features = tuple(catalogue("product").values())
    kept, unkept = (
        built(tmp_path / name, grains_of, features=features, cutoffs=(AS_OF,), unit="product")[
            AS_OF
        ]
        for name, grains_of in (("kept", Grains), ("unkept", UnkeptGrains))
    )
    assert len(kept) == 6
    pd.testing.assert_frame_equal(unkept, kept, rtol=1e-9)


def test_every_feature_has_the_same_value_however_many_blocks_there_are(tmp_path, unkept):
    in_three = built(tmp_path, in_blocks_of(60))
    assert len(list(snapshot_folder(tmp_path, "customer", AS_OF).glob("part-*"))) == 3
    for day, frame in unkept.items():
        pd.testing.assert_frame_equal(in_three[day], frame, rtol=1e-9)


@pytest.mark.nightly
def test_a_few_features_have_the_values_that_they_have_among_all(tmp_path, unkept):
    sources = {one.grain for one in EVERY}
    for source in sources:
        few = [one for one in EVERY if one.grain in (source, favourite_category.grain)]
        frame = built(tmp_path / source.name, UnkeptGrains, features=few, cutoffs=(AS_OF,))[AS_OF]
        pd.testing.assert_frame_equal(frame, unkept[AS_OF][list(frame)], rtol=1e-9)
    assert len(sources) > 10


def test_a_snapshot_does_not_depend_on_the_others_built_with_it(tmp_path, unkept):
    alone = built(tmp_path, UnkeptGrains, cutoffs=(EARLIER,))[EARLIER]
    pd.testing.assert_frame_equal(alone, unkept[EARLIER], check_exact=True)


def test_a_grain_that_only_selects_is_never_stored_and_others_hold_what_is_needed(tmp_path):
    with engine(tmp_path, threads=1) as connection:
        tables = {name: table(name, rows) for name, rows in TABLES.items()}
        grains = UnkeptGrains(connection, as_events(tables, time_zone="UTC"))
        wanted = [order_count, favourite_category]
        with grains.prepared(wanted, [AS_OF], base=BASE["customer"]):
            stored = {name for (name,) in connection.raw_sql("SHOW TABLES").fetchall()}
            held = {row[0] for row in connection.raw_sql("DESCRIBE needed_baskets").fetchall()}
            assert grains.block(baskets, 0).amount.count().execute() == 0
            assert grains.block(lines, 0).customer_id.type().is_integer()
        assert grains.block(baskets, 0).amount.count().execute() > 0
    assert "needed_lines" not in stored
    assert held == {"customer_id", "event_on", "available_on", "orders"}


@pytest.mark.parametrize(
    ("wanted", "column"), [(price_tier_share, "price_position"), (favourite_category, "category")]
)
def test_a_view_needs_what_a_feature_counts_and_no_other_column(wanted, column):
    columns = needs([wanted])[wanted.grain].columns
    assert column in columns
    assert not {"brand", "first_days"} & columns
