"""What somebody hostile sends: none of it is a defect of ours, or opens anything."""

import socket

import pytest
from databases import run
from scored import MODEL, go_live, many
from service import running

from campaigns.state.database import connect, state_url, upgrade_state
from serving.cursor import make_text_cursor

#: Ends of paths and queries that name what they must not, or cannot.
HOSTILE = [
    "/v1/lists/%00",
    "/v1/lists/%ff",
    "/v1/lists/'%20OR%201=1--",
    "/v1/lists/..%2f..%2fstate.db",
    "/v1/lists?campaign=%00",
    "/v1/lists?model=%ED%A0%80",
    f"/v1/lists?cursor={make_text_cursor('lists', 'yesterday list_a')}",
    f"/v1/lists?cursor={make_text_cursor('lists', '2026-03-01 list_a')}",
    f"/v1/lists?cursor={make_text_cursor('lists', '0001-01-01T00:00:00+14:00 list_a')}",
    "{list}/members?limit=99999999999999999999",
    "{list}/members/%00/reasons",
    "{list}/members/%F0%9F%92%A9/reasons",
    "{list}/exclusions?reason=suppressed&cursor=%00",
    "{list}/diff?against=%00",
    "{list}/exports/..%2f..",
    "{list}/assignments/%00/members",
    "/v1/jobs/%00",
    "/v1/campaigns/%00",
    "/v1/standing-lists/%00/runs",
    "/v1/customers/%00/scores",
    "/v1/keys/%00",
    "/v1/models/%00",
    "/v1/models/..%2fcard",
    "/v1/audit?who=%00",
    "/v1/audit?list_id=a%00b",
    "/v1/audit?cursor=IyMj",
    f"/v1/audit?cursor={make_text_cursor('audit', 'x')}",
    f"/v1/audit?cursor={make_text_cursor('audit', '9' * 40)}",
]
_NOT_FINITE = '{"model": "customer_activity", "size": 1e400}'
#: Bodies of JSON that a parser or a database may fall over.
BODIES = [
    ("/v1/lists", '{"model": "customer_activity", "size": 5, "campaign": "a\\u0000b"}'),
    ("/v1/lists", '{"model": "customer_activity", "size": 5, "campaign": "\\ud800"}'),
    ("/v1/lists", _NOT_FINITE),
    ("/v1/lists", f'{{"model": "customer_activity", "size": {"9" * 5000}}}'),
    ("/v1/lists", "[" * 100_000),
    ("/v1/lists", '{"model":' * 50_000),
    ("/v1/lists", '{"where": ' + '{"all": [' * 500 + "]}" * 500 + "}"),
    ("/v1/lists", '{"where": ' + '{"not": ' * 900 + "{}" + "}" * 900 + "}"),
    ("/v1/scores:batch", '{"customers": ["\\u0000"]}'),
    ("/v1/scores:batch", '{"customers": ["\\ud800"]}'),
    ("/v1/keys", '{"name": "\\ud800", "scopes": ["admin"]}'),
    ("/v1/campaigns", '{"campaign_id": "a\\u0000", "starts_at": "2026-03-02T00:00:00Z"}'),
    (f"/v1/models/{MODEL}/promote", '{"version": "1", "reason": "a\\u0000"}'),
    (f"/v1/models/{MODEL}/rollback", '{"version": "1\\u0000", "score_set": "x"}'),
    ("{list}/assignments", '{"to": "agents", "capacities": {"\\u0000": 3}}'),
    ("{list}/exports", '{"format": "csv", "fields": ["\\u0000"]}'),
]
_REST = '"campaign_id": "a", "kind": "x", "event_time": "2026-03-02T09:00:00Z"'
#: Lines that are answered line by line, and hold what is no text.
LINES = [
    ("/v1/outcomes", f'{{"customer_id": "\\u0000", {_REST}}}'),
    ("/v1/outcomes", f'{{"customer_id": "\\ud800", {_REST}}}'),
    ("/v1/outcomes", "[" * 100_000),
    ("/v1/consents", '{"customer_id": "a\\u0000", "channel": "email", "granted": true}'),
    ("/v1/suppressions", '{"customer_id": "a", "reason": "\\u0000"}'),
]
#: Paths that somebody on the way may read differently.
OTHERWISE_READ = [
    "//v1/lists",
    "/healthz/../v1/lists",
    "/healthz/",
    "/healthz;/v1/lists",
    "/healthz%2f",
    "/docs/../v1/lists",
    "/V1/lists",
    "/v1/lists/",
    "/%2e%2e/v1/lists",
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request, tmp_path_factory):
    """A service on either database, a client that may all, and the path of a list."""
    artifacts = tmp_path_factory.mktemp("artifacts")
    go_live(artifacts, many(60), base=60)
    settings = {}
    if request.param == "postgresql":
        settings = {"database_url": request.getfixturevalue("own_postgresql")}
        engine = connect(state_url(artifacts, settings["database_url"]))
        upgrade_state(engine)
        engine.dispose()
    with running(artifacts, **settings) as service, service.with_key("admin") as client:
        made = client.post("/v1/lists", json={"model": MODEL, "size": 20})
        yield service, client, made.headers["Location"]


