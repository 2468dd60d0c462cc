"""POST /v1/contacts, outcomes, consents, suppressions: many rows a request, each once."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from scored import MODEL, go_live, many
from service import running

from campaigns.state.database import connect, state_url, upgrade_state

NDJSON = {"Content-Type": "application/x-ndjson"}
BEFORE = (datetime.now(UTC) - timedelta(days=1)).isoformat()
OUTCOME = {
    "campaign_id": "spring",
    "customer_id": "c00001",
    "kind": "purchase",
    "value": 80.0,
    "event_time": BEFORE,
}


def body(*rows):
    return b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)


@pytest.fixture(scope="module")
def client(service):
    """A client that may report, and build and read lists."""
    scopes = ("outcomes:write", "consents:write", "lists:read", "lists:write", "members:pii")
    with service.with_key(*scopes) as made:
        yield made


def test_sound_lines_are_taken_and_bad_ones_told_by_number(client):
    rows = body(OUTCOME, b'{"customer_id": "Ann Lee', OUTCOME | {"customer_id": "c00002"})
    answer = client.post("/v1/outcomes", content=rows, headers=NDJSON)
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 2,
        "changed": 2,
        "rejected": 1,
        "errors": [
            {"line": 2, "detail": "not JSON: EOF while parsing a string at line 1 column 24"}
        ],
    }
    again = client.post("/v1/outcomes", content=rows, headers=NDJSON).json()
    assert (again["accepted"], again["changed"], again["rejected"]) == (2, 0, 1)


@pytest.mark.parametrize("kind", ["application/json", "text/csv", ""])
def test_what_is_not_declared_as_lines_is_refused(client, kind):
    answer = client.post("/v1/outcomes", content=body(OUTCOME), headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert answer.json()["type"] == "urn:shortlist:problem:not-lines"
    assert "application/x-ndjson" in answer.json()["detail"]


def test_a_bulk_may_be_longer_than_another_request_but_not_endless(client):
    long = b'{"n": "%s"}' % (b"x" * 2_000_000)
    answer = client.post("/v1/outcomes", content=long, headers=NDJSON)
    assert (answer.status_code, answer.json()["rejected"]) == (200, 1)
    assert len(answer.content) < 1000
    endless = client.post("/v1/outcomes", content=b"\n" * (16 * 2**20 + 1), headers=NDJSON)
    assert endless.status_code == 413
    assert "16,777,216 bytes" in endless.json()["detail"]


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/v1/contacts", "outcomes:write"),
        ("/v1/outcomes", "outcomes:write"),
        ("/v1/consents", "consents:write"),
        ("/v1/suppressions", "consents:write"),
    ],
)
def test_a_report_takes_the_scope_of_its_kind(service, path, scope):
    for own in ("outcomes:write", "consents:write", "lists:write"):
        with service.with_key(own) as client:
            answer = client.post(path, content=b"", headers=NDJSON)
        assert answer.status_code == (200 if own == scope else 403)


def listed(client, **spec):
    made = client.post(
        "/v1/lists", json={"model": MODEL, "size": 3, "control_share": 1e-12, **spec}
    )
    assert made.status_code in {200, 201}, made.text
    page = client.get(f"{made.headers['Location']}/members").json()
    return made.json(), [member["customer_id"] for member in page["members"]]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_suppressions_complaints_and_consents_hold_for_the_next_list(tmp_path, database):
    go_live(tmp_path, many(50))
    if database:
        engine = connect(state_url(tmp_path, database))
        upgrade_state(engine)
        engine.dispose()
    with (
        running(tmp_path, database_url=database) as service,
        service.with_key("admin") as client,
    ):
        client.post("/v1/suppressions", content=body({"customer_id": "c00000"}), headers=NDJSON)
        complaint = {"channel": "email", "status": "complained", "event_time": BEFORE}
        complaint |= {"campaign_id": "winter", "customer_id": "c00001"}
        client.post("/v1/contacts", content=body(complaint), headers=NDJSON)
        found, members = listed(client)
        assert members == ["c00002", "c00003", "c00004"]
        assert found["excluded"]["suppressed"] == 2

        agreed = [{"customer_id": f"c{n:05}", "channel": "sms", "granted": True} for n in range(6)]
        withdrawn = {"customer_id": "c00004", "channel": "sms", "granted": False}
        client.post("/v1/consents", content=body(*agreed), headers=NDJSON)
        client.post("/v1/consents", content=body(withdrawn), headers=NDJSON)
        found, members = listed(client, channel="sms")
        assert members == ["c00001", "c00002", "c00003"]
        assert (found["excluded"]["no_consent"], found["excluded"]["suppressed"]) == (45, 1)

        assert client.delete("/v1/suppressions/c00000").json() == {"lifted": 1}
        assert client.delete("/v1/suppressions/c00000").json() == {"lifted": 0}
        _, members = listed(client, channel="sms", seed=1)
        assert members[0] == "c00000"


@pytest.mark.parametrize("path", ["/v1/suppressions/a%00b", "/v1/suppressions/ann?channel=pigeon"])
def test_a_suppression_that_cannot_be_is_refused(client, path):
    assert client.delete(path).status_code == 422


def test_a_suppression_is_lifted_whatever_the_id_looks_like(client):
    client.post("/v1/suppressions", content=body({"customer_id": "a/b c"}), headers=NDJSON)
    assert client.delete("/v1/suppressions/a%2Fb%20c").json() == {"lifted": 1}
