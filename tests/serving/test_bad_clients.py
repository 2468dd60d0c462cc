"""Clients that are slow, wrong or hostile are told so, or left, and hold up nobody else."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from scored import MODEL, go_live, many
from service import running

from campaigns.state.database import connect as connect_to
from campaigns.state.database import state_url, upgrade_state
from pipeline.lock import exclusive
from serving.cursor import make_text_cursor
from serving.patience import PatientProtocol

MIB = 1_048_576
FIFTY_MIB = 50 * MIB
NDJSON = {"Content-Type": "application/x-ndjson"}


class Impatient(PatientProtocol):
    """As it is, in a hurry."""

    headers_s = 0.3
    body_s = 0.6


def connect(service):
    host, port = service.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def head(service, *more, path="/v1/lists"):
    lines = (f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {service.key('admin')}")
    return "\r\n".join((*lines, *more, "", "")).encode()


@pytest.mark.parametrize(
    "path", ["/v1/lists", "/v1/outcomes", "/v1/campaigns", "/v1/scores:batch", "/v1/webhooks"]
)
def test_a_body_of_50_mib_is_refused_before_any_of_it_is_read(service, path):
    with closing(connect(service)) as connection:
        # None of the body is ever sent, and none is waited for.
        connection.sendall(head(service, f"Content-Length: {FIFTY_MIB}", path=path))
        assert connection.recv(4096).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "pouring"}], ids=["no key", "with a key"])
def test_a_body_of_no_declared_length_is_refused_as_soon_as_it_is_too_long(client, key):
    poured = []

    def pour():
        for _ in range(50):
            poured.append(MIB)
            yield b" " * MIB

    headers = {"Content-Type": "application/json", **key}
    answer = client.post("/v1/lists", content=pour(), headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (413, "The body is too long")


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"where":' * 100_000, b'{"model": ' + b"[" * 500 + b"]" * 500 + b"}"],
    ids=["lists", "objects", "closed"],
)
@pytest.mark.parametrize("path", ["/v1/lists", "/v1/lists:preview", "/v1/standing-lists"])
def test_deep_json_is_refused_everywhere(client, path, body):
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_a_deep_line_is_told_by_its_number_and_the_others_are_taken(service):
    fine = {"customer_id": "c1", "channel": "email", "reason": "asked"}
    body = b"[" * 100_000 + b"\n" + json.dumps(fine).encode()
    with service.with_key("consents:write") as client:
        answer = client.post("/v1/suppressions", content=body, headers=NDJSON)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    assert answer.json()["errors"][0]["line"] == 1


@pytest.mark.parametrize("declared", ["application/json", "text/csv", "multipart/form-data", ""])
def test_reports_that_are_not_declared_as_lines_are_refused(service, declared):
    with service.with_key("outcomes:write") as client:
        answer = client.post("/v1/outcomes", content=b"{}", headers={"Content-Type": declared})
    assert (answer.status_code, answer.json()["title"]) == (415, "The body is not NDJSON")


@pytest.mark.parametrize(
    "declared", ["text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
def test_a_request_that_is_not_declared_as_json_is_not_read_as_json(client, declared):
    body = json.dumps({"model": MODEL, "size": 1})
    answer = client.post("/v1/lists", content=body, headers={"Content-Type": declared})
    assert answer.status_code in {415, 422}


@pytest.mark.parametrize(
    "cursor",
    [
        make_text_cursor("lists", "yesterday list_a"),
        make_text_cursor("lists", "2026-03-01T00:00:00 list_a"),
        make_text_cursor("webhooks", "x"),
        "x",
    ],
)
def test_a_cursor_of_another_kind_is_refused(client, cursor):
    answer = client.get("/v1/lists", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["title"]) == (422, "The cursor is not valid")


def test_the_same_key_while_the_first_request_is_worked_on_is_a_conflict(tmp_path):
    go_live(tmp_path, many(50))
    spec, key = {"model": MODEL, "size": 5}, {"Idempotency-Key": "twice"}
    with (
        running(tmp_path) as service,
        service.with_key("admin") as client,
        ThreadPoolExecutor(1) as elsewhere,
    ):
        built = client.post("/v1/lists", json=spec).json()["id"]
        with service.state.begin() as rows:
            rows.exec_driver_sql("DELETE FROM lists")
        # The first request waits for whoever builds the same list.
        with exclusive(tmp_path / "lists" / f".{built}.lock"):
            first = elsewhere.submit(client.post, "/v1/lists", json=spec, headers=key)
            with service.state.connect() as rows:
                query = "SELECT count(*) FROM idempotency_keys"
                while not rows.exec_driver_sql(query).scalar():
                    pass
            second = client.post("/v1/lists", json=spec, headers=key)
            other = client.post("/v1/lists", json=spec | {"size": 6}, headers=key)
        assert first.result(timeout=60).status_code == 201
        third = client.post("/v1/lists", json=spec, headers=key)
    assert (second.status_code, second.headers["Retry-After"]) == (409, "1")
    assert second.json()["type"] == "urn:shortlist:problem:in-progress"
    assert (other.status_code, other.json()["title"][:19]) == (422, "The idempotency key")
    assert (third.status_code, third.headers["Idempotency-Replayed"]) == (201, "true")


def test_a_text_that_no_database_keeps_is_no_defect(tmp_path, postgresql):
    # SQLite keeps a NUL character in a text, PostgreSQL does not.
    engine = connect_to(state_url(tmp_path, postgresql))
    upgrade_state(engine)
    engine.dispose()
    go_live(tmp_path, many(50))
    with running(tmp_path, database_url=postgresql) as service, service.with_key("admin") as client:
        spec = {"model": MODEL, "size": 3, "campaign": "a\0b"}
        answers = [
            client.get("/v1/jobs/a%00b"),
            client.get("/v1/lists/a%00b/members"),
            client.get("/v1/lists", params={"campaign": "a\0b"}),
            client.post("/v1/lists", json=spec),
            client.post("/v1/lists", json=spec, headers={"Idempotency-Key": "nul"}),
            client.delete("/v1/webhooks/a%00b"),
        ]
    assert [answer.status_code for answer in answers] == [422] * len(answers)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """A service that waits for a tenth of the usual time."""
    artifacts = tmp_path_factory.mktemp("artifacts")
    go_live(artifacts, many(50))
    with running(artifacts, http=Impatient) as started:
        yield started


def is_left(connection):
    """Whether the service closes a connection without an answer."""
    try:
        return connection.recv(4096) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("sent", [b"", b"GET /v1/lists HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "])
def test_a_connection_that_never_gets_to_the_end_of_its_headers_is_closed(impatient, sent):
    with closing(connect(impatient)) as connection:
        connection.sendall(sent)
        assert is_left(connection)


def test_headers_that_trickle_without_end_are_not_waited_for(impatient):
    with closing(connect(impatient)) as connection:
        connection.settimeout(0.05)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        for number in range(1200):  # a minute, at least
            try:
                connection.sendall(f"X-{number}: y\r\n".encode())
                if connection.recv(4096) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    pytest.fail("the connection is still open")


@pytest.mark.parametrize("key", ["X-A: 1", "Idempotency-Key: slow"], ids=["no key", "with a key"])
def test_a_body_that_does_not_come_is_not_waited_for(impatient, key, caplog):
    with closing(connect(impatient)) as connection:
        more = ("Content-Type: application/json", "Content-Length: 40", key)
        connection.sendall(head(impatient, *more) + b'{"model": ')
        assert is_left(connection)
    assert "Traceback" not in caplog.text
    with impatient.with_key("admin") as client:
        assert client.get("/v1/lists").json()["lists"] == []


def test_many_slow_clients_hold_up_nobody(service):
    slow = [connect(service) for _ in range(200)]
    try:
        for number, connection in enumerate(slow):
            declared = ("Content-Type: application/json", "Content-Length: 40")
            begun = head(service, *declared) + b"{" if number % 50 == 0 else b"GET / HTTP/1.1\r\nX"
            connection.sendall(begun)
        with service.with_key("lists:read") as client:
            assert {client.get("/v1/lists").status_code for _ in range(20)} == {200}
    finally:
        for connection in slow:
            connection.close()
