from shop import product, sale
from spec import Spec, check_specs

from features.supply import supply_due_product_count, supply_left_days

SHELF = [
    product("ink", days_of_supply=30.0),
    product("filter", days_of_supply=90.0),
    product("cup"),
]
ROWS = [
    sale("ann", "2024-05-12", product="ink", quantity=2.0),  # lasts 60 days, 20 are gone
    sale("ann", "2024-03-03", product="filter"),  # 90 days are just gone
    sale("bob", "2024-03-03", product="ink"),  # given up: 90 days for a supply of 30
    sale("bob", "2024-03-02", product="ink"),
    sale("cho", "2024-03-02", product="ink"),
    sale("dee", "2024-05-12", product="cup"),
    *SHELF,
]

SPECS = (
    Spec(
        "the first supply to run out decides",
        supply_left_days,
        ROWS,
        {"ann": 0.0, "bob": -60.0, "cho": None, "dee": None},
    ),
    Spec(
        "what ends within 30 days is due, what was given up is not",
        supply_due_product_count,
        ROWS,
        {"ann": 1, "bob": 1, "cho": 0, "dee": 0},
    ),
)
test_spec = check_specs(SPECS)
