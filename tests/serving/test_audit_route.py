"""GET /v1/audit and `shortlist audit`: who took what; nothing leaves when it cannot be noted."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from scored import MODEL, NOBODY_HELD_OUT, NOON, go_live, many
from service import running
from sqlalchemy import text
from typer.testing import CliRunner

from campaigns.audit import Event, read_audit
from serving.audit_log import AuditLog
from shortlist.cli import app


@pytest.fixture(scope="module")
def path(client):
    spec = {"model": MODEL, "size": 1500, **NOBODY_HELD_OUT}
    return client.post("/v1/lists", json=spec).headers["Location"]


@pytest.fixture(scope="module")
def admin(service):
    with service.with_key("admin") as made:
        yield made


def test_a_page_is_in_the_audit_with_its_rows_and_fields(service, admin, path):
    with service.with_key("lists:read") as reader:
        answer = reader.get(f"{path}/members", params={"limit": 700})
        rest = {"cursor": answer.json()["next_cursor"], "limit": 1000}
        reader.get(f"{path}/members", params=rest)
        who = reader.headers["Authorization"].split("_")[1]
    second, first = admin.get("/v1/audit", params={"who": who}).json()["events"]
    assert (first["rows"], second["rows"]) == (700, 800)
    assert first["request_id"] == answer.headers["X-Request-Id"]
    assert first["list_id"] == path.rpartition("/")[2]
    assert first["fields"] == ["rank", "customer_id", "probability", "arm", "arm_probability"]


def test_the_audit_is_read_in_pages(admin, client, path):
    for limit in (1, 2, 3, 4, 5):
        client.get(f"{path}/members", params={"limit": limit})
    query = {"list_id": path.rpartition("/")[2], "limit": 2}
    rows = []
    while True:
        page = admin.get("/v1/audit", params=query).json()
        rows += [one["rows"] for one in page["events"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert rows[:5] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("cursor", ["x", "0", "ü", "A" * 200])
def test_a_cursor_of_somebody_else_is_refused(admin, cursor):
    assert admin.get("/v1/audit", params={"cursor": cursor}).status_code == 422


def test_no_customer_is_named_in_the_audit(admin, client, path):
    client.get(f"{path}/members")
    client.get(f"{path}/members/c00000/reasons")
    client.get("/v1/customers/c00000/scores")
    assert "c00000" not in admin.get("/v1/audit", params={"limit": 1000}).text


def test_the_command_tells_the_same(service, admin, client, path, tmp_path):
    client.get(f"{path}/members")
    told = admin.get("/v1/audit", params={"limit": 3}).json()["events"]
    (tmp_path / "artifacts").symlink_to(service.artifacts)
    words = ["--project", str(tmp_path), "--json", "audit", "--limit", "3"]
    said = CliRunner().invoke(app, words, catch_exceptions=False)
    assert json.loads(said.stdout) == told
    shown = CliRunner(env={"COLUMNS": "300"}).invoke(app, [*words[:2], "audit"])
    assert told[0]["who"] in shown.stdout


def event(number):
    return Event(NOON, "key", "GET /v1/lists", f"r{number}", rows=number)


def test_what_many_take_at_once_is_all_there_when_each_is_answered(state):
    log = AuditLog(state)
    log.start()
    try:

        def take(number):
            log.submit(event(number)).result(timeout=60)
            return number in {one.event.rows for one in read_audit(state, limit=500)}

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(take, range(100)))
    finally:
        log.stop()
    assert sorted(one.event.rows for one in read_audit(state, limit=500)) == list(range(100))


def test_what_waits_when_the_service_stops_is_written(state):
    log = AuditLog(state)
    waiting = [log.submit(event(number)) for number in range(5)]
    log.start()
    log.stop()
    assert all(one.done() and one.exception() is None for one in waiting)
    assert len(read_audit(state, limit=9)) == 5


def test_nothing_is_sent_of_what_cannot_be_recorded(tmp_path):
    go_live(tmp_path, many(50))
    with running(tmp_path) as service, service.with_key("lists:read", "lists:write") as client:
        spec = {"model": MODEL, "size": 20, **NOBODY_HELD_OUT}
        path = client.post("/v1/lists", json=spec).headers["Location"]
        assert client.get(f"{path}/members").status_code == 200
        with service.state.begin() as connection:
            connection.execute(text("ALTER TABLE audit_events RENAME TO lost"))
        refused = client.get(f"{path}/members")
        assert (refused.status_code, "p_" in refused.text) == (503, False)
        with service.state.begin() as connection:
            connection.execute(text("ALTER TABLE lost RENAME TO audit_events"))
        assert client.get(f"{path}/members").status_code == 200
