"""The audit: added to, read from the newest on, never changed."""

from datetime import timedelta

import pytest
from scored import NOON
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from campaigns.audit import Event, read_audit, record


def taken(number, **given):
    return Event(
        at=NOON + timedelta(seconds=number),
        who=f"key{number % 2}",
        route="GET /v1/lists/{list_id}/members",
        request_id=f"r{number}",
        list_id=f"list_{number % 3}",
        rows=number,
        fields=("rank", "customer_id"),
        **given,
    )


def test_what_is_recorded_is_read_from_the_newest_on(state):
    events = [taken(0), taken(1, about="export_1", pseudonymous=True)]
    record(state, events)
    assert [one.event for one in read_audit(state, limit=10)] == events[::-1]


def test_pages_follow_each_other_without_a_gap(state):
    record(state, [taken(number) for number in range(7)])
    numbers, before = [], None
    while page := read_audit(state, limit=3, before=before):
        numbers += [one.event.rows for one in page]
        before = page[-1].id
    assert numbers == [6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("asked", "rows"), [({"list_id": "list_1"}, [4, 1]), ({"who": "key0"}, [4, 2, 0])]
)
def test_one_list_or_holder_is_picked_out(state, asked, rows):
    record(state, [taken(number) for number in range(6)])
    assert [one.event.rows for one in read_audit(state, limit=9, **asked)] == rows


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_events SET rows = 0", "DELETE FROM audit_events"]
)
def test_what_is_recorded_cannot_be_changed(state, statement):
    record(state, [taken(1)])
    with pytest.raises(DBAPIError, match="only grows"), state.begin() as connection:
        connection.execute(text(statement))
    assert [one.event for one in read_audit(state, limit=9)] == [taken(1)]


def test_a_holder_with_a_long_name_is_recorded(state):
    record(state, [Event(NOON, "a" * 900, "GET /v1/lists", "r")])
    (found,) = read_audit(state, limit=1)
    assert found.event.who == "a" * 255