@pytest.fixture(scope="module")
def own_postgresql(postgresql_server):
    """A schema for this file."""
    run(postgresql_server, "CREATE SCHEMA attacks")
    url = postgresql_server.update_query_dict({"options": "-csearch_path=attacks"})
    yield url.render_as_string(hide_password=False)
    run(postgresql_server, "DROP SCHEMA attacks CASCADE")


def test_no_path_or_query_is_a_defect(shop):
    _, client, path = shop
    answers = {end: client.get(end.replace("{list}", path)) for end in HOSTILE}
    wrong = {end: one.text for end, one in answers.items() if one.status_code >= 500}
    assert wrong == {}
    problems = [one for one in answers.values() if one.status_code >= 400]
    assert len(problems) >= len(HOSTILE) - 5  # a filter that nothing meets is an empty page
    assert {one.headers["Content-Type"] for one in problems} == {"application/problem+json"}


def test_no_body_is_a_defect(shop):
    _, client, path = shop
    headers = {"Content-Type": "application/json"}
    answers = {
        (end, body[:60]): client.post(end.replace("{list}", path), content=body, headers=headers)
        for end, body in BODIES
    }
    assert {asked: one.text for asked, one in answers.items() if one.status_code >= 500} == {}


def test_no_line_is_a_defect_or_is_taken(shop):
    _, client, _ = shop
    headers = {"Content-Type": "application/x-ndjson"}
    for end, line in LINES:
        answer = client.post(end, content=line, headers=headers)
        assert (answer.status_code, answer.json()["accepted"]) == (200, 0), (end, answer.text)
    for end in ("/v1/suppressions/%00", "/v1/standing-lists/%00"):
        assert client.delete(end).status_code < 500


def test_a_body_that_is_too_long_is_refused_declared_or_not(shop):
    _, client, _ = shop
    headers = {"Content-Type": "application/json"}
    pieces = (b"x" * 1_000_000 for _ in range(50))
    assert client.post("/v1/lists", content=b"x" * 50_000_000, headers=headers).status_code == 413
    assert client.post("/v1/lists", content=pieces, headers=headers).status_code == 413


def test_no_other_method_opens_a_route(shop):
    _, client, path = shop
    for method in ("OPTIONS", "HEAD", "TRACE", "PATCH", "PUT"):
        assert client.request(method, path).status_code == 405, method
    changed = {"X-HTTP-Method-Override": "DELETE"}
    assert client.post(path, headers=changed).status_code == 405


def test_no_way_of_writing_a_path_does_without_a_key(shop):
    service, _, _ = shop
    for path in OTHERWISE_READ:
        told = service.client.get(path)
        assert (told.status_code, "missing-key" in told.text) == (401, True), path
    hidden = {"X-Original-URL": "/healthz", "X-Rewrite-URL": "/healthz", "X-Forwarded-Prefix": "/x"}
    assert service.client.get("/v1/lists", headers=hidden).status_code == 401


def test_no_other_origin_is_let_in(shop):
    service, client, _ = shop
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answers = [
        service.client.options("/v1/lists", headers=asked),
        client.get("/v1/lists", headers=asked),
    ]
    assert not [
        name for one in answers for name in one.headers if name.startswith("access-control")
    ]


def test_many_ranges_of_a_file_are_no_more_than_the_file(shop):
    _, client, path = shop
    made = client.post(f"{path}/exports", json={"format": "csv"}, headers={"Prefer": "wait=60"})
    file = f"{made.headers['Location']}/files/members.csv"
    whole = len(client.get(file).content)
    ranges = ",".join("0-" for _ in range(5000))
    answer = client.get(file, headers={"Range": f"bytes={ranges}"})
    assert answer.status_code in {200, 206, 400, 416}
    assert len(answer.content) <= 2 * whole


def test_half_requests_do_not_keep_others_waiting(shop):
    service, client, path = shop
    host, port = service.address.removeprefix("http://").split(":")
    half = b"POST /v1/lists HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
    slow = [socket.create_connection((host, int(port))) for _ in range(100)]
    try:
        for connection in slow:
            connection.send(half)
        assert client.get(path).status_code == 200
    finally:
        for connection in slow:
            connection.close()


def test_a_request_with_two_lengths_is_one_request(shop):
    """A second one behind it would be whoever's comes next through a proxy."""
    service, _, _ = shop
    host, port = service.address.removeprefix("http://").split(":")
    smuggled = (
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.send(smuggled)
        connection.shutdown(socket.SHUT_WR)
        told = b""
        while piece := connection.recv(65536):
            told += piece
    assert b'"status":"ready"' not in told
