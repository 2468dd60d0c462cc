"""A webhook is added, told of what happens, tested, followed and replayed, over HTTP."""

import base64
import hashlib
import hmac
import json
import socket
import time
from datetime import UTC, datetime

import pytest
from jobs import done
from receiver import receiving
from scored import MODEL, go_live, many
from service import running

from campaigns.state.database import connect, open_state, state_url, upgrade_state
from campaigns.webhooks.events import emit
from campaigns.webhooks.outbox import find_delivery

ALLOWED = {"webhooks_allow": "127.0.0.1"}


@pytest.fixture
def hooked(tmp_path, database):
    """A service with something live, on each kind of database."""
    if database:
        engine = connect(state_url(tmp_path, database))
        upgrade_state(engine)
        engine.dispose()
    go_live(tmp_path, many(50))
    with running(tmp_path, database_url=database, **ALLOWED) as service:
        service.state_url = database
        yield service


def add(client, url, *events):
    answer = client.post("/v1/webhooks", json={"url": url, "events": events})
    assert answer.status_code == 201, answer.text
    return answer.json()


def settled(client, location, *, within_s=60):
    until = time.monotonic() + within_s
    while (found := client.get(location).json())["status"] == "pending":
        assert time.monotonic() < until, found
        time.sleep(0.02)
    return found


def is_signed(secret, message):
    signed = "{webhook-id}.{webhook-timestamp}.".format(**message.headers).encode() + message.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    ours = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return message.headers["webhook-signature"] == f"v1,{ours}"


def test_lists_exports_releases_and_alarms_are_told_signed_and_by_their_ids(hooked):
    with receiving() as receiver, hooked.with_key("admin") as client:
        made = add(client, receiver.url, "list.ready", "export.ready", "release", "alarm")
        path = client.post("/v1/lists", json={"model": MODEL, "size": 10}).headers["Location"]
        client.post("/v1/lists", json={"model": MODEL, "size": 10})  # built already
        export = done(client, client.post(f"{path}/exports", json={"format": "csv"}))
        go_live(hooked.artifacts, many(50), version="2")  # as `shortlist run` elsewhere does
        emit(hooked.state, "alarm", {"alarm": "drift", "model": MODEL}, datetime.now(UTC))
        messages = receiver.wait_for(4)
        told = {one["type"]: one["data"] for one in (json.loads(m.body) for m in messages)}
        listed = client.get(f"{path}").json()
    assert all(is_signed(made["secret"], message) for message in messages)
    assert told["list.ready"]["link"] == path
    assert told["list.ready"]["list_id"] == listed["id"]
    assert told["export.ready"]["link"] == export["location"]
    assert told["release"]["model_version"] == "2"
    assert told["alarm"]["alarm"] == "drift"
    assert not any(b"c000" in message.body for message in messages)
    assert len({message.headers["webhook-id"] for message in messages}) == 4


def test_what_fails_is_tried_again_and_replayed_on_request(hooked):
    with receiving() as receiver, hooked.with_key("admin") as client:
        made = add(client, receiver.url, "alarm")
        receiver.answers, receiver.headers = [500], {"Retry-After": "3600"}
        ping = client.post(f"/v1/webhooks/{made['id']}/ping")
        receiver.wait_for(1)
        assert ping.status_code == 202
        while (found := client.get(ping.headers["Location"]).json())["answered"] is None:
            pass
        assert (found["status"], found["attempts"], found["answered"]) == ("pending", 1, 500)
        refused = client.post(f"{ping.headers['Location']}/replay")
        assert (refused.status_code, refused.json()["title"]) == (409, "The delivery is on its way")
        # Its second attempt is an hour away; a message that is over is replayed at once.
        receiver.answers, receiver.headers = [410], {}
        gone = client.post(f"/v1/webhooks/{made['id']}/ping").headers["Location"]
        assert settled(client, gone)["status"] == "failed"
        assert client.get(f"/v1/webhooks/{made['id']}").json()["disabled_at"]
        assert client.post(f"{gone}/replay").status_code == 202
        assert settled(client, gone)["status"] == "delivered"
        ids = [message.headers["webhook-id"] for message in receiver.messages]
        assert ids.count(client.get(gone).json()["event_id"]) == 2
        assert client.get(f"/v1/webhooks/{made['id']}").json()["disabled_at"] is None


