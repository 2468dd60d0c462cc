"""A POST that is sent again with its key is answered again, and carried out once."""

import threading
from datetime import timedelta

import pytest
from scored import MODEL, NOON, go_live, many
from service import running

from serving.kept_answers import (
    KEPT_FOR,
    LOST_AFTER,
    Answer,
    InProgressError,
    Request,
    ReusedKeyError,
    claim,
    keep,
    release_claim,
)

SPEC = {"model": MODEL, "size": 10}
ASKED = Request(api_key="1f3a9c0b", key="mine", sha256="a" * 64)
GIVEN = Answer(201, {"location": "/v1/lists/list_a"}, b'{"id":"list_a"}')


def post(client, key, body=SPEC):
    return client.post("/v1/lists", json=body, headers={"Idempotency-Key": key})


def test_the_same_request_is_answered_the_same(client):
    first, again = post(client, "same"), post(client, "same")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again.headers["Location"]) == (first.content, first.headers["Location"])
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Content-Type"] == "application/json"


def test_the_answer_stays_the_same_when_another_version_is_live(tmp_path):
    go_live(tmp_path, many(20), version="1")
    with running(tmp_path) as service, service.with_key("lists:write") as client:
        first = post(client, "k")
        go_live(tmp_path, many(20), version="2")
        assert post(client, "k").json() == first.json()
        assert post(client, "another").json()["model_version"] == "2"


def test_another_body_under_the_same_key_is_refused(client):
    post(client, "reused")
    answer = post(client, "reused", SPEC | {"size": 11})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:shortlist:problem:reused-key"


def test_two_callers_may_choose_the_same_key(service):
    with service.with_key("lists:write") as ann, service.with_key("lists:write") as bob:
        post(ann, "1")
        answer = post(bob, "1", SPEC | {"size": 12})
    assert answer.status_code == 201


def test_what_failed_may_be_tried_again_with_the_same_key(client):
    assert post(client, "failed", SPEC | {"size": 0}).status_code == 422
    assert post(client, "failed", SPEC | {"size": 13}).status_code == 201


def test_a_key_without_the_scope_gets_no_kept_answer(service, client):
    post(client, "scoped")
    with service.with_key("lists:read") as reader:
        assert post(reader, "scoped").status_code == 403


@pytest.mark.parametrize("key", ["k" * 256, "k" * 5000])
def test_a_key_that_is_too_long_is_refused(client, key):
    answer = post(client, key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"


def test_one_of_many_at_once_carries_the_request_out(state):
    start = threading.Barrier(6)
    claimed = []

    def ask():
        start.wait(timeout=10)
        try:
            claimed.append(claim(state, ASKED, at=NOON))
        except InProgressError:
            claimed.append("in progress")

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, claimed)) == ["None"] + ["in progress"] * 5


def test_what_is_kept_is_given_again(state):
    assert claim(state, ASKED, at=NOON) is None
    keep(state, ASKED, GIVEN)
    assert claim(state, ASKED, at=NOON) == GIVEN


def test_another_request_under_the_same_key_is_an_error_even_while_the_first_runs(state):
    claim(state, ASKED, at=NOON)
    with pytest.raises(ReusedKeyError, match="Use a new key"):
        claim(state, ASKED._replace(sha256="b" * 64), at=NOON)


def test_a_claim_that_is_released_may_be_taken_again(state):
    claim(state, ASKED, at=NOON)
    release_claim(state, ASKED)
    assert claim(state, ASKED, at=NOON) is None


def test_a_request_that_was_lost_with_its_process_is_taken_over_by_one(state):
    claim(state, ASKED, at=NOON)
    with pytest.raises(InProgressError):
        claim(state, ASKED, at=NOON + LOST_AFTER - timedelta(seconds=1))
    assert claim(state, ASKED, at=NOON + LOST_AFTER) is None
    with pytest.raises(InProgressError):
        claim(state, ASKED, at=NOON + LOST_AFTER)


def test_an_answer_is_forgotten_after_a_day(state):
    claim(state, ASKED, at=NOON)
    keep(state, ASKED, GIVEN)
    assert claim(state, ASKED, at=NOON + KEPT_FOR) == GIVEN
    assert claim(state, ASKED, at=NOON + KEPT_FOR + timedelta(seconds=1)) is None
