"""POST /v1/lists freezes a list, GET /v1/lists/{id} shows it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from scored import MODEL, go_live, many
from service import running

from campaigns.state.database import connect, state_url, upgrade_state

SPEC = {"model": MODEL, "size": 1000}


def test_a_list_is_made_and_found_again(client):
    made = client.post("/v1/lists", json=SPEC)
    assert made.status_code == 201
    shown = client.get(made.headers["Location"])
    assert (shown.status_code, shown.json()) == (200, made.json())


def test_it_accounts_for_everybody_and_says_where_it_came_from(client):
    found = client.post("/v1/lists", json=SPEC | {"seed": 1}).json()
    assert found["selected"] == 1000
    assert found["excluded"]["not_eligible"] == 600
    assert 60 < found["control"] < 170
    assert found["base"] == 3600
    assert found["base"] == found["selected"] + found["control"] + sum(found["excluded"].values())
    assert found["spec"] == {"model": MODEL, "size": 1000, "seed": 1}
    assert (found["model_version"], found["as_of"]) == ("1", "2026-03-01")
    assert found["data_fingerprint"] == "c0ffee"


def test_asking_again_finds_the_same_list(client):
    first = client.post("/v1/lists", json=SPEC | {"seed": 2})
    again = client.post("/v1/lists", json=SPEC | {"seed": 2})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_asking_at_once_makes_one_list(tmp_path, database):
    go_live(tmp_path, many(2000))
    if database:
        engine = connect(state_url(tmp_path, database))
        upgrade_state(engine)
        engine.dispose()
    with (
        running(tmp_path, database_url=database) as service,
        service.with_key("lists:write") as client,
        ThreadPoolExecutor(8) as threads,
    ):
        answers = list(threads.map(lambda _: client.post("/v1/lists", json=SPEC), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({"size": 10}, "#/model", "Field required"),
        ({"model": MODEL}, "#", "say where the list ends"),
        ({"model": MODEL, "size": 0}, "#/size", "greater than or equal to 1"),
        ({"model": MODEL, "size": -5}, "#/size", "greater than or equal to 1"),
        ({"model": MODEL, "size": "10"}, "#/size", "valid integer"),
        ({"model": MODEL, "size": 1.5}, "#/size", "valid integer"),
        ({"model": MODEL, "size": 10, "sise": 1}, "#/sise", "not permitted"),
        ({"model": "nobody", "size": 10}, "#/model", "Live models: customer_activity"),
        ({"model": MODEL, "size": 3601}, "#/size", "Ask for 3,600 or fewer"),
        ([], "#", "valid dictionary"),
    ],
)
def test_a_request_that_cannot_be_met_is_told_where_and_why(client, body, pointer, detail):
    answer = client.post("/v1/lists", json=body)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    (place,) = answer.json()["errors"]
    assert place["pointer"] == pointer
    assert detail in place["detail"]


def test_what_is_not_json_is_told_where_it_stops(client):
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1/lists", content=b'{"model": ', headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#")
    assert "not JSON, at character 10" in answer.json()["detail"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b'{"model": "\xff"}'])
def test_what_is_not_text_is_refused(client, content):
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1/lists", content=content, headers=headers)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_deep_json_is_refused(client):
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1/lists", content=b"[" * 100_000, headers=headers)
    assert answer.status_code == 422


def test_a_form_is_not_taken_for_json(client):
    answer = client.post("/v1/lists", data={"model": MODEL, "size": "10"})
    assert answer.status_code == 422


def test_a_body_that_is_too_long_is_refused(client):
    answer = client.post("/v1/lists", json={"model": "m" * 2_000_000, "size": 1})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_what_was_sent_is_not_repeated_in_the_answer(client):
    answer = client.post("/v1/lists", json={"model": MODEL, "size": "Ann Lee, 0912 345 678"})
    assert answer.status_code == 422
    assert "Ann" not in answer.text


def test_a_list_that_does_not_exist_is_not_found(client):
    answer = client.get("/v1/lists/list_0")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:shortlist:problem:unknown-list"
