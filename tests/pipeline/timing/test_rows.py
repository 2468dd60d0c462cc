"""What a row knows of a customer and a category, and what counts as what followed."""

from datetime import date

import pandas as pd
import pytest
from shop import member, product, sale, shop

from pipeline.timing.rows import category_habits, next_purchases, timing_rows

AS_OF = date(2024, 6, 1)
SHELF = [
    product("ink", category="printing", category_3="ink", days_of_supply=30.0),
    product("ink xl", category="printing", category_3="ink", days_of_supply=60.0),
    product("tea", category="kitchen"),
    product("thing"),
]


def rows(*lines, **given):
    grains = shop(*lines, products=SHELF, **given)
    frame = grains.connection.to_pandas(timing_rows(grains, AS_OF))
    return frame.set_index(["customer_id", "category"])


BEFORE = (
    sale("ann", "2024-03-01", product="ink"),
    sale("ann", "2024-04-01", product="ink xl", quantity=2.0),
    sale("ann", "2024-05-22", product="tea"),
)


def test_a_row_counts_from_the_last_purchase_and_says_how_long_it_lasts():
    ink = rows(*BEFORE).loc[("ann", "ink")]
    assert ink[["elapsed_days", "age_days", "purchases", "gaps"]].tolist() == [61, 92, 2, 1]
    assert ink[["pieces", "lasts_days", "last_gap_days"]].tolist() == [2, 120, 31]
    assert ink["visits_since"] == 1
    assert ink["since_visit_days"] == 10


@pytest.mark.parametrize("days_ahead", [0, 40])
def test_nothing_known_from_the_cut_off_day_on_changes_a_row(days_ahead):
    known = pd.Timestamp(AS_OF) + pd.Timedelta(days=days_ahead)
    late = sale("ann", "2024-05-30", product="ink", known=known.to_pydatetime())
    after = sale("ann", known.to_pydatetime(), product="tea")
    pd.testing.assert_frame_equal(rows(*BEFORE, late, after), rows(*BEFORE))


def test_a_product_without_a_category_is_one_of_its_own_and_without_a_supply_has_none():
    found = rows(sale("ann", "2024-05-01", product="thing", amount=0.0), *BEFORE)
    assert set(found.index.get_level_values("category")) == {"ink", "kitchen", "thing"}
    assert pd.isna(found.loc[("ann", "thing"), "lasts_days"])


def test_a_customer_without_history_or_silent_for_years_has_no_row():
    found = rows(*BEFORE, sale("old", "2022-05-01", product="ink"),
                 members=[member("ann"), member("old"), member("new")])  # fmt: skip
    assert set(found.index.get_level_values("customer_id")) == {"ann"}


def test_the_next_purchase_counts_from_the_cut_off_until_rows_are_no_longer_watched():
    lines = [
        sale("on the day", "2024-06-01", product="ink"),
        sale("last day", "2024-06-28", product="ink"),
        sale("too late", "2024-06-29", product="ink"),
        sale("before", "2024-05-31", product="ink"),
        sale("not known", "2024-06-10", product="ink", known="2024-07-01"),
    ]
    grains = shop(*lines, products=SHELF)
    table = next_purchases(grains, AS_OF, until=date(2024, 6, 29), known_before=date(2024, 7, 1))
    found = grains.connection.to_pandas(table).set_index("customer_id")["next_days"]
    assert found.to_dict() == {"on the day": 1, "last day": 28}


def test_habits_tell_who_comes_back():
    lines = [
        *(sale("ann", day, product="tea") for day in ("2023-10-01", "2023-11-01", "2023-12-01")),
        sale("bob", "2023-10-01", product="tea"),
        sale("new", "2024-05-30", product="tea"),
        sale("ann", "2024-05-01", product="ink"),
    ]
    grains = shop(*lines, products=SHELF)
    table = category_habits(grains, AS_OF, within_days=180)
    habits = grains.connection.to_pandas(table).set_index("category")
    assert habits.loc["kitchen"].tolist() == [False, 2, 2, 1]
    assert habits["used_up"].to_dict() == {"ink": True, "kitchen": False}


def test_the_household_is_that_of_the_cut_off():
    moved = [
        member("ann", valid_from=date(2023, 1, 1), valid_to=date(2024, 3, 1), children=0),
        member("ann", valid_from=date(2024, 3, 1), valid_to=date(2024, 7, 1), children=2),
        member("ann", valid_from=date(2024, 7, 1), children=3),
    ]
    assert rows(*BEFORE, members=moved).loc[("ann", "ink"), "children"] == pytest.approx(2)
