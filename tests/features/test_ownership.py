from datetime import date

from shop import member, product, returned, sale
from spec import Spec, check_specs

from features.ownership import (
    early_adoption_product_share,
    held_family_count,
    held_product_count,
    last_edition_language,
    max_generations_behind,
    mean_adoption_days,
    oldest_outdated_days,
    outdated_family_count,
)

SHELF = [
    product("pad-1", family="pad", generation=1, launched_on=date(2023, 1, 1), language="en"),
    product("pad-2", family="pad", generation=2, launched_on=date(2024, 1, 1), language="zh-TW"),
    product("pad-3", family="pad", generation=3, launched_on=date(2024, 6, 1)),
    product("cup"),
]
ROWS = [
    sale("ann", "2023-01-11", product="pad-1"),
    sale("bob", "2023-12-01", product="pad-1"),
    sale("bob", "2024-05-01", product="pad-2"),
    sale("cho", "2024-05-01", product="pad-1"),
    returned("cho", "2024-05-02", product="pad-1"),
    sale("dee", "2024-05-01", product="cup"),
    *SHELF,
]

SPECS = (
    Spec(
        "a return gives it back", held_product_count, ROWS, {"ann": 1, "bob": 2, "cho": 0, "dee": 1}
    ),
    Spec("editions of a family are one", held_family_count, ROWS, {"bob": 1, "cho": 0, "dee": 0}),
    Spec(
        "generation 3 is launched on the cut-off and not seen yet",
        outdated_family_count,
        ROWS,
        {"ann": 1, "bob": 0, "cho": 0},
    ),
    Spec(
        "the newest edition held counts",
        max_generations_behind,
        ROWS,
        {"ann": 1, "bob": 0, "dee": None},
    ),
    Spec("bought in January of last year", oldest_outdated_days, ROWS, {"ann": 507, "bob": None}),
    Spec("10 days after its launch", mean_adoption_days, ROWS, {"ann": 10.0, "dee": None}),
    Spec("early is within 90 days", early_adoption_product_share, ROWS, {"ann": 1.0, "bob": 0.0}),
    Spec(
        "the last edition bought, or nothing without a language",
        last_edition_language,
        ROWS,
        {"ann": "en", "bob": "zh-TW", "dee": None},
    ),
    Spec(
        "a launch that is unknown is not a launch on the day of purchase",
        mean_adoption_days,
        [sale("ann", "2024-05-01", product="cup"), member("ann"), *SHELF],
        {"ann": None},
    ),
)
test_spec = check_specs(SPECS)
