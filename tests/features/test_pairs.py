"""A customer beside a product, sold or not: states, intervals, affinities, companions."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from pair_rows import pair_rows
from shop import product, returned, sale, shop

from features.contract import carries_its_unit
from features.pairs import PAIR_FEATURES
from features.pulls import PULLS

SHELF = [
    product("pad-1", family="pad", generation=1, category="pads", brand="Bo", list_price=10.0,
            launched_on=date(2022, 1, 1)),
    product("pad-2", family="pad", generation=2, category="pads", brand="Bo", list_price=20.0,
            launched_on=date(2024, 1, 1)),
    product("pad-3", family="pad", generation=3, category="pads", brand="Bo", list_price=30.0,
            launched_on=date(2024, 5, 20)),
    product("ink", category="ink", days_of_supply=30.0, list_price=5.0),
    product("cup", category="cups", list_price=1.0, launched_on=date(2022, 1, 1)),
]  # fmt: skip
ROWS = [
    sale("ann", "2023-06-02", product="pad-1", amount=75.0),
    sale("ann", "2024-05-02", product="ink", amount=25.0, quantity=2.0),
    sale("bob", "2024-05-01", product="pad-1"),
    returned("bob", "2024-05-02", product="pad-1"),
]


def look(customer, subject, kind="view"):
    at = datetime(2024, 5, 1, tzinfo=UTC)
    return {"customer_id": customer, "kind": kind, "subject": subject, "event_time": at,
            "available_time": at}  # fmt: skip


def of(pairs, rows=ROWS, shelf=SHELF, passed_in=None, looks=()):
    told = {"interactions": list(looks)} if looks else {}
    frame = pair_rows(
        shop(*rows, products=shelf, **told), pairs, passed_in=passed_in, looked=bool(looks)
    )
    return frame.astype(object).where(frame.notna(), None)


STATES = {
    ("ann", "ink"): "REPEAT",
    ("ann", "pad-2"): "UPGRADE",
    ("ann", "pad-3"): "UPGRADE",
    ("bob", "pad-3"): "NEW",  # the older one was brought back
    ("bob", "cup"): "CROSS",
    ("bob", "ink"): "CROSS",  # no launch known, but it was sold to ann
}


def test_the_state_is_the_first_that_applies():
    rows = [*ROWS, sale("ann", "2024-01-01", product="ink", amount=0.0)]
    assert of(list(STATES), rows)["pair_state"].to_dict() == STATES


def test_what_the_customer_has_is_told_from_what_is_offered():
    row = of([("ann", "pad-3")]).loc[("ann", "pad-3")]
    assert row["owns_predecessor"] == 1
    assert row["predecessor_age_days"] == 365
    assert row["generations_ahead"] == 2
    assert row["category_affinity_share"] == 0.75
    assert row["category_last_days"] == 365
    assert row["price_band_affinity_share"] == 0.0  # pad-1 is of the low band
    assert row["pair_purchase_days_count"] == 0


def test_pieces_times_supply_is_the_expected_interval():
    row = of([("ann", "ink")]).loc[("ann", "ink")]
    assert row["pair_elapsed_ratio"] == 0.5
    assert row["pair_supply_left_days"] == 30.0


def test_without_a_supply_the_customers_own_gap_is_the_expected_interval():
    rows = [sale("ann", day, product="cup") for day in ("2024-05-02", "2024-05-12", "2024-05-22")]
    assert of([("ann", "cup")], rows).loc[("ann", "cup"), "pair_elapsed_ratio"] == 1.0


def test_without_either_the_gap_of_the_category_is_the_expected_interval():
    others = [
        sale(f"c{n}", day, product="cup") for n in range(20) for day in ("2024-04-01", "2024-04-21")
    ]
    row = of([("ann", "cup")], [sale("ann", "2024-05-22", product="cup"), *others])
    assert row.loc[("ann", "cup"), "pair_elapsed_ratio"] == 0.5


def test_a_product_that_is_passed_in_is_scored_like_any_other():
    new = product("pad-9", family="pad", generation=9, category="pads", brand="Bo",
                  list_price=40.0, launched_on=date(2024, 7, 1))  # fmt: skip
    row = of([("ann", "pad-9")], passed_in=[new]).loc[("ann", "pad-9")]
    assert row["pair_state"] == "UPGRADE"
    assert row["category_affinity_share"] == 0.75
    assert row["brand_affinity_share"] == 1.0
    assert row["generations_ahead"] == 8


def test_a_product_passed_in_under_another_name_scores_the_same():
    twin = {**SHELF[2], "product_id": "twin"}
    pair, other = ("ann", "pad-3"), ("ann", "twin")
    both = of([pair, other], passed_in=[twin])
    pd.testing.assert_series_equal(both.loc[pair], both.loc[other], check_names=False)


def test_what_was_bought_draws_what_goes_with_it():
    together = [
        row
        for n in range(10)
        for row in (
            sale(f"c{n}", "2024-04-01", order=f"o{n}", product="cup"),
            sale(f"c{n}", "2024-04-01", order=f"o{n}", product="ink"),
        )
    ]
    alone = [sale(f"d{n}", "2024-04-01", product="pad-1") for n in range(9)]
    rows = [*together, *alone, sale("ann", "2024-05-01", product="cup")]
    row = of([("ann", "ink")], rows).loc[("ann", "ink")]
    assert row["co_purchase_score"] == pytest.approx(10 / 11)
    assert row["co_purchase_lift_ratio"] == pytest.approx(10 * 20 / (11 * 10))


def test_an_attribute_that_is_unknown_is_null_and_not_zero():
    row = of([("ann", "odd")], shelf=[*SHELF, product("odd")]).loc[("ann", "odd")]
    assert row["category_affinity_share"] is None
    assert row["brand_affinity_share"] is None
    assert row["pair_state"] == "NEW"


def test_habit_counts_days_within_a_window():
    rows = [sale("ann", "2024-05-01", product="cup"), sale("ann", "2023-06-02", product="cup")]
    row = of([("ann", "cup")], rows).loc[("ann", "cup")]
    assert row["pair_purchase_days_count"] == 2
    assert row["pair_purchase_days_count_365d"] == 2
    assert row["pair_purchase_days_count_90d"] == 1


def test_a_brand_is_also_told_within_its_category():
    shelf = [*SHELF, product("ink-bo", category="ink", brand="Bo", list_price=5.0)]
    row = of([("ann", "ink-bo")], shelf=shelf).loc[("ann", "ink-bo")]
    assert row["brand_affinity_share"] == 1.0  # pads are of the brand as well
    assert row["like_brand_affinity_share"] == 0.0
    assert row["like_purchase_count"] == 1


def test_looks_at_a_category_count_for_its_products():
    looked = [look("ann", "ink"), look("ann", "pads"), look("ann", "ink", kind="open")]
    pairs = of([("ann", "ink"), ("ann", "cup")], looks=looked)
    assert pairs.loc[("ann", "ink"), "interest_share"] == 0.5
    assert pairs.loc[("ann", "ink"), "interest_look_count"] == 1
    assert pairs.loc[("ann", "cup"), "interest_share"] is None


@pytest.mark.parametrize("one", [*PAIR_FEATURES.values(), *PULLS], ids=lambda one: one.name)
def test_every_pair_feature_says_what_it_is(one):
    assert carries_its_unit(one.name, one.unit)
    assert "null" in one.value.__doc__.lower()
    assert one.label["en"]
    assert any("一" <= letter <= "鿿" for letter in one.label["zh-TW"])
