from shop import member, sale
from spec import Spec, check_specs

from features.frequency import (
    elapsed_over_mean_gap_ratio,
    mean_gap_days,
    order_count,
    order_count_within,
    purchase_days_count,
)

ORDERS = [
    sale("ann", "2024-05-01", order="a"),
    sale("ann", "2024-05-01", order="a"),
    sale("bob", "2024-05-01", order="b"),
    sale("bob", "2024-05-01", order="b", known="2024-05-03"),
    member("ann"),
    member("bob"),
    member("cho"),
]
WINDOW = [
    sale("ann", "2024-05-02"),  # 30 days before the cut-off: the first day of the window
    sale("bob", "2024-05-01"),  # 31 days before
    sale("cho", "2024-06-01"),  # the cut-off itself
]
GAPS = [
    *(sale("ann", day) for day in ("2024-05-01", "2024-05-05", "2024-05-05", "2024-05-21")),
    *(sale("bob", day) for day in ("2024-05-01", "2024-05-11")),
    *(sale("cho", day) for day in ("2024-05-01", "2024-05-01")),
]

SPECS = (
    Spec(
        "lines of one order count once, even if they arrive on different days",
        order_count,
        ORDERS,
        {"ann": 1, "bob": 1, "cho": 0},
    ),
    Spec(
        "a window is closed at its start and open at the cut-off",
        order_count_within[30],
        WINDOW,
        {"ann": 1, "bob": 0, "cho": 0},
    ),
    Spec("two orders of one day make one purchase day", purchase_days_count, GAPS,
         {"ann": 3, "bob": 2, "cho": 1}),
    Spec("a gap is between days with a purchase", mean_gap_days, GAPS,
         {"ann": 10.0, "bob": 10.0, "cho": None}),
    Spec("later than usual is above one", elapsed_over_mean_gap_ratio, GAPS,
         {"ann": 1.1, "bob": 2.1, "cho": None}),
)  # fmt: skip
test_spec = check_specs(SPECS)
