from shop import member, sale, store
from spec import Spec, check_specs

from features.habit import (
    evening_order_share,
    favourite_store_format,
    favourite_store_order_share,
    favourite_store_region,
    morning_order_share,
    online_order_share,
    pay_day_order_share,
    used_channel_count,
    visited_store_count,
    weekend_order_share,
)

STORES = [
    store("s1", format="mall", region="Taipei"),
    store("s2", format="street", region="Tainan"),
]
VISITS = [
    sale("ann", "2024-05-01", store_id="s2"),
    sale("ann", "2024-05-09", store_id="s1"),
    sale("ann", "2024-05-19", store_id="s2"),
    sale("ann", "2024-05-20"),
    sale("bob", "2024-05-20"),
]
HOURS = [
    sale("ann", f"2024-05-0{n} {hour}")
    for n, hour in enumerate(("11:59:59", "12:00", "17:59", "18:00"), start=1)
]
CHANNELS = [
    sale("ann", "2024-05-01", channel="web"),
    sale("ann", "2024-05-02", channel="store"),
    sale("ann", "2024-05-03"),
    sale("bob", "2024-05-03"),
]

SPECS = (
    Spec(
        "Saturday and Sunday are the weekend",
        weekend_order_share,
        [sale("ann", "2024-05-24"), sale("ann", "2024-05-25"), sale("ann", "2024-05-26"),
         sale("bob", "2024-05-27"), member("ann"), member("bob"), member("cho")],
        {"ann": 2 / 3, "bob": 0.0, "cho": None},
    ),
    Spec("the morning ends at noon", morning_order_share, HOURS, {"ann": 0.25}),
    Spec("the evening begins at six", evening_order_share, HOURS, {"ann": 0.25}),
    Spec(
        "the 5th and the 10th are pay days and are felt for five days",
        pay_day_order_share,
        [sale("ann", day) for day in ("2024-05-04", "2024-05-05", "2024-05-14", "2024-05-15")],
        {"ann": 0.5},
    ),
    Spec(
        "an unknown channel is neither online nor not",
        online_order_share,
        CHANNELS,
        {"ann": 0.5, "bob": None},
    ),
    Spec("unknown channels are not counted", used_channel_count, CHANNELS, {"ann": 2, "bob": 0}),
    Spec("each store counts once", visited_store_count, [*VISITS, *STORES], {"ann": 2, "bob": 0}),
    Spec(
        "orders outside stores do not dilute the favourite",
        favourite_store_order_share,
        [*VISITS, *STORES],
        {"ann": 2 / 3, "bob": None},
    ),
    Spec(
        "the favourite is the one with most orders",
        favourite_store_format,
        [*VISITS, *STORES],
        {"ann": "street", "bob": None},
    ),
    Spec(
        "a tie goes to the store visited last",
        favourite_store_region,
        [sale("ann", "2024-05-01", store_id="s2"), sale("ann", "2024-05-09", store_id="s1"),
         *STORES],
        {"ann": "Taipei"},
    ),
)  # fmt: skip
test_spec = check_specs(SPECS)
