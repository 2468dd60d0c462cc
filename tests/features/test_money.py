from shop import member, sale
from spec import Spec, check_specs

from features.money import (
    mean_order_amount,
    mean_order_lines_count,
    spend_amount,
    spend_amount_within,
)

ROWS = [
    sale("ann", "2023-05-01", order="a", amount=10.0),
    sale("ann", "2023-05-01", order="a", amount=20.0),
    sale("ann", "2024-05-02", order="b", amount=30.0),
    member("ann"),
    member("bob"),
]

SPECS = (
    Spec("all lines add up", spend_amount, ROWS, {"ann": 60.0, "bob": 0.0}),
    Spec("older lines are left out", spend_amount_within[90], ROWS, {"ann": 30.0, "bob": 0.0}),
    Spec("the mean is over orders, not lines", mean_order_amount, ROWS, {"ann": 30.0, "bob": None}),
    Spec("three lines in two orders", mean_order_lines_count, ROWS, {"ann": 1.5, "bob": None}),
)
test_spec = check_specs(SPECS)