def test_of_several_processes_one_delivers(hooked):
    second = running(hooked.artifacts, database_url=hooked.state_url, **ALLOWED)
    with receiving() as receiver, second, hooked.with_key("admin") as client:
        made = add(client, receiver.url, "alarm")
        for number in range(20):
            emit(hooked.state, "alarm", {"alarm": str(number)}, datetime.now(UTC))
        path = f"/v1/webhooks/{made['id']}/deliveries"
        receiver.wait_for(20)
        while client.get(f"{path}?status=pending").json()["deliveries"]:
            pass
        found = client.get(path).json()["deliveries"]
        assert [one["attempts"] for one in found] == [1] * 20
        assert len({message.headers["webhook-id"] for message in receiver.messages}) == 20
        assert len(receiver.messages) == 20


def test_a_receiver_that_never_answers_holds_up_nobody_and_no_stop(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        receiving() as receiver,
        running(tmp_path, **ALLOWED) as service,
        service.with_key("admin") as client,
    ):
        first = add(client, f"http://127.0.0.1:{silent.getsockname()[1]}/", "alarm")["id"]
        second = add(client, receiver.url, "alarm")["id"]
        waiting = client.post(f"/v1/webhooks/{first}/ping").json()["id"]
        silent.settimeout(60)
        connection, _ = silent.accept()  # and say nothing
        client.post(f"/v1/webhooks/{second}/ping")
        receiver.wait_for(1)
    connection.close()
    state = open_state(tmp_path)
    left = find_delivery(state, first, waiting)
    state.dispose()
    # The attempt was broken off, and whoever starts next makes it at once.
    assert (left.status, left.attempts) == ("pending", 0)


@pytest.fixture(scope="module")
def admin(service):
    with service.with_key("admin") as made:
        yield made


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/hook",
        "https://localhost/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "ftp://crm.example/",
        "nonsense",
    ],
)
def test_a_private_target_is_refused_when_it_is_added(admin, url):
    answer = admin.post("/v1/webhooks", json={"url": url, "events": ["alarm"]})
    assert (answer.status_code, answer.json()["title"]) == (422, "Nothing is sent there")
    assert answer.json()["errors"][0]["pointer"] == "#/url"


def test_the_secret_is_shown_once_and_never_again(tmp_path):
    with running(tmp_path, **ALLOWED) as service, service.with_key("admin") as client:
        asked = {"url": "http://127.0.0.1:9/", "events": ["alarm"]}
        made = client.post("/v1/webhooks", json=asked)
        path = made.headers["Location"]
        assert made.json()["secret"].startswith("whsec_")
        for later in (client.get("/v1/webhooks"), client.get(path)):
            assert "whsec_" not in later.text
        assert client.delete(path).json() == {"removed": made.json()["id"]}
        assert client.get(path).status_code == 404


def test_an_idempotency_key_does_not_show_a_secret_twice(tmp_path):
    with running(tmp_path, **ALLOWED) as service, service.with_key("admin") as client:
        asked = {"url": "http://127.0.0.1:9/", "events": ["alarm"]}
        first, second = (
            client.post("/v1/webhooks", json=asked, headers={"Idempotency-Key": "again"})
            for _ in range(2)
        )
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json()["secret"] != second.json()["secret"]


def test_deliveries_are_paged_newest_first_by_their_status(tmp_path):
    with (
        receiving() as receiver,
        running(tmp_path, **ALLOWED) as service,
        service.with_key("admin") as client,
    ):
        made = add(client, receiver.url, "alarm")
        path = f"/v1/webhooks/{made['id']}"
        pings = [client.post(f"{path}/ping").json()["id"] for _ in range(3)]
        for ping in pings:
            settled(client, f"{path}/deliveries/{ping}")
        first = client.get(f"{path}/deliveries?limit=2&status=delivered").json()
        cursor = first["next_cursor"]
        last = client.get(f"{path}/deliveries?limit=2&cursor={cursor}").json()
        foreign = client.get(f"/v1/webhooks/hook_0/deliveries?cursor={cursor}")
        assert client.get(f"{path}/deliveries?status=failed").json()["deliveries"] == []
    shown = [one["id"] for one in first["deliveries"] + last["deliveries"]]
    assert shown == pings[::-1]
    assert last["next_cursor"] is None
    assert foreign.json()["title"] == "The cursor is not valid"


def test_webhooks_are_the_business_of_admins_alone(service):
    with service.with_key("lists:read", "lists:write") as client:
        asked = {"url": "https://crm.example/", "events": ["alarm"]}
        assert client.get("/v1/webhooks").status_code == 403
        assert client.post("/v1/webhooks", json=asked).status_code == 403
        assert client.get("/v1/webhooks/hook_0").status_code == 403
