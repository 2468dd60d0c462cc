"""What happens is told once to everybody who wants to know, however often it takes."""

import threading
from datetime import timedelta

import pytest
from pydantic import ValidationError
from scored import NOON, go_live, many

from campaigns.webhooks.events import GIVE_UP_AFTER, emit
from campaigns.webhooks.outbox import (
    KEPT_FOR,
    LEASE,
    UnfinishedDeliveryError,
    UnknownDeliveryError,
    claim_delivery,
    find_delivery,
    forget_deliveries,
    give_back_delivery,
    list_deliveries,
    replay,
    send_ping,
    settle,
)
from campaigns.webhooks.releases import ReleaseWatch
from campaigns.webhooks.schedule import MOST_ATTEMPTS, wait_before_next
from campaigns.webhooks.sending import Outcome
from campaigns.webhooks.subscriptions import (
    MOST,
    TooManyWebhooksError,
    UnknownWebhookError,
    WebhookSpec,
    find_webhook,
    remove_webhook,
    subscribe,
)

ALARM = {"alarm": "drift", "model": "card_uptake"}
SECOND = timedelta(seconds=1)


def hook(state, *events, name="CRM"):
    spec = WebhookSpec(url="https://crm.example/hook", events=events or ("alarm",), name=name)
    return subscribe(state, spec, created_by="1f3a9c0b", at=NOON).webhook.id


def claim(state, owner="ann", at=NOON, **given):
    return claim_delivery(state, owner, at=at, **given)


def end(state, attempt, outcome, *, owner="ann", at=NOON):
    return settle(state, owner, attempt, outcome, at=at, jitter=0.5)


def only(state, webhook):
    (found,) = list_deliveries(state, webhook, limit=10)
    return found


def test_each_webhook_is_told_of_what_it_asked_for(state):
    alarms, releases = hook(state, "alarm"), hook(state, "release", "list.ready")
    event = emit(state, "alarm", ALARM, NOON)
    assert only(state, alarms).event_id == event
    assert list_deliveries(state, releases, limit=10) == []


def test_a_webhook_is_not_told_of_what_happened_before_it(state):
    emit(state, "alarm", ALARM, NOON)
    assert list_deliveries(state, hook(state), limit=10) == []


