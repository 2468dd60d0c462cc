from shop import member, returned, sale
from spec import Spec, check_specs

from features.recency import days_since_first_purchase, days_since_last_purchase, tenure_days

ROWS = [
    sale("ann", "2024-05-01"),
    sale("ann", "2024-05-22"),
    returned("ann", "2024-05-30"),
    sale("bob", "2024-05-31"),
    member("ann"),
    member("bob"),
    member("cho"),
]

SPECS = (
    Spec(
        "a return is not a purchase, and who never bought stays null",
        days_since_last_purchase,
        ROWS,
        {"ann": 10, "bob": 1, "cho": None},
    ),
    Spec("the oldest sale", days_since_first_purchase, ROWS, {"ann": 31, "bob": 1, "cho": None}),
    Spec(
        "who joins on the cut-off is not known yet",
        tenure_days,
        [member("ann", "2024-05-31"), member("bob", "2024-06-01")],
        {"ann": 1, "bob": None},
    ),
)
test_spec = check_specs(SPECS)
