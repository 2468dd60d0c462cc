"""The function of docs/webhooks.md tells our messages from others."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaigns.webhooks.events import EVENTS
from campaigns.webhooks.outbox import KEPT_FOR, LEASE
from campaigns.webhooks.schedule import MOST_ATTEMPTS
from campaigns.webhooks.signing import new_secret, signed_headers
from campaigns.webhooks.subscriptions import MOST

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
BODY = b'{"type":"ping"}'


@pytest.fixture(scope="module")
def is_ours():
    names = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[0], names)  # noqa: S102
    return names["is_ours"]


def test_what_we_sent_is_ours(is_ours):
    secret = new_secret()
    assert is_ours(secret, signed_headers(secret, "evt_1", datetime.now(UTC), BODY), BODY)


def test_what_somebody_changed_sent_again_or_made_up_is_not(is_ours):
    secret, now = new_secret(), datetime.now(UTC)
    headers = signed_headers(secret, "evt_1", now, BODY)
    assert not is_ours(secret, headers, BODY + b" ")
    assert not is_ours(secret, headers | {"webhook-id": "evt_2"}, BODY)
    assert not is_ours(secret, signed_headers(new_secret(), "evt_1", now, BODY), BODY)
    old = signed_headers(secret, "evt_1", now - timedelta(minutes=6), BODY)
    assert not is_ours(secret, old, BODY)


def test_the_page_names_every_event_and_how_often_it_is_tried():
    assert set(re.findall(r"^\| `([a-z.]+)` \|", PAGE, flags=re.MULTILINE)) == {*EVENTS, "ping"}
    assert MOST_ATTEMPTS == 10
    assert "ten times in all, within three days" in PAGE
    assert f"There may be {MOST} webhooks" in PAGE
    assert f"lease\nof {LEASE.seconds} s" in PAGE
    assert f"kept for {KEPT_FOR.days} days" in PAGE
