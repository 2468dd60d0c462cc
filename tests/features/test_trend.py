from shop import member, returned, sale
from spec import Spec, check_specs

from features.trend import order_trend_ratio_within, spend_trend_ratio_within

NOW = sale("ann", "2024-05-20", amount=30.0)
BEFORE = [sale("ann", "2024-04-20", amount=50.0), sale("bob", "2024-04-20")]

SPECS = (
    Spec(
        "who stopped is at minus one, who starts is at one",
        order_trend_ratio_within[30],
        [NOW, *BEFORE, sale("cho", "2024-05-20"), member("ann"), member("bob"), member("cho"),
         member("dee")],
        {"ann": 0.0, "bob": -1.0, "cho": 1.0, "dee": None},
    ),
    Spec(
        "spending is compared over the same two windows, without returns",
        spend_trend_ratio_within[30],
        [NOW, *BEFORE, returned("ann", "2024-05-25")],
        {"ann": -0.25, "bob": -1.0},
    ),
)  # fmt: skip
test_spec = check_specs(SPECS)
