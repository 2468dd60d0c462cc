from datetime import date

from shop import member, returned, sale, value_of

from features.recency import days_since_first_purchase, days_since_last_purchase, tenure_days


def test_days_since_last_purchase_counts_from_the_newest_sale():
    rows = [sale("ann", "2024-05-01"), sale("ann", "2024-05-22"), sale("bob", "2024-05-31")]
    assert value_of(days_since_last_purchase, *rows) == {"ann": 10, "bob": 1}


def test_a_return_is_not_a_purchase():
    rows = [sale("ann", "2024-05-01"), returned("ann", "2024-05-30")]
    assert value_of(days_since_last_purchase, *rows) == {"ann": 31}


def test_a_member_who_never_bought_stays_null():
    members = [member("ann"), member("bob")]
    assert value_of(days_since_last_purchase, sale("ann", "2024-05-31"), members=members) == {
        "ann": 1,
        "bob": None,
    }


def test_days_since_first_purchase_counts_from_the_oldest_sale():
    rows = [sale("ann", "2024-05-22"), sale("ann", "2024-05-01")]
    assert value_of(days_since_first_purchase, *rows) == {"ann": 31}


def test_tenure_counts_from_joining_and_leaves_out_who_joins_later():
    members = [member("ann", "2024-05-31"), member("bob", "2024-06-01")]
    assert value_of(tenure_days, members=members, as_of=date(2024, 6, 1)) == {"ann": 1}
