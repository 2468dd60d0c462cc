from shop import member, sale, value_of

from features.money import (
    mean_order_amount,
    mean_order_lines_count,
    spend_amount,
    spend_amount_within,
)


def test_spend_adds_up_all_lines():
    rows = [sale("ann", "2024-05-01", amount=10.0), sale("ann", "2024-05-02", amount=5.5)]
    assert value_of(spend_amount, *rows) == {"ann": 15.5}


def test_spend_in_a_window_leaves_out_older_lines():
    rows = [sale("ann", "2024-05-01", amount=10.0), sale("ann", "2023-05-02", amount=5.5)]
    assert value_of(spend_amount_within[90], *rows) == {"ann": 10.0}


def test_who_never_bought_spent_nothing_and_has_no_mean_order():
    members = [member("ann")]
    assert value_of(spend_amount, members=members) == {"ann": 0.0}
    assert value_of(mean_order_amount, members=members) == {"ann": None}


def test_the_mean_order_is_over_orders_and_not_over_lines():
    rows = [
        sale("ann", "2024-05-01", order="a", amount=10.0),
        sale("ann", "2024-05-01", order="a", amount=20.0),
        sale("ann", "2024-05-02", order="b", amount=30.0),
    ]
    assert value_of(mean_order_amount, *rows) == {"ann": 30.0}
    assert value_of(mean_order_lines_count, *rows) == {"ann": 1.5}
