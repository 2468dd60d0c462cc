import pytest
from shop import member, sale, value_of

from features.frequency import (
    elapsed_over_mean_gap_ratio,
    mean_gap_days,
    order_count,
    order_count_within,
    purchase_days_count,
)


def test_lines_of_one_order_count_once():
    rows = [sale("ann", "2024-05-01", order="a"), sale("ann", "2024-05-01", order="a")]
    assert value_of(order_count, *rows) == {"ann": 1}


def test_an_order_whose_lines_arrive_on_different_days_counts_once():
    rows = [
        sale("ann", "2024-05-01", order="a"),
        sale("ann", "2024-05-01", order="a", known="2024-05-03"),
    ]
    assert value_of(order_count, *rows) == {"ann": 1}


def test_a_member_without_orders_has_zero_of_them():
    assert value_of(order_count, members=[member("ann")]) == {"ann": 0}


def test_a_window_is_closed_at_its_start_and_open_at_the_cut_off():
    rows = [
        sale("ann", "2024-05-02"),  # 30 days before the cut-off: the first day of the window
        sale("bob", "2024-05-01"),  # 31 days before
        sale("cho", "2024-06-01"),  # the cut-off itself
    ]
    assert value_of(order_count_within[30], *rows) == {"ann": 1, "bob": 0, "cho": 0}


def test_two_orders_of_one_day_make_one_purchase_day():
    rows = [sale("ann", "2024-05-01"), sale("ann", "2024-05-01"), sale("ann", "2024-05-02")]
    assert value_of(purchase_days_count, *rows) == {"ann": 2}


def test_the_mean_gap_is_between_days_with_a_purchase():
    rows = [sale("ann", day) for day in ("2024-05-01", "2024-05-05", "2024-05-05", "2024-05-21")]
    assert value_of(mean_gap_days, *rows) == {"ann": 10.0}


@pytest.mark.parametrize("feature", [mean_gap_days, elapsed_over_mean_gap_ratio])
def test_one_purchase_day_has_no_gap(feature):
    assert value_of(feature, sale("ann", "2024-05-01"), sale("ann", "2024-05-01")) == {"ann": None}


def test_a_customer_later_than_usual_has_a_ratio_above_one():
    rows = [sale("ann", "2024-05-01"), sale("ann", "2024-05-11")]
    assert value_of(elapsed_over_mean_gap_ratio, *rows) == {"ann": 2.1}
