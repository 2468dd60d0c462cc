from shop import member, sale
from spec import Spec, check_specs

from features.basket_size import (
    largest_order_amount,
    mean_order_pieces_count,
    order_variation_ratio,
    single_line_order_share,
)

ROWS = [
    sale("ann", "2024-05-01", order="a", amount=10.0, quantity=3.0),
    sale("ann", "2024-05-01", order="a", amount=20.0),
    sale("ann", "2024-05-09", order="b", amount=10.0),
    member("ann"),
    member("bob"),
]

SPECS = (
    Spec("pieces are counted by order", mean_order_pieces_count, ROWS, {"ann": 2.5, "bob": None}),
    Spec("the lines of an order add up", largest_order_amount, ROWS, {"ann": 30.0, "bob": None}),
    Spec("orders of 30 and 10 vary", order_variation_ratio, ROWS, {"ann": 200**0.5 / 20}),
    Spec("one order of two had one line", single_line_order_share, ROWS, {"ann": 0.5, "bob": None}),
)
test_spec = check_specs(SPECS)
