"""Who may be contacted is read when it is needed: as delivered, and as reported since."""

from datetime import timedelta

import pytest
from known import NOW, deliver, named, population_of
from shop import contact, fact, member
from sqlalchemy.orm import Session

from campaigns.list_spec import ContactCap
from campaigns.permissions import (
    NoConsentsError,
    consented,
    contacted_enough,
    suppressed,
)
from campaigns.state.tables import ConsentChange, ContactEvent, Suppression

PEOPLE = ("ann", "bob", "cat", "dan")


def word(who, when, *, granted, channel="email", purpose="marketing"):
    return fact("consents", who, when, channel=channel, purpose=purpose, granted=granted)


def report(state, *rows):
    with Session(state) as session, session.begin():
        session.add_all(rows)


def changed(who, *, granted, ago=timedelta(minutes=1), channel="email"):
    at = NOW - ago
    return ConsentChange(
        customer_id=who,
        channel=channel,
        purpose="marketing",
        granted=granted,
        event_time=at,
        received_at=at,
    )


def reported(who, ago_days, status="sent", channel="email"):
    at = NOW - timedelta(days=ago_days)
    return ContactEvent(
        campaign_id="spring",
        customer_id=who,
        channel=channel,
        event_time=at,
        status=status,
        received_at=at,
    )


def who_agrees(artifacts, state, **given):
    asked = {"channel": "email", "purpose": "marketing", "at": NOW, **given}
    with population_of(artifacts) as population:
        return named(population, consented(population, artifacts, state, **asked))


def test_the_latest_word_counts_wherever_it_was_given(tmp_path, state):
    deliver(
        tmp_path,
        *map(member, PEOPLE),
        word("ann", "2024-01-01", granted=True),
        word("bob", "2024-01-01", granted=True),
        word("cat", "2024-01-01", granted=False),
        word("dan", "2024-06-01", granted=True),  # after the cut-off of the scores
    )
    assert who_agrees(tmp_path, state) == ["ann", "bob", "dan"]
    report(state, changed("bob", granted=False), changed("cat", granted=True))
    report(state, changed("ann", granted=False, ago=timedelta(days=365)))  # told late: older
    assert who_agrees(tmp_path, state) == ["ann", "cat", "dan"]
    assert who_agrees(tmp_path, state, channel="sms") == []
    assert who_agrees(tmp_path, state, purpose="health") == []


def test_a_change_that_is_not_due_yet_does_not_count(tmp_path, state):
    deliver(tmp_path, *map(member, PEOPLE), word("ann", "2024-01-01", granted=True))
    report(state, changed("ann", granted=False, ago=-timedelta(days=3)))
    assert who_agrees(tmp_path, state) == ["ann"]


def test_without_any_consent_on_record_nobody_is_guessed_to_agree(tmp_path, state):
    deliver(tmp_path, *map(member, PEOPLE))
    with pytest.raises(NoConsentsError, match="no consents are on record"):
        who_agrees(tmp_path, state)
    report(state, changed("ann", granted=True))
    assert who_agrees(tmp_path, state) == ["ann"]


def test_who_is_suppressed_or_complained_is_left_alone(tmp_path, state):
    deliver(
        tmp_path, *map(member, PEOPLE), contact("cat", "2020-01-01", "email", status="complained")
    )
    report(
        state,
        Suppression(customer_id="ann", channel="", reason="asked", since=NOW),
        Suppression(customer_id="bob", channel="sms", reason="asked", since=NOW),
        reported("dan", 3, "complained"),
    )
    for channel, expected in (
        ("email", ["ann", "cat", "dan"]),
        ("sms", ["ann", "bob"]),
        (None, ["ann", "bob", "cat", "dan"]),
    ):
        with population_of(tmp_path) as population:
            bits = suppressed(population, tmp_path, state, channel=channel)
            assert named(population, bits) == expected


def test_contacts_of_the_last_days_are_counted_once_and_bounces_never(tmp_path, state):
    deliver(
        tmp_path,
        *map(member, PEOPLE),
        contact("ann", "2024-06-01", "email"),
        contact("ann", "2024-05-31", "sms"),
        contact("bob", "2024-06-01", "email"),
        contact("cat", "2024-01-01", "email"),
    )
    report(
        state,
        reported("bob", 1, "bounced"),
        reported("cat", 1),
        reported("cat", 2),
        reported("dan", 8),
        reported("dan", 9),
    )
    for cap, expected in (
        (ContactCap(times=2, within_days=7), ["ann", "cat"]),
        (ContactCap(times=2, within_days=7, channel="email"), ["cat"]),
        (ContactCap(times=1, within_days=30), ["ann", "bob", "cat", "dan"]),
        (ContactCap(times=3, within_days=400), ["cat"]),
    ):
        with population_of(tmp_path) as population:
            bits = contacted_enough(population, tmp_path, state, cap=cap, at=NOW)
            assert named(population, bits) == expected
