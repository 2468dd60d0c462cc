"""Bulks of reports: each row once, late rows welcome, bad lines told by their number."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.loop.lines import TOLD, Line, read_lines
from campaigns.loop.reports import (
    CONSENTS,
    CONTACTS,
    OUTCOMES,
    STATUSES,
    SUPPRESSIONS,
    Contact,
    lift_suppression,
    receive,
)
from campaigns.state.tables import ConsentChange, ContactEvent, OutcomeEvent, Suppression

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
CONTACT = {
    "campaign_id": "spring",
    "customer_id": "ann",
    "channel": "email",
    "status": "sent",
    "event_time": "2026-03-02T09:00:00+08:00",
}
OUTCOME = {
    "campaign_id": "spring",
    "customer_id": "ann",
    "kind": "purchase",
    "value": 100.0,
    "event_time": "2026-03-05T09:00:00Z",
}
CONSENT = {
    "customer_id": "ann",
    "channel": "email",
    "granted": True,
    "event_time": "2026-03-01T00:00:00Z",
}


def lines(*rows: Any) -> bytes:
    return b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)


def told(state, kind, *rows, at=NOW):
    found = receive(state, lines(*rows), kind, at=at)
    return found.accepted, found.changed, found.rejected


def stored(state, *columns):
    with Session(state) as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*columns))]


def test_a_row_that_is_sent_again_is_counted_once(state):
    assert told(state, OUTCOMES, OUTCOME, OUTCOME) == (2, 1, 0)
    assert told(state, OUTCOMES, OUTCOME) == (1, 0, 0)
    assert stored(state, OutcomeEvent.customer_id, OutcomeEvent.value) == [("ann", 100.0)]


def test_the_same_moment_in_another_zone_is_the_same_row(state):
    assert told(state, OUTCOMES, OUTCOME)[1] == 1
    assert told(state, OUTCOMES, OUTCOME | {"event_time": "2026-03-05T17:00:00+08:00"})[1] == 0


def test_a_correction_is_a_row_of_its_own(state):
    later = {"value": -20.0, "event_time": "2026-03-06T09:00:00Z"}
    told(state, OUTCOMES, OUTCOME, OUTCOME | {"value": 80.0}, OUTCOME | later)
    assert stored(state, OutcomeEvent.value) == [(-20.0,), (100.0,)]


def test_late_rows_are_welcome(state):
    told(state, OUTCOMES, OUTCOME | {"event_time": "2026-03-09T00:00:00Z"})
    assert told(state, OUTCOMES, OUTCOME | {"event_time": "2024-01-01T00:00:00Z"}) == (1, 1, 0)


@pytest.mark.parametrize("order", list(permutations(("sent", "delivered", "complained"))))
def test_a_contact_only_gets_further_in_whatever_order_it_is_told(state, order):
    for status in order:
        told(state, CONTACTS, CONTACT | {"status": status})
    assert stored(state, ContactEvent.status) == [("complained",)]
    assert stored(state, ContactEvent.event_time) == [(datetime(2026, 3, 2, 1, tzinfo=UTC),)]


def test_every_status_that_is_taken_is_in_the_order_in_which_a_contact_gets_further():
    assert Contact.model_fields["status"].annotation.__args__ == STATUSES


def test_a_bad_line_in_the_middle_stops_nothing_and_is_told_by_its_number(state):
    body = lines(OUTCOME, b'{"campaign_id": "spr', b"", OUTCOME | {"customer_id": "bob"})
    found = receive(state, body, OUTCOMES, at=NOW)
    assert (found.accepted, found.changed, found.rejected) == (2, 2, 1)
    (bad,) = found.errors
    assert (bad.line, bad.pointer) == (2, None)
    assert bad.detail.startswith("not JSON: EOF while parsing a string")
    assert stored(state, OutcomeEvent.customer_id) == [("ann",), ("bob",)]


WITHOUT_WHO = {name: value for name, value in OUTCOME.items() if name != "customer_id"}


@pytest.mark.parametrize(
    ("line", "pointer", "detail"),
    [
        (WITHOUT_WHO, "/customer_id", "Field required"),
        (OUTCOME | {"customer_id": ""}, "/customer_id", "at least 1 character"),
        (OUTCOME | {"customer_id": "a" * 256}, "/customer_id", "at most 255 characters"),
        (OUTCOME | {"customer_id": "a\0b"}, "/customer_id", "should match pattern"),
        (OUTCOME | {"customer_id": 17}, "/customer_id", "valid string"),
        (OUTCOME | {"kind": "Purchase!"}, "/kind", "should match pattern"),
        (OUTCOME | {"value": "100"}, "/value", "valid number"),
        (OUTCOME | {"event_time": "2026-03-05T09:00:00"}, "/event_time", "timezone"),
        (OUTCOME | {"event_time": "yesterday"}, "/event_time", "valid datetime"),
        (OUTCOME | {"event_time": 1772000000}, "/event_time", "valid datetime"),
        (OUTCOME | {"event_time": "2026-03-11T09:00:00Z"}, "/event_time", "in the future"),
        (OUTCOME | {"event_time": "0001-01-01T00:00:00+14:00"}, "/event_time", "before 1990"),
        (OUTCOME | {"Ann Lee, 0912 345 678": 1}, None, "a field that is not known. Known: camp"),
        ([OUTCOME], None, "should be an object"),
        (b'{"value": NaN}', "/campaign_id", "Field required"),
        (lines(OUTCOME).replace(b"100.0", b"NaN"), "/value", "finite number"),
        (lines(OUTCOME).replace(b"ann", b"\xff"), None, "invalid unicode"),
        (lines(OUTCOME).replace(b"ann", rb"\ud800"), None, "not JSON"),
        (b"[" * 100_000, None, "recursion limit"),
    ],
)
def test_what_is_wrong_with_a_line_is_told_without_repeating_it(state, line, pointer, detail):
    found = receive(state, lines(OUTCOME, line), OUTCOMES, at=NOW)
    assert (found.accepted, found.rejected) == (1, 1)
    (bad,) = found.errors
    assert (bad.line, bad.pointer) == (2, pointer)
    assert detail in bad.detail
    assert "Ann Lee" not in bad.model_dump_json()


def test_of_many_bad_lines_all_are_counted_and_the_first_are_told(state):
    found = receive(state, b"{\n" * (TOLD + 5), OUTCOMES, at=NOW)
    assert (found.accepted, found.rejected, len(found.errors)) == (0, TOLD + 5, TOLD)


def test_nothing_is_reported_by_an_empty_body(state):
    assert told(state, OUTCOMES, b"\n\n") == (0, 0, 0)


def test_windows_and_byte_order_marks_do_no_harm(state):
    body = b"\xef\xbb\xbf" + lines(OUTCOME) + b"\r\n" + lines(OUTCOME | {"customer_id": "bob"})
    assert told(state, OUTCOMES, body + b"\r\n") == (2, 2, 0)


class Numbered(Line):
    n: int


@given(st.lists(st.one_of(st.integers(), st.just(None), st.just("")), max_size=40))
def test_every_line_is_either_taken_or_told(held):
    text = {None: b'{"n": ', "": b""}
    body = b"\n".join(text[n] if n in text else b'{"n": %d}' % n for n in held)
    found = read_lines(body, Numbered, at=NOW)
    assert [row.n for row in found.rows] == [n for n in held if isinstance(n, int)]
    assert [bad.line for bad in found.told] == [i + 1 for i, n in enumerate(held) if n is None]


def test_the_withdrawal_holds_of_two_words_at_the_same_moment(state):
    told(state, CONSENTS, CONSENT, CONSENT | {"granted": False}, CONSENT)
    assert stored(state, ConsentChange.granted) == [(False,)]


def test_a_clock_that_is_ahead_does_not_delay_a_withdrawal(state):
    ahead = (NOW + timedelta(minutes=3)).isoformat()
    told(state, CONSENTS, CONSENT | {"granted": False, "event_time": ahead})
    assert stored(state, ConsentChange.event_time) == [(NOW,)]


def test_a_consent_without_a_time_or_purpose_is_for_marketing_from_now_on(state):
    told(state, CONSENTS, {"customer_id": "ann", "channel": "sms", "granted": False})
    columns = (ConsentChange.purpose, ConsentChange.event_time, ConsentChange.granted)
    assert stored(state, *columns) == [("marketing", NOW, False)]


@pytest.mark.parametrize("granted", ["no", 0, None])
def test_a_consent_that_is_not_plainly_true_or_false_is_refused(state, granted):
    assert told(state, CONSENTS, CONSENT | {"granted": granted}) == (0, 0, 1)


def test_a_suppression_holds_until_it_is_lifted(state):
    one = {"customer_id": "ann", "channel": "email", "reason": "asked by phone"}
    assert told(state, SUPPRESSIONS, one, {"customer_id": "ann"}) == (2, 2, 0)
    assert stored(state, Suppression.customer_id, Suppression.channel) == [
        ("ann", ""),
        ("ann", "email"),
    ]
    assert lift_suppression(state, "ann", "email") == 1
    assert lift_suppression(state, "ann", "email") == 0
    assert stored(state, Suppression.channel) == [("",)]
    assert lift_suppression(state, "ann", None) == 1


def test_who_report_the_same_rows_at_once_count_each_once(state):
    rows = [OUTCOME | {"customer_id": f"c{number}"} for number in range(400)]
    bodies = [rows, rows[::-1], rows[200:] + rows[:200], rows]
    with ThreadPoolExecutor(len(bodies)) as threads:
        found = list(threads.map(lambda own: told(state, OUTCOMES, *own), bodies))
    assert [(accepted, rejected) for accepted, _, rejected in found] == [(400, 0)] * 4
    assert sum(changed for _, changed, _ in found) == 400
