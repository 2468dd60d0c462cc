"""/v1/standing-lists: added, listed, run, removed."""

from datetime import timedelta

import pytest
from scored import MODEL, NOON

from campaigns.desk import Desk
from campaigns.standing.run import run_due
from pipeline.release import read_release

REFILL = {
    "name": "refill",
    "list": {"model": MODEL, "size": 10},
    "when": {"every": "day"},
    "remind_again_after_days": 28,
}


def test_a_standing_list_is_added_run_and_removed(service, client):
    made = client.post("/v1/standing-lists", json=REFILL)
    assert (made.status_code, made.json()["standing_list"]) == (201, REFILL)
    again = client.post("/v1/standing-lists", json=REFILL)
    assert (again.status_code, again.json()) == (200, made.json())
    assert client.get("/v1/standing-lists").json() == {"standing_lists": [made.json()]}
    assert client.get("/v1/standing-lists/refill/runs").json() == {"name": "refill", "runs": []}
    tomorrow = (NOON + timedelta(days=3650)).date()
    with Desk(service.artifacts) as desk:
        (run,) = run_due(
            service.state,
            desk,
            read_release(service.artifacts),
            today=tomorrow,
            at=NOON,
            time_zone="UTC",
        )
    (told,) = client.get("/v1/standing-lists/refill/runs").json()["runs"]
    assert told == {
        "due_on": tomorrow.isoformat(),
        "list_id": run.list.id,
        "built_at": NOON.isoformat(),
    }
    assert client.get(f"/v1/lists/{told['list_id']}").json()["selected"] == 10
    assert client.delete("/v1/standing-lists/refill").json() == {"removed": "refill"}
    assert client.get("/v1/standing-lists").json() == {"standing_lists": []}


@pytest.mark.parametrize(("method", "path"), [("delete", "nobody"), ("get", "nobody/runs")])
def test_what_was_never_added_is_not_found(client, method, path):
    answer = client.request(method, f"/v1/standing-lists/{path}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:shortlist:problem:unknown-standing-list"


def test_another_one_of_the_same_name_is_refused(client):
    twice = REFILL | {"name": "twice"}
    client.post("/v1/standing-lists", json=twice)
    other = client.post("/v1/standing-lists", json=twice | {"remind_again_after_days": 7})
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (409, "#/name")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": "a/b"}, "#/name"),
        ({"list": {"model": MODEL}}, "#/list"),
        ({"list": {"model": MODEL, "size": 0}}, "#/list/size"),
        ({"remind_again_after_days": -1}, "#/remind_again_after_days"),
        ({"when": {"every": "year"}}, "#/when"),
    ],
)
def test_a_request_that_cannot_be_met_is_told_where(client, change, pointer):
    answer = client.post("/v1/standing-lists", json=REFILL | change)
    assert answer.status_code == 422
    assert any(place["pointer"].startswith(pointer) for place in answer.json()["errors"])
