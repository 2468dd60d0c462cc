"""A promotion's effect from receipts: what it added, and what it may not be told of."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from shop import Row, product, shop

from campaigns.effect.errors import EffectError
from campaigns.effect.promotion import effect_of_promotion

START = date(2023, 1, 2)
WEEKS = 75
PROMOTED = 60  # the week in which it runs
STORES = ("north", "south", "east")
PROMOTION = {
    "promotion_id": "R1",
    "product_ids": "cola",
    "store_ids": "north",
    "discount_share": 0.2,
    "starts_on": START + timedelta(weeks=PROMOTED),
    "ends_on": START + timedelta(weeks=PROMOTED + 1),
}
AS_OF = START + timedelta(weeks=WEEKS)


def receipts(*, lift=2.0, stores=("north",), names=("cola",), seed=1):
    """Weekly sales by store and product, as one receipt line each, with a planted promotion."""
    random = np.random.default_rng(seed)
    rows = []
    for week in range(WEEKS):
        for store in STORES:
            for name, level in (("cola", 40), ("juice", 60), ("bread", 80)):
                lifted = lift if week == PROMOTED and store in stores and name == "cola" else 1.0
                sold = names[week % len(names)] if name == "cola" else name
                day = START + timedelta(weeks=week, days=int(random.integers(7)))
                rows.append((sold, store, day, int(random.poisson(level * lifted))))
    return rows


def chain(rows, *promotions, products=None):
    """The grains of a chain with these weekly sales."""
    lines = [
        Row(
            "transactions",
            {
                "line_id": f"L{n}",
                "order_id": f"O{n}",
                "customer_id": None,
                "product_id": name,
                "store_id": store,
                "event_time": pd.Timestamp(day, tz="UTC"),
                "available_time": pd.Timestamp(day, tz="UTC"),
                "quantity": float(units),
                "amount": 10.0 * units,
                "kind": "sale",
            },
            {},
        )
        for n, (name, store, day, units) in enumerate(rows)
        if units
    ]
    kinds = {"category": "food"}
    made = products or [
        product("cola", category_3="drink", unit_cost=8.0, **kinds),
        product("juice", category_3="juice", unit_cost=4.0, **kinds),
        product("bread", category="bakery", category_3="bread", unit_cost=4.0),
    ]
    return shop(
        *lines,
        products=made,
        promotions=[Row("promotions", one, one) for one in promotions or (PROMOTION,)],
    )


def part(told, name, measure="units"):
    return next(one for one in told.parts if (one.part, one.measure) == (name, measure))


def test_what_a_promotion_added_in_its_stores_lies_in_the_interval():
    told = effect_of_promotion("R1", chain(receipts()), as_of=AS_OF, level=0.95)
    own = part(told, "own")
    assert told.design == "difference in differences"
    assert own.low < 40 < own.high
    assert own.low > 0
    assert part(told, "own", "margin").value == pytest.approx(2 * own.value, rel=0.05)
    assert {row["store_id"] for row in told.detail} == {"north"}


def test_a_promotion_of_all_stores_is_compared_with_its_own_other_weeks():
    everywhere = {**PROMOTION, "store_ids": None}
    told = effect_of_promotion(
        "R1", chain(receipts(stores=STORES), everywhere), as_of=AS_OF, level=0.95
    )
    own = part(told, "own")
    assert (told.design, told.stores) == ("baseline", None)
    assert own.low < 120 < own.high
    assert own.low > 0


def test_editions_that_follow_one_another_are_one_history():
    editions = [
        product("cola", category="food", category_3="drink", family="cola", unit_cost=8.0),
        product(
            "cola of last year",
            category="food",
            category_3="drink",
            family="cola",
            unit_cost=8.0,
            withdrawn_on=PROMOTION["starts_on"] - timedelta(weeks=8),
        ),
        product("juice", category="food", category_3="juice", unit_cost=4.0),
        product("bread", category="bakery", category_3="bread", unit_cost=4.0),
    ]
    rows = [
        (
            "cola of last year" if name == "cola" and day < editions[1]["withdrawn_on"] else name,
            *rest,
        )
        for name, *rest in receipts()
        for day in [rest[1]]
    ]
    own = part(
        effect_of_promotion("R1", chain(rows, products=editions), as_of=AS_OF, level=0.95), "own"
    )
    assert own.low < 40 < own.high
    assert own.high - own.low < 80


@pytest.mark.parametrize(
    ("on_sale", "looked_at"),
    [
        ({}, True),
        ({"launched_on": PROMOTION["ends_on"]}, False),
        ({"launched_on": PROMOTION["starts_on"] - timedelta(weeks=4)}, False),
        ({"withdrawn_on": PROMOTION["starts_on"]}, False),
    ],
)
def test_a_loss_is_only_looked_for_in_what_had_long_been_on_sale(on_sale, looked_at):
    made = [
        product("cola", category="food", category_3="drink", unit_cost=8.0),
        product("juice", category="food", category_3="juice", unit_cost=4.0, **on_sale),
        product("bread", category="bakery", category_3="bread", unit_cost=4.0),
    ]
    first = on_sale.get("launched_on", START)
    last = on_sale.get("withdrawn_on", AS_OF)
    rows = [row for row in receipts() if row[0] != "juice" or first <= row[2] < last]
    told = effect_of_promotion("R1", chain(rows, products=made), as_of=AS_OF, level=0.95)
    assert told.family == (("juice",) if looked_at else ())
    assert ("cannibalisation" in {one.part for one in told.parts}) == looked_at


def test_weeks_of_another_promotion_of_the_same_product_teach_nothing():
    other = {
        **PROMOTION,
        "promotion_id": "R0",
        "starts_on": START + timedelta(weeks=20),
        "ends_on": START + timedelta(weeks=21),
    }
    told = effect_of_promotion("R1", chain(receipts(), PROMOTION, other), as_of=AS_OF, level=0.95)
    assert told.excluded_weeks == 5  # its own, and the four after it


def test_a_promotion_that_still_runs_is_refused():
    with pytest.raises(EffectError, match="Ask again once it is over"):
        effect_of_promotion(
            "R1", chain(receipts()), as_of=START + timedelta(weeks=PROMOTED), level=0.95
        )


def test_a_promotion_of_unknown_products_is_refused():
    unknown = {**PROMOTION, "product_ids": "perfume"}
    with pytest.raises(EffectError, match="names no product"):
        effect_of_promotion("R1", chain(receipts(), unknown), as_of=AS_OF, level=0.95)
