"""Products by what is known of them, sold or not."""

from datetime import date

import pytest
from shop import AS_OF, product, returned, sale, shop, snapshot

from features.catalogue import catalogue
from features.contract import check

FEATURES = tuple(catalogue("product").values())


def of(rows, shelf, as_of=AS_OF):
    frame = snapshot(shop(*rows, products=shelf), *FEATURES, as_of=as_of, unit="product")
    return frame.astype(object).where(frame.notna(), None)


def test_a_product_that_nobody_bought_has_a_full_row():
    like = {"category": "cups", "brand": "Bo"}
    shelf = [product("old", list_price=10.0, **like),
             product("new", list_price=20.0, launched_on=date(2024, 7, 1), **like)]  # fmt: skip
    rows = [sale(f"c{n}", day, product="old") for n in range(20)
            for day in ("2024-04-01", "2024-04-21")]  # fmt: skip
    row = of(rows, shelf).loc["new"]
    assert row["life_cycle_stage"] == "announced"
    assert row["is_new_product"] == 1
    assert row["days_since_launch"] == -30
    assert row["product_price_position_share"] == 1.0
    assert row["typical_repurchase_days"] == 20.0
    assert row["sold_pieces_count_90d"] == 0
    assert row["heat_share"] is None  # nothing of the category was sold in 30 days
    assert row["heat_trend_ratio_90d"] is None


RISING = ["2024-01-15", "2024-05-01", "2024-05-02"]
FALLING = ["2024-01-15", "2024-01-16", "2024-05-01"]
LEVEL = ["2024-01-15", "2024-05-01"]
STILL = ["2023-01-01"]
OLD = {"launched_on": date(2022, 1, 1)}
STAGES = {
    "a": (RISING, OLD, "growth"),
    "b": (FALLING, OLD, "decline"),
    "c": (LEVEL, OLD, "mature"),
    "d": (STILL, OLD, "unsold"),
    "e": (LEVEL, {**OLD, "withdrawn_on": date(2024, 5, 31)}, "withdrawn"),
    "f": (LEVEL, {**OLD, "withdrawn_on": date(2024, 6, 1)}, "mature"),
    "g": (LEVEL, {"launched_on": date(2024, 5, 1)}, "launch"),
    "h": (LEVEL, {"launched_on": AS_OF}, "announced"),
    "i": (STILL, {}, "unsold"),
}


def test_the_stage_of_life_is_read_from_dates_and_curve():
    shelf = [product(name, **given) for name, (_, given, _) in STAGES.items()]
    rows = [sale("ann", day, product=name) for name, (days, _, _) in STAGES.items() for day in days]
    got = of(rows, shelf)["life_cycle_stage"].to_dict()
    assert got == {name: stage for name, (_, _, stage) in STAGES.items()}


def test_heat_is_the_share_of_its_category_and_returns_do_not_cool():
    shelf = [product(name, category="cups") for name in ("kettle", "cup")]
    rows = [sale("ann", "2024-05-20", quantity=3.0), returned("ann", "2024-05-21"),
            sale(None, "2024-05-20", product="cup")]  # fmt: skip
    got = of(rows, shelf)
    assert got.loc["kettle", "heat_share"] == 0.75
    assert got.loc["cup", "sold_pieces_count_30d"] == 1
    assert got.loc["cup", "buyer_customer_count_365d"] == 0


def test_a_successor_counts_from_its_launch():
    shelf = [product("pad-1", family="pad", generation=1),
             product("pad-2", family="pad", generation=2, launched_on=date(2024, 5, 22)),
             product("pad-3", family="pad", generation=3, launched_on=AS_OF)]  # fmt: skip
    got = of([], shelf)
    assert list(got["days_since_successor_launch"]) == [10, None, None]
    assert list(got["has_predecessor_product"]) == [0, 1, 1]


def together(day, *names, times=10):
    return [
        sale(f"c{n}", day, product=name, order=f"{day}-{n}-{names}")
        for n in range(times)
        for name in names
    ]


def test_what_goes_together_is_told_with_support_confidence_and_lift():
    shelf = [product(name, category=name) for name in ("tea", "cup", "ink")]
    rows = [*together("2024-04-01", "tea", "cup"), *together("2024-04-01", "tea", times=5),
            *together("2024-04-01", "ink")]  # fmt: skip
    row = of(rows, shelf).loc["tea"]
    assert row["companion_category"] == "cup"
    assert row["companion_support_share"] == pytest.approx(10 / 25)
    assert row["companion_confidence_share"] == pytest.approx(10 / 15)
    assert row["companion_lift_ratio"] == pytest.approx((10 / 15) / (10 / 25))


def test_fewer_than_ten_joint_orders_may_be_chance_and_go_together_with_nothing():
    shelf = [product(name, category=name) for name in ("tea", "cup")]
    got = of(together("2024-04-01", "tea", "cup", times=9), shelf)
    assert got.loc["tea", "companion_category"] is None


def test_the_companion_of_the_season_comes_from_orders_of_that_season():
    shelf = [product(name, category=name) for name in ("tea", "ice", "honey")]
    rows = [*together("2023-07-01", "tea", "ice", times=12),
            *together("2023-12-20", "tea", "honey", times=11)]  # fmt: skip
    in_june, in_january = of(rows, shelf).loc["tea"], of(rows, shelf, date(2024, 1, 10)).loc["tea"]
    assert in_june["season_companion_category"] == "ice"
    assert in_january["season_companion_category"] == "honey"
    assert in_june["season_companion_lift_ratio"] == pytest.approx(1.0)


def test_what_becomes_known_later_changes_nothing():
    shelf = [product("kettle", category="cups")]
    late = sale("ann", "2024-05-20", known="2024-06-01")
    assert of([late], shelf).equals(of([], shelf))


def test_the_order_of_the_rows_does_not_matter():
    shelf = [product(name, category="cups", list_price=5.0) for name in ("kettle", "cup")]
    rows = [sale("ann", day, product=name, order=day)
            for day in ("2024-05-01", "2024-05-20") for name in ("kettle", "cup")]  # fmt: skip
    assert of(rows, shelf).sort_index().equals(of(rows[::-1], shelf[::-1]).sort_index())


@pytest.mark.parametrize("feature", FEATURES, ids=lambda one: one.name)
def test_every_product_feature_keeps_the_contract(feature):
    assert check(feature) is feature
    assert any("一" <= letter <= "鿿" for letter in feature.label["zh-TW"])
