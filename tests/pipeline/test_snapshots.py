"""Snapshots as files: blind to the future to the byte, and built once."""

import shutil
from datetime import date, datetime, timedelta

import duckdb
import pandas as pd
import pytest
from shop import member, sale

from features.catalogue import catalogue
from features.frequency import order_count
from features.money import mean_order_amount, spend_amount_within
from features.rhythm import gap_variation_ratio
from features.tables import Customers, Transactions
from models.customer_activity import customer_activity
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.labels import ImmatureError, build_labels, label_folder
from pipeline.snapshot_store import SnapshotError, build_snapshots, read_snapshot, snapshot_folder

EARLIER, AS_OF, LATER = date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)
MIDNIGHT = datetime(2024, 6, 1)  # noqa: DTZ001 - the shop's helper adds the zone
MEMBERS = [member("ann"), member("bob"), member("cho", "2024-05-31"), member("dan", "2024-06-01")]
PAST = [
    sale("ann", "2024-02-01", amount=20.0),
    sale("ann", "2024-05-22"),
    sale("bob", MIDNIGHT - timedelta(microseconds=1)),
]
FUTURE = [
    sale("ann", MIDNIGHT),
    sale("bob", "2024-07-15"),
    sale("cho", "2024-05-30", known=MIDNIGHT),
]
SCRAMBLED = [
    {**row, "amount": 9e9, "quantity": 77.0, "customer_id": "ann", "order_id": "x"}
    for row in FUTURE
]
EVERY = tuple(catalogue("customer").values())
FEW = (order_count, spend_amount_within[90], mean_order_amount, gap_variation_ratio)
#: Amounts whose sum depends on the order in which they are added.
ODD = [
    sale(
        ("ann", "bob", "cho")[n % 3],
        AS_OF - timedelta(days=1 + n * 7 % 120),
        order=f"o{n // 2}",
        amount=0.1 + n * 1.1,
        product=f"p{n % 7}",
    )
    for n in range(400)
]


def write(folder, rows):
    (folder / "tables").mkdir(parents=True)
    for name, schema, given in (
        ("transactions", Transactions.schema(), rows),
        ("customers", Customers.schema(), MEMBERS),
    ):
        frame = pd.DataFrame(given, columns=list(schema))
        kinds = {"string": "VARCHAR", "float64": "DOUBLE", "int64": "BIGINT", "date": "DATE"}
        casts = ", ".join(f"{c}::{kinds.get(t, 'TIMESTAMPTZ')} AS {c}" for c, t in schema.items())
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.register("frame", frame)
            path = folder / "tables" / f"{name}.parquet"
            connection.sql(f"SELECT {casts} FROM frame").write_parquet(str(path))


def deliver(folder, rows):
    """Replace the tables by a new delivery; return its rows."""
    shutil.rmtree(folder / "tables")
    write(folder, rows)
    return rows


def written(folder):
    """Return when each file of each snapshot was written."""
    files = (folder / "snapshots").rglob("*.*")
    return {file: file.stat().st_mtime_ns for file in files}


def build(folder, rows, *, data="one", cutoffs=(AS_OF,), block_rows=10**6, features=EVERY):
    if not (folder / "tables").exists():
        write(folder, rows)
    with engine(folder, threads=1) as connection:
        events = read_events(connection, folder / "tables", time_zone="UTC")
        grains = Grains(connection, events, keep=folder / KEPT_GRAINS, block_rows=block_rows)
        return build_snapshots(
            connection, grains, features=features, cutoffs=cutoffs, artifacts=folder, data=data
        )


def part(folder):
    return (snapshot_folder(folder, "customer", AS_OF) / "part-0.parquet").read_bytes()


def few(folder, rows, **given):
    return build(folder, rows, features=FEW, **given)


def frame(folder):
    parts = snapshot_folder(folder, "customer", AS_OF).glob("*.parquet")
    return pd.concat(map(pd.read_parquet, parts)).sort_values("customer_id", ignore_index=True)


@pytest.mark.parametrize("future", [[], SCRAMBLED], ids=["deleted", "scrambled"])
def test_what_is_known_at_or_after_the_cut_off_does_not_change_a_byte(tmp_path, future):
    build(tmp_path / "whole", [*PAST, *FUTURE])
    build(tmp_path / "other", [*PAST, *future])
    assert part(tmp_path / "whole") == part(tmp_path / "other")


def test_what_is_known_before_the_cut_off_does_change_it(tmp_path):
    build(tmp_path / "whole", [*PAST, *FUTURE])
    build(tmp_path / "other", [*PAST, sale("bob", MIDNIGHT - timedelta(seconds=1))])
    assert part(tmp_path / "whole") != part(tmp_path / "other")


def test_a_snapshot_holds_every_member_known_before_the_cut_off(tmp_path):
    build(tmp_path, PAST)
    with engine(tmp_path) as connection:
        found = read_snapshot(connection, tmp_path, "customer", AS_OF).customer_id.to_pandas()
    assert list(found) == ["ann", "bob", "cho"]


