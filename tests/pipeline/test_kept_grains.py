"""Grains that are kept: only what changed is built, and the result is that of a full build."""

from collections import defaultdict
from contextlib import contextmanager
from datetime import date, timedelta

import duckdb
import pandas as pd
import pytest
from shop import contact, fact, look, member, product, sale, table

from features.catalogue import catalogue
from features.definition import Grain, grain
from features.frequency import order_count
from features.grains import baskets, deliveries, lines, memberships, profiles
from features.money import spend_amount_within
from features.returns import returned_piece_share
from features.rhythm import gap_variation_ratio
from features.shelf import order_items, shelf
from pipeline import grains_by_day
from pipeline.engine import engine
from pipeline.events import as_events
from pipeline.grain_store import Grains
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.leftovers import stage_drafts
from pipeline.snapshot_store import build_snapshots
from pipeline.snapshot_table import grain_of

AS_OF = date(2024, 6, 1)
NAMES = [f"c{n}" for n in range(20)]
SHOP = {
    "customers": [member(name) for name in NAMES],
    "products": [product(f"p{n}", category="tea", category_3=f"tea-{n}") for n in range(7)],
    "transactions": [
        sale(
            NAMES[n % 20],
            AS_OF - timedelta(days=1 + n * 7 % 120),
            order=f"o{n // 2}",
            amount=0.1 + n * 1.1,  # a sum of these depends on the order in which they are added
            product=f"p{n % 7}",
        )
        for n in range(400)
    ],
    "contacts": [contact("c1", "2024-05-01", "email")],
}
FEATURES = [order_count, spend_amount_within[90], gap_variation_ratio, returned_piece_share]
NEW_DAY = [sale("c3", "2024-06-01", amount=0.3), sale("c4", "2024-06-01", amount=0.7)]
ALL = None


@grain()
def visits(transactions):
    """Visits as a grain that does not say within what they arise."""
    days = transactions.group_by(["customer_id", "event_on", "available_on"])
    return days.aggregate(amount=transactions.amount.sum())


GRAINS = (baskets, lines, memberships, profiles, deliveries, shelf, order_items)


@contextmanager
def opened(folder, shop, *, block_rows=120):
    """Open the grains of a delivery."""
    with engine(folder, threads=1) as connection:
        held = {name: connection.create_table(name, table(name, rows))
                for name, rows in shop.items()}  # fmt: skip
        events = as_events(held, time_zone="UTC")
        yield Grains(connection, events, keep=folder / KEPT_GRAINS, block_rows=block_rows)


def build(folder, shop, *, wanted=GRAINS, **given):
    """Ask for grains; return of what each had to be built."""
    with opened(folder, shop, **given) as grains:
        for one in wanted:
            grains.rows(one)
        grains.kept.forget_others()
        return grains.kept.built


def take(folder, shop, *cutoffs):
    """Build snapshots; return of what each grain had to be built, and the cut-offs built."""
    with opened(folder, shop) as grains:
        made = build_snapshots(
            grains.connection, grains, features=FEATURES, cutoffs=cutoffs, artifacts=folder,
            data="any",
        )  # fmt: skip
        return grains.kept.built, made.built


def results(folder):
    """Return the rows of every grain, and of every snapshot, in their order."""
    found = [*(folder / KEPT_GRAINS).rglob("block-*"), *(folder / "snapshots").rglob("part-*")]
    rows = defaultdict(list)
    with duckdb.connect() as connection:
        for path in sorted(found):
            read = connection.read_parquet(str(path)).fetchall()
            rows[str(path.parent.relative_to(folder))] += read
    return rows


def changed(**tables):
    return {**SHOP, **tables}


def delivery(*more, without=()):
    kept = [row for row in SHOP["transactions"] if row["customer_id"] not in without]
    return changed(transactions=[*kept, *more])


ONE_CHANGED = [
    {**row, "amount": 9.9} if row["line_id"] == SHOP["transactions"][40]["line_id"] else row
    for row in SHOP["transactions"]
]
OTHER_PRODUCT = product("p0", category="coffee", list_price=3.5)