def test_what_is_named_is_told_once_however_many_tell_it(state):
    webhook = hook(state)
    start, told = threading.Barrier(6), []

    def tell():
        start.wait(timeout=60)
        told.append(emit(state, "alarm", ALARM, NOON, once="gate 7"))

    threads = [threading.Thread(target=tell) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [only(state, webhook).event_id] * 6


@pytest.mark.parametrize(
    "more", [{"customer_id": "c00001"}, {"customers": ["c00001"]}, {"detail": {"who": "c00001"}}]
)
def test_a_payload_can_carry_nothing_that_is_not_declared(state, more):
    webhook = hook(state)
    with pytest.raises(ValidationError):
        emit(state, "alarm", ALARM | more, NOON)
    assert list_deliveries(state, webhook, limit=10) == []


def test_of_many_who_claim_at_once_one_makes_the_attempt(state):
    webhook = hook(state)
    emit(state, "alarm", ALARM, NOON)
    start, claimed = threading.Barrier(6), []

    def one(name):
        start.wait(timeout=60)
        claimed.append(claim(state, name))

    threads = [threading.Thread(target=one, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([found for found in claimed if found]) == 1
    assert only(state, webhook).attempts == 1


def test_what_a_killed_process_left_is_taken_up_when_its_lease_is_over(state):
    webhook = hook(state)
    emit(state, "alarm", ALARM, NOON)
    first = claim(state, "ann")
    assert claim(state, "bob", NOON + LEASE) is None
    later = NOON + LEASE + SECOND
    second = claim(state, "bob", later)
    assert (second.number, second.body) == (2, first.body)
    # The one that was slow, not dead, has no say any more.
    assert not end(state, first, Outcome(200), at=later)
    assert only(state, webhook).status == "pending"
    assert end(state, second, Outcome(200), owner="bob", at=later)
    assert only(state, webhook).status == "delivered"


def test_what_is_given_back_counts_as_no_attempt(state):
    webhook = hook(state)
    emit(state, "alarm", ALARM, NOON)
    give_back_delivery(state, "ann", claim(state))
    assert only(state, webhook).attempts == 0
    assert claim(state, "bob").number == 1


def test_what_fails_is_tried_again_later_and_later_until_it_is_given_up(state):
    webhook = hook(state)
    emit(state, "alarm", ALARM, NOON)
    at, waits = NOON, []
    for number in range(1, MOST_ATTEMPTS + 1):
        attempt = claim(state, at=at)
        assert attempt.number == number
        end(state, attempt, Outcome(503, "answered 503"), at=at)
        due_at = only(state, webhook).due_at
        if due_at is None:
            break
        assert claim(state, at=due_at - SECOND) is None
        waits.append(due_at - at)
        at = due_at
    found = only(state, webhook)
    assert (found.status, found.attempts, found.answered) == ("failed", MOST_ATTEMPTS, 503)
    assert waits == sorted(waits)
    assert at - NOON < GIVE_UP_AFTER
    assert claim(state, at=at + GIVE_UP_AFTER) is None


def test_what_would_be_tried_too_late_is_given_up(state):
    webhook = hook(state)
    emit(state, "alarm", ALARM, NOON)
    # No service ran for four days: it is tried once all the same.
    late = NOON + timedelta(days=4)
    end(state, claim(state, at=late), Outcome(503, "answered 503"), at=late)
    assert (only(state, webhook).status, only(state, webhook).attempts) == ("failed", 1)


def test_a_delivery_that_kills_every_process_is_given_up(state):
    webhook = hook(state)
    emit(state, "alarm", ALARM, NOON)
    for number in range(MOST_ATTEMPTS):
        assert claim(state, at=NOON + number * (LEASE + SECOND))
    assert claim(state, at=NOON + MOST_ATTEMPTS * (LEASE + SECOND)) is None
    assert (only(state, webhook).status, only(state, webhook).due_at) == ("failed", None)


@pytest.mark.parametrize("number", range(1, MOST_ATTEMPTS))
def test_waits_differ_by_chance_and_a_receiver_gets_the_time_it_asks_for(number):
    least, most = wait_before_next(number, 0.0), wait_before_next(number, 1.0)
    assert most / least == pytest.approx(5 / 3)
    assert wait_before_next(number, 0.5, asked_s=86_400) >= timedelta(hours=16)
    assert wait_before_next(number, 0.5, asked_s=1e9) <= timedelta(hours=20)


def test_a_webhook_that_is_busy_holds_up_no_other(state):
    slow, quick = hook(state), hook(state)
    emit(state, "alarm", ALARM, NOON)
    first = claim(state, busy={slow})
    assert first.webhook_id == quick
    assert claim(state, busy={slow, quick}) is None


def test_a_receiver_that_is_gone_is_told_nothing_more_until_a_ping_succeeds(state):
    webhook = hook(state)
    emit(state, "alarm", ALARM, NOON)
    end(state, claim(state), Outcome(410, "answered 410"))
    assert only(state, webhook).status == "failed"
    assert find_webhook(state, webhook).disabled_at == NOON
    emit(state, "alarm", ALARM, NOON)
    assert claim(state) is None
    send_ping(state, webhook, at=NOON)
    end(state, claim(state), Outcome(200))
    assert find_webhook(state, webhook).disabled_at is None


def test_what_was_delivered_or_given_up_is_replayed_under_the_same_id(state):
    webhook = hook(state)
    emit(state, "alarm", ALARM, NOON)
    first = claim(state)
    with pytest.raises(UnfinishedDeliveryError):
        replay(state, webhook, first.delivery_id, at=NOON)
    end(state, first, Outcome(200))
    later = NOON + timedelta(days=9)
    assert replay(state, webhook, first.delivery_id, at=later).status == "pending"
    second = claim(state, at=later)
    assert (second.number, second.body) == (1, first.body)
    assert second.headers["webhook-id"] == first.headers["webhook-id"]
    assert second.headers["webhook-timestamp"] != first.headers["webhook-timestamp"]


def test_a_delivery_of_another_webhook_is_not_found(state):
    webhook, other = hook(state), hook(state, "release")
    emit(state, "alarm", ALARM, NOON)
    delivery = only(state, webhook).id
    with pytest.raises(UnknownDeliveryError):
        find_delivery(state, other, delivery)
    with pytest.raises(UnknownDeliveryError):
        replay(state, other, delivery, at=NOON)


def test_a_removed_webhook_is_told_nothing_of_what_was_on_its_way(state):
    webhook = hook(state)
    emit(state, "alarm", ALARM, NOON)
    remove_webhook(state, webhook)
    assert claim(state) is None
    with pytest.raises(UnknownWebhookError):
        list_deliveries(state, webhook, limit=10)


def test_there_are_only_so_many_webhooks(state):
    for _ in range(MOST):
        hook(state)
    with pytest.raises(TooManyWebhooksError):
        hook(state)


def test_what_is_long_over_is_forgotten_and_what_is_on_its_way_is_not(state):
    over, pending = hook(state, "alarm"), hook(state, "export.ready")
    emit(state, "alarm", ALARM, NOON)
    export = {"export_id": "e", "list_id": "l", "format": "csv", "link": "/v1"}
    emit(state, "export.ready", export, NOON)
    attempt = claim(state, busy={pending})
    end(state, attempt, Outcome(200))
    forget_deliveries(state, at=NOON + KEPT_FOR)
    assert only(state, over).status == "delivered"
    forget_deliveries(state, at=NOON + KEPT_FOR + SECOND)
    assert list_deliveries(state, over, limit=10) == []
    assert only(state, pending).status == "pending"


def test_what_goes_live_is_told_once_by_however_many_watch(state, tmp_path):
    webhook = hook(state, "release")
    watches = [ReleaseWatch(tmp_path, state) for _ in range(3)]
    for watch in watches:
        watch.look()
    go_live(tmp_path, many(20), version="1")
    for watch in (*watches, ReleaseWatch(tmp_path, state)):
        watch.look()
    first = claim(state)
    assert b'"model":"customer_activity","model_version":"1"' in first.body
    assert only(state, webhook).event == "release"
    go_live(tmp_path, many(20), version="2")
    # A service that was not running meanwhile tells of it when it starts.
    ReleaseWatch(tmp_path, state).look()
    assert [one.event for one in list_deliveries(state, webhook, limit=10)] == ["release"] * 2
