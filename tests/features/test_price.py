from shop import product, returned, sale
from spec import Spec, check_specs

from features.price import (
    brand_premium_ratio,
    discount_share_within,
    discounted_line_share,
    mean_list_price_amount,
    price_tier_share,
    promoted_line_share,
    upper_tier_piece_share,
)

SHELF = [
    product("cheap", category="kettles", brand="Al", list_price=10.0),
    product("fair", category="kettles", brand="Bo", list_price=20.0),
    product("dear", category="kettles", brand="Bo", list_price=30.0),
    product("odd", category="kettles", brand="Al"),
]
BOUGHT = [
    sale("ann", "2024-05-01", product="dear"),
    sale("ann", "2024-05-02", product="fair", quantity=3.0),
    sale("bob", "2024-05-02", product="cheap"),
    sale("cho", "2024-05-02", product="odd"),
    *SHELF,
]
DISCOUNTS = [
    sale("ann", "2024-05-01", amount=90.0, discount=10.0, promotion_id="p"),
    sale("ann", "2024-05-02", amount=100.0, discount=0.0),
    sale("ann", "2024-05-03", amount=100.0),
    sale("bob", "2024-05-03", amount=100.0),
]

SPECS = (
    Spec(
        "10 off a list price of 200",
        discount_share_within[90],
        DISCOUNTS,
        {"ann": 0.05, "bob": None},
    ),
    Spec(
        "an unknown discount is not none",
        discounted_line_share,
        DISCOUNTS,
        {"ann": 0.5, "bob": None},
    ),
    Spec("one line of three", promoted_line_share, DISCOUNTS, {"ann": 1 / 3, "bob": 0.0}),
    Spec(
        "0 is the cheapest of its like, 1 the dearest",
        price_tier_share,
        BOUGHT,
        {"ann": (1.0 + 3 * 0.5) / 4, "bob": 0.0, "cho": None},
    ),
    Spec(
        "one piece of four was of the upper tier",
        upper_tier_piece_share,
        BOUGHT,
        {"ann": 0.25, "bob": 0.0, "cho": None},
    ),
    Spec(
        "brand Bo costs 25 on average, a kettle 20",
        brand_premium_ratio,
        BOUGHT,
        {"ann": 1.25, "bob": 0.5, "cho": None},
    ),
    Spec(
        "a return leaves what was bought",
        mean_list_price_amount,
        [*BOUGHT, returned("ann", "2024-05-03", product="dear")],
        {"ann": 22.5, "bob": 10.0, "cho": None},
    ),
)
test_spec = check_specs(SPECS)
