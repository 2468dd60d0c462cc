from shop import returned, sale
from spec import Spec, check_specs

from features.returns import (
    days_since_last_return,
    return_count,
    return_count_within,
    returned_amount_share,
    returned_piece_share,
)

ROWS = [
    sale("ann", "2023-01-01", quantity=4.0, amount=400.0),
    returned("ann", "2023-01-09"),
    returned("ann", "2024-05-22", amount=-50.0),
    sale("bob", "2024-05-01"),
    returned("cho", "2024-05-01"),
]

SPECS = (
    Spec("lines are counted", return_count, ROWS, {"ann": 2, "bob": 0, "cho": 1}),
    Spec("only those in the window", return_count_within[90], ROWS, {"ann": 1, "bob": 0, "cho": 1}),
    Spec("2 pieces of 4", returned_piece_share, ROWS, {"ann": 0.5, "bob": 0.0, "cho": None}),
    Spec("150 of 400", returned_amount_share, ROWS, {"ann": 0.375, "bob": 0.0, "cho": None}),
    Spec("the newest return", days_since_last_return, ROWS, {"ann": 10, "bob": None, "cho": 31}),
)
test_spec = check_specs(SPECS)