@pytest.mark.parametrize("block_rows", [120, 10**6], ids=["in blocks", "in memory"])
@pytest.mark.parametrize(
    ("after", "customers", "days"),
    [
        (delivery(*NEW_DAY), 2, 1),
        (delivery(sale("c5", "2024-02-01", amount=0.3, known="2024-05-31 23:00")), 1, 1),
        (delivery(sale("c5", "2024-02-01", amount=0.3, known="2024-02-05 23:00")), 1, ALL),
        (changed(transactions=ONE_CHANGED), 1, ALL),
        (changed(transactions=SHOP["transactions"][1:]), 1, 1),
        (delivery(without=("c7",)), 1, ALL),
        (delivery(sale("new", "2024-05-30")), 1, 1),
        (delivery(*(sale(name, "2024-05-30", amount=0.3) for name in NAMES)), ALL, 1),
    ],
    ids=["a new day", "a late row", "a row known long ago", "a changed row", "a deleted row",
         "a customer without a row", "a new customer", "everybody"],
)  # fmt: skip
def test_only_customers_and_days_with_a_change_are_built_and_nobody_could_tell(
    tmp_path, after, customers, days, block_rows
):
    kept, fresh = tmp_path / "kept", tmp_path / "fresh"
    given = {"block_rows": block_rows, "wanted": [visits, baskets, shelf, order_items]}
    build(kept, SHOP, **given)
    built = build(kept, after, **given)
    build(fresh, after, **given)
    assert results(kept) == results(fresh)
    by_day = ("baskets", "shelf", "order_items")
    assert built == {"visits": customers, **dict.fromkeys(by_day, days)}


def test_grains_grow_by_the_day_into_files_that_hold_what_one_build_gives(tmp_path):
    def until(last):
        return delivery(
            *(
                sale(NAMES[n % 20], day, order=f"o{n % 50}", product=f"p{n % 6}", quantity=n / 7,
                     line_id=f"n{n}",
                     known=f"{max(day, AS_OF + timedelta(days=n % 3 * 20 - 10))} 12:00")
                for n, day in enumerate(AS_OF + timedelta(days=n) for n in range(last))
            )
        )  # fmt: skip

    given = {"wanted": [baskets, shelf], "block_rows": 300}
    for last in (20, 46, 90):
        build(tmp_path / "kept", until(last), **given)
    for name in ("baskets", "shelf"):
        assert len(list((tmp_path / "kept" / KEPT_GRAINS / name).glob("block-0.*"))) > 2
    build(tmp_path / "fresh", until(90), **given)
    assert results(tmp_path / "kept") == results(tmp_path / "fresh")


def test_grains_of_products_come_in_files_that_fit_into_memory(tmp_path, monkeypatch):
    wanted = [shelf, order_items]
    build(tmp_path / "one", SHOP, wanted=wanted)
    monkeypatch.setattr(grains_by_day, "FILE_ROWS", 90)
    build(tmp_path / "several", SHOP, wanted=wanted)
    for one in wanted:
        files = sorted((tmp_path / "several" / KEPT_GRAINS / one.name).glob("block-*"))
        assert len(files) > 4
        assert max(len(duckdb.read_parquet(str(path)).fetchall()) for path in files) < 200
    assert results(tmp_path / "several") == results(tmp_path / "one")


def test_a_new_member_is_added_to_what_tells_of_members(tmp_path):
    build(tmp_path, SHOP)
    built = build(tmp_path, changed(customers=[*SHOP["customers"], member("new")]))
    assert built == {"memberships": 1, "profiles": 1}


def test_a_changed_product_builds_what_reads_products(tmp_path):
    build(tmp_path / "kept", SHOP)
    after = changed(products=[OTHER_PRODUCT, *SHOP["products"][1:]])
    assert build(tmp_path / "kept", after) == {"shelf": ALL, "order_items": ALL}
    build(tmp_path / "fresh", after)
    assert results(tmp_path / "kept") == results(tmp_path / "fresh")


def test_what_becomes_a_product_of_an_illness_is_taken_out_of_kept_grains(tmp_path):
    build(tmp_path / "kept", SHOP)
    after = changed(products=[product("p0", purpose="health"), *SHOP["products"][1:]])
    build(tmp_path / "kept", after)
    build(tmp_path / "fresh", after)
    assert results(tmp_path / "kept") == results(tmp_path / "fresh")


def test_rows_in_another_order_build_no_grain(tmp_path):
    build(tmp_path, SHOP)
    assert build(tmp_path, changed(transactions=SHOP["transactions"][::-1])) == {}


def test_one_more_cut_off_builds_its_snapshot_and_no_grain(tmp_path):
    earlier = AS_OF - timedelta(days=30)
    take(tmp_path, SHOP, AS_OF)
    assert take(tmp_path, SHOP, earlier, AS_OF) == ({}, (earlier,))


def test_a_new_day_leaves_old_snapshots_and_gives_the_new_one_that_all_would_give(tmp_path):
    kept, fresh, tomorrow = tmp_path / "kept", tmp_path / "fresh", AS_OF + timedelta(days=1)
    take(kept, SHOP, AS_OF)
    built, days = take(kept, delivery(*NEW_DAY), AS_OF, tomorrow)
    assert (built["baskets"], built["lines"], days) == (1, 1, (tomorrow,))
    take(fresh, delivery(*NEW_DAY), AS_OF, tomorrow)
    assert results(kept) == results(fresh)


def _cut_off(path):
    path.write_bytes(path.read_bytes()[:-5])


