"""Every error is a problem document with the id of the request."""

import pytest
from databases import run
from fastapi import FastAPI
from scored import MODEL, go_live, many
from service import running

from campaigns.state.database import connect, upgrade_state
from serving.problems import KINDS


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/lists", 405),
        ("OPTIONS", "/v1/lists", 405),
        ("GET", "/v1/lists/list_0", 404),
        ("GET", "/v1/lists/list_0/members?limit=0", 422),
    ],
)
def test_a_problem_says_what_where_and_in_which_request(client, method, path, status):
    answer = client.request(method, path, headers={"X-Request-Id": "mine-1"})
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["type"].startswith("urn:shortlist:problem:")
    assert problem["instance"] == path.partition("?")[0]
    assert problem["request_id"] == answer.headers["X-Request-Id"] == "mine-1"
    assert problem["title"]
    assert problem["detail"]


def test_every_answer_has_a_request_id_of_its_own(client):
    ids = {client.get("/healthz").headers["X-Request-Id"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize("sent", ["a b", "x" * 65, "<script>", "a\tb"])
def test_a_request_id_that_would_spoil_the_log_is_replaced(client, sent):
    answer = client.get("/healthz", headers={"X-Request-Id": sent})
    assert answer.headers["X-Request-Id"] != sent


def test_a_method_that_a_path_does_not_take_names_those_it_takes(client):
    assert "POST" in client.delete("/v1/lists").headers["Allow"]


def test_no_two_kinds_of_problem_share_a_name():
    kinds = {id(kind): kind.slug for kind in KINDS.values()}
    assert len(set(kinds.values())) == len(kinds)


def test_a_defect_of_ours_tells_nothing_but_the_request_id(tmp_path, monkeypatch):
    go_live(tmp_path, many(5))
    with running(tmp_path) as service, service.with_key("admin") as client:
        app: FastAPI = service.app
        monkeypatch.delattr(app.state.resources.pages, "_lists")
        answer = client.get("/v1/lists/list_0/members")
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (500, "urn:shortlist:problem:defect")
    assert answer.headers["X-Request-Id"] == problem["request_id"]
    assert "_lists" not in answer.text


def test_a_database_that_goes_away_is_503_and_recovery_needs_no_restart(
    tmp_path, postgresql_server
):
    url = postgresql_server.set(database="going_away")
    run(postgresql_server, "CREATE DATABASE going_away")
    engine = connect(url)
    upgrade_state(engine)
    engine.dispose()
    go_live(tmp_path, many(5))
    with (
        running(tmp_path, database_url=url.render_as_string(hide_password=False)) as service,
        service.with_key("admin") as client,
    ):
        path = client.post("/v1/lists", json={"model": MODEL, "size": 3}).headers["Location"]
        run(
            postgresql_server,
            "ALTER DATABASE going_away ALLOW_CONNECTIONS false",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'going_away'",
        )
        away = client.get(path)
        up = client.get("/healthz")
        run(postgresql_server, "ALTER DATABASE going_away ALLOW_CONNECTIONS true")
        back = client.get(path)
    assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
    assert "going_away" not in away.text
    assert up.status_code == 200
    assert back.status_code == 200


def test_a_method_that_is_not_taken_is_answered_with_those_that_are(client):
    assert client.put("/v1/lists").headers["Allow"] == "GET, POST"
    assert client.get("/v1/suppressions/a/b").headers["Allow"] == "DELETE"