def test_a_snapshot_is_built_once_and_again_when_what_it_sees_changes(tmp_path):
    assert few(tmp_path, PAST).built == (AS_OF,)
    assert few(tmp_path, PAST).kept == (AS_OF,)
    assert few(tmp_path, PAST, data="another delivery of the same rows").kept == (AS_OF,)
    assert few(tmp_path, deliver(tmp_path, [*PAST, sale("bob", "2024-05-01")])).built == (AS_OF,)


def test_one_more_cut_off_builds_one_snapshot_and_leaves_the_others_untouched(tmp_path):
    few(tmp_path, PAST, cutoffs=(AS_OF, LATER))
    before = written(tmp_path)
    again = few(tmp_path, PAST, cutoffs=(EARLIER, AS_OF, LATER))
    assert again == ((EARLIER,), (AS_OF, LATER))
    after = written(tmp_path)
    assert {file: after[file] for file in before} == before
    assert {file.parent.name for file in set(after) - set(before)} == {f"as_of={EARLIER}"}


def test_a_new_day_of_facts_leaves_earlier_snapshots_untouched(tmp_path):
    few(tmp_path, PAST, cutoffs=(EARLIER, AS_OF))
    before = written(tmp_path)
    new_day = [sale("ann", "2024-06-10"), sale("bob", "2024-05-20", known="2024-06-10")]
    again = few(
        tmp_path, deliver(tmp_path, [*PAST, *new_day]), cutoffs=(EARLIER, AS_OF, LATER), data="two"
    )
    assert again == ((LATER,), (EARLIER, AS_OF))
    after = written(tmp_path)
    assert {file: after[file] for file in before} == before


def test_an_old_fact_that_is_corrected_builds_anew_only_what_sees_it(tmp_path):
    few(tmp_path, PAST, cutoffs=(EARLIER, AS_OF))
    corrected = [*PAST[:1], {**PAST[1], "amount": 101.0}, *PAST[2:]]  # of 22 May
    again = few(tmp_path, deliver(tmp_path, corrected), cutoffs=(EARLIER, AS_OF))
    assert again == ((AS_OF,), (EARLIER,))


def test_built_alone_or_with_others_a_snapshot_has_the_same_bytes(tmp_path):
    build(tmp_path / "alone", ODD)
    build(tmp_path / "others", ODD, cutoffs=(EARLIER, AS_OF, LATER))
    assert part(tmp_path / "alone") == part(tmp_path / "others")


def test_blocks_of_customers_hold_the_same_values_to_the_last_bit(tmp_path):
    build(tmp_path / "one", ODD)
    build(tmp_path / "many", ODD, block_rows=50)
    folder = snapshot_folder(tmp_path / "many", "customer", AS_OF)
    assert len(list(folder.glob("part-*.parquet"))) == 8
    one, many = frame(tmp_path / "one"), frame(tmp_path / "many")
    pd.testing.assert_frame_equal(one, many, check_exact=True)


def test_a_missing_snapshot_says_how_to_build_it(tmp_path):
    with engine(tmp_path) as connection, pytest.raises(SnapshotError, match="shortlist run"):
        read_snapshot(connection, tmp_path, "customer", AS_OF)


def labels(folder, rows, *, gap=0, horizon=30, known_before=date(2024, 8, 1)):
    build(folder, rows)
    with engine(folder) as connection:
        grains = Grains(connection, read_events(connection, folder / "tables", time_zone="UTC"))
        build_labels(
            connection,
            grains,
            customer_activity,
            cutoffs=[AS_OF],
            artifacts=folder,
            gap_days=gap,
            horizon_days=horizon,
            known_before=known_before,
        )
        path = label_folder(folder, "customer_activity", AS_OF) / "*.parquet"
        frame = connection.read_parquet(path).to_pandas()
    return dict(zip(frame.customer_id, frame.label, strict=True))


def test_only_who_bought_before_is_eligible_and_an_event_at_the_cut_off_is_an_outcome(tmp_path):
    assert labels(tmp_path, [*PAST, sale("ann", MIDNIGHT)]) == {"ann": 1, "bob": 0}


def test_an_event_in_the_gap_is_neither_feature_nor_outcome(tmp_path):
    in_gap, after = sale("ann", "2024-06-07"), sale("bob", "2024-06-08 00:00:00")
    assert labels(tmp_path, [*PAST, in_gap, after], gap=7) == {"ann": 0, "bob": 1}


def test_an_outcome_window_is_open_at_its_end(tmp_path):
    last, beyond = sale("ann", "2024-06-30 23:59:59"), sale("bob", "2024-07-01 00:00:00")
    assert labels(tmp_path, [*PAST, last, beyond]) == {"ann": 1, "bob": 0}


def test_an_outcome_that_became_known_after_the_scoring_cut_off_is_not_seen(tmp_path):
    late = sale("ann", "2024-06-10", known="2024-08-02")
    assert labels(tmp_path, [*PAST, late]) == {"ann": 0, "bob": 0}


def test_a_window_that_has_not_closed_is_refused(tmp_path):
    with pytest.raises(ImmatureError, match="6 days earlier"):
        labels(tmp_path, PAST, known_before=date(2024, 6, 25))