@pytest.mark.parametrize("harm", [_cut_off, lambda path: path.unlink()], ids=["cut", "missing"])
@pytest.mark.parametrize(
    "name",
    ["visits/block-2.parquet", "visits/customers.parquet", "visits/manifest.json",
     "baskets/block-2.0001.parquet", "baskets/manifest.json"],
)  # fmt: skip
def test_a_damaged_file_is_built_again(tmp_path, name, harm):
    build(tmp_path, SHOP, wanted=[visits, baskets])
    before = results(tmp_path)
    harm(tmp_path / KEPT_GRAINS / name)
    damaged = name.partition("/")[0]
    assert build(tmp_path, SHOP, wanted=[visits, baskets]) == {damaged: ALL}
    assert results(tmp_path) == before


def test_another_definition_of_a_grain_builds_it_anew(tmp_path):
    def dated(transactions):
        return transactions.select("customer_id", "event_on", "available_on")

    def numbered(transactions):
        return transactions.select("customer_id", "order_id", "event_on", "available_on")

    numbered.__name__ = "dated"
    one, other = (Grain(build, "customer", ("transactions",)) for build in (dated, numbered))
    assert build(tmp_path, SHOP, wanted=[one]) == {"dated": ALL}
    assert build(tmp_path, SHOP, wanted=[one]) == {}
    assert build(tmp_path, SHOP, wanted=[other]) == {"dated": ALL}


def test_a_grain_that_nobody_asks_for_any_more_is_removed(tmp_path):
    build(tmp_path, SHOP, wanted=[baskets, memberships])
    build(tmp_path, SHOP, wanted=[baskets])
    assert [path.name for path in (tmp_path / KEPT_GRAINS).iterdir()] == ["baskets"]


@pytest.mark.parametrize("within", [None, "order_id"])
def test_a_build_that_fails_leaves_the_old_grain(tmp_path, within):
    numbered = Grain(_numbered, "customer", ("transactions",), within)
    build(tmp_path, SHOP, wanted=[numbered])
    before = results(tmp_path)
    strange = sale("c3", "2024-05-30", order="not a number")
    with pytest.raises(duckdb.ConversionException):
        build(tmp_path, delivery(strange), wanted=[numbered])
    assert results(tmp_path) == before
    assert not list(tmp_path.rglob(".partial-*"))


def _numbered(transactions):
    number = transactions.order_id.replace("o", "").cast("int64")
    return transactions.select("customer_id", "event_on", "available_on", number=number)


def test_what_a_killed_build_left_is_found_and_cleared_away(tmp_path):
    build(tmp_path, SHOP, wanted=[baskets])
    draft = tmp_path / KEPT_GRAINS / ".partial-1-1-baskets"
    draft.mkdir()
    assert stage_drafts(tmp_path) == [draft]
    build(tmp_path, SHOP, wanted=[baskets])
    assert not draft.exists()


def test_receipts_of_nobody_are_no_customers_rows(tmp_path):
    build(tmp_path, SHOP, wanted=[visits, baskets])
    before = results(tmp_path)
    anonymous = build(tmp_path, delivery(sale(None, "2024-05-30")), wanted=[visits, baskets])
    assert anonymous == {"baskets": 1}
    assert results(tmp_path) == before


EVERY_GRAIN = sorted({grain_of(one.grain) for one in catalogue("customer").values()},
                     key=lambda one: one.name)  # fmt: skip
FULL_SHOP = {
    **SHOP,
    "consents": [
        fact("consents", name, day, channel="email", purpose="offers", granted=day < "2024-03")
        for name in NAMES[:3]
        for day in ("2024-02-01", "2024-05-01")
    ],
    "interactions": [look(name, "2024-05-01", "view") for name in NAMES[:3]],
    "surveys": [fact("surveys", name, "2024-05-01", kind="age", answer="7") for name in NAMES[:3]],
    "service_cases": [fact("service_cases", name, "2024-05-01", kind="x") for name in NAMES[:3]],
    "card_events": [fact("card_events", name, "2024-05-01", step="applied") for name in NAMES[:3]],
}


@pytest.mark.parametrize("grain", EVERY_GRAIN, ids=lambda one: one.name)
def test_rows_of_a_customer_do_not_depend_on_other_customers(tmp_path, grain):
    def rows(shop):
        with opened(tmp_path, shop) as grains:
            found = grains.rows(grain).to_pandas()
        return found[found.customer_id == "c1"].reset_index(drop=True)

    alone = {
        name: [row for row in given if row.get("customer_id", "c1") == "c1"]
        for name, given in FULL_SHOP.items()
    }
    assert len(rows(FULL_SHOP))
    pd.testing.assert_frame_equal(rows(FULL_SHOP), rows(alone), check_exact=True)
