from shop import member, product, returned, sale
from spec import Spec, check_specs

from features.variety import (
    bought_brand_count,
    bought_category_count,
    bought_category_count_365d,
    bought_product_count,
    category_concentration_share,
    days_since_favourite_category,
    favourite_brand,
    favourite_brand_spend_share,
    favourite_category,
    favourite_category_spend_share,
    favourite_category_spend_share_365d,
    new_category_count_180d,
)

SHELF = [
    product("cup", category="cups", brand="Al"),
    product("mug", category="cups", brand="Bo"),
    product("tea", category="茶 🍵", brand="Bo"),
    product("odd"),
]
ROWS = [
    sale("ann", "2023-01-01", product="cup", amount=60.0),
    sale("ann", "2024-05-01", product="tea", amount=30.0),
    sale("ann", "2024-05-02", product="mug", amount=10.0),
    sale("bob", "2024-05-02", product="odd"),
    returned("bob", "2024-05-03", product="tea"),
    member("ann", "2022-01-01"),
    member("bob"),
    member("cho"),
    *SHELF,
]

SPECS = (
    Spec(
        "what was only returned was not bought here",
        bought_product_count,
        ROWS,
        {"ann": 3, "bob": 1, "cho": 0},
    ),
    Spec(
        "a product without a category adds none", bought_category_count, ROWS, {"ann": 2, "bob": 0}
    ),
    Spec(
        "both were bought within the year", bought_category_count_365d, ROWS, {"ann": 2, "cho": 0}
    ),
    Spec("cups are an old love", new_category_count_180d, ROWS, {"ann": 1, "bob": 0}),
    Spec("most was spent on cups", favourite_category, ROWS, {"ann": "cups", "bob": None}),
    Spec("70 of 100", favourite_category_spend_share, ROWS, {"ann": 0.7, "bob": None}),
    Spec("10 of 40 in the last year", favourite_category_spend_share_365d, ROWS, {"ann": 0.25}),
    Spec("0.7 and 0.3, squared", category_concentration_share, ROWS, {"ann": 0.58, "bob": None}),
    Spec("the mug was the last cup", days_since_favourite_category, ROWS, {"ann": 30, "bob": None}),
    Spec("two brands", bought_brand_count, ROWS, {"ann": 2, "bob": 0}),
    Spec("60 against 40", favourite_brand, ROWS, {"ann": "Al", "bob": None}),
    Spec("60 of 100", favourite_brand_spend_share, ROWS, {"ann": 0.6, "bob": None}),
)
test_spec = check_specs(SPECS)
