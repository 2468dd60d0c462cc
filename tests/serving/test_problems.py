"""Every error is a problem document with the id of the request."""

import pytest
from fastapi import FastAPI
from scored import MODEL, go_live, many
from service import running
from sqlalchemy import text

from campaigns.state.database import connect, state_url, upgrade_state
from serving.problems import KINDS

DROP_ALL_CONNECTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND datname = current_database()
"""


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/lists", 405),
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


def test_no_two_kinds_of_problem_share_a_name_but_those_of_the_database():
    slugs = [kind.slug for kind in KINDS.values()]
    assert {slug for slug in slugs if slugs.count(slug) > 1} == {"state-unavailable"}


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


def test_a_database_that_goes_away_is_503_and_recovery_needs_no_restart(tmp_path, postgresql):
    engine = connect(state_url(tmp_path, postgresql))
    upgrade_state(engine)
    go_live(tmp_path, many(5))
    with (
        running(tmp_path, database_url=postgresql) as service,
        service.with_key("admin") as client,
    ):
        path = client.post("/v1/lists", json={"model": MODEL, "size": 3}).headers["Location"]
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE lists RENAME TO lists_away"))
        away = client.get(path)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE lists_away RENAME TO lists"))
            connection.execute(text(DROP_ALL_CONNECTIONS))
        back = client.get(path)
    engine.dispose()
    assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
    assert "lists_away" not in away.text
    assert "SELECT" not in away.text
    assert back.status_code == 200
