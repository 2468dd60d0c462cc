"""What else is read of lists: which there are, who was left out, why, and what changed."""

from datetime import UTC, datetime

import pytest
from explained import explainable
from scored import MODEL, NOBODY_HELD_OUT, go_live, many
from service import running
from sqlalchemy.orm import Session

from campaigns.members import outcomes_path
from campaigns.state.tables import Suppression


def built(client, **spec):
    spec = {"model": MODEL, "size": 20, **NOBODY_HELD_OUT, **spec}
    return client.post("/v1/lists", json=spec).raise_for_status().json()["id"]


def suppress(service, *customers):
    with Session(service.state) as session, session.begin():
        for one in customers:
            session.add(
                Suppression(customer_id=one, channel="", reason="asked", since=datetime.now(UTC))
            )


@pytest.fixture
def shop(tmp_path):
    """A service with 100 scored customers of 130, and a client that may do all."""
    go_live(tmp_path, many(100), base=130)
    with running(tmp_path) as service, service.with_key("admin") as client:
        yield service, client


def test_lists_are_paged_newest_first_and_each_is_seen_once(shop):
    _, client = shop
    made = [built(client, seed=seed) for seed in range(7)]
    seen, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/lists", params=query).json()
        seen += [one["id"] for one in page["lists"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        built(client, seed=100 + len(seen))  # what is built meanwhile disturbs nothing
    assert seen == made[::-1]


def test_lists_are_found_by_their_campaign(shop):
    _, client = shop
    built(client, seed=1)
    wanted = built(client, campaign="spring")
    page = client.get("/v1/lists", params={"campaign": "spring"}).json()
    assert [one["id"] for one in page["lists"]] == [wanted]
    assert client.get("/v1/lists", params={"model": "nobody"}).json()["lists"] == []


def test_a_cursor_of_members_is_none_of_lists(shop):
    _, client = shop
    members = client.get(f"/v1/lists/{built(client)}/members?limit=1").json()
    answer = client.get("/v1/lists", params={"cursor": members["next_cursor"]})
    assert answer.status_code == 422


def test_those_left_out_are_named_by_reason_page_after_page(shop):
    service, client = shop
    suppress(service, "c00003", "c00005", "c00099")
    path = f"/v1/lists/{built(client)}/exclusions"
    counts = client.get(path).json()
    assert counts["excluded"] == {"not_eligible": 30, "suppressed": 3, "below_cut_off": 77}
    assert (counts["customers"], counts["reason"]) == ([], None)
    first = client.get(path, params={"reason": "suppressed", "limit": 2}).json()
    query = {"reason": "suppressed", "limit": 2, "cursor": first["next_cursor"]}
    last = client.get(path, params=query).json()
    assert first["customers"] + last["customers"] == ["c00003", "c00005", "c00099"]
    assert last["next_cursor"] is None
    assert len(client.get(path, params={"reason": "below_cut_off"}).json()["customers"]) == 77
    assert client.get(path, params=query | {"reason": "below_cut_off"}).status_code == 422
    assert client.get(path, params={"reason": "control"}).status_code == 422


def test_outcomes_that_are_gone_are_told(shop):
    service, client = shop
    found = built(client)
    outcomes_path(service.artifacts, found).unlink()
    answer = client.get(f"/v1/lists/{found}/exclusions?reason=suppressed")
    assert (answer.status_code, answer.json()["title"]) == (500, "The list cannot be read")


def test_a_suppression_between_two_lists_is_told_as_the_cause(shop):
    service, client = shop
    before = built(client)
    suppress(service, "c00003", "c00005")
    now = built(client, seed=1)
    found = client.get(f"/v1/lists/{now}/diff", params={"against": before}).json()
    assert (found["joined"], found["left"], found["stayed"]) == (2, 2, 18)
    assert found["reranked"] == 15  # c00004 and all below moved up
    assert found["left_for"] == {"suppressed": 2}
    assert found["joined_from"] == {"below_cut_off": 2}
    assert (found["causes"], found["spec_changes"]) == (["spec", "permissions"], ["seed"])
    assert found["by_permission"] == 2


def test_who_joined_left_and_moved_is_named_page_after_page(shop):
    service, client = shop
    before = built(client, size=3)
    suppress(service, "c00000")
    now = built(client, size=4, seed=1)
    path, rows = f"/v1/lists/{now}/diff/members", {}
    for change in ("joined", "left", "reranked"):
        query = {"against": before, "change": change, "limit": 1}
        page = client.get(path, params=query).json()
        rows[change] = page["members"]
        while page["next_cursor"]:
            page = client.get(path, params=query | {"cursor": page["next_cursor"]}).json()
            rows[change] += page["members"]
    told = {
        change: [(one["customer_id"], one["rank"], one["rank_before"]) for one in members]
        for change, members in rows.items()
    }
    assert told == {
        "joined": [("c00003", 3, None), ("c00004", 4, None)],
        "left": [("c00000", None, 1)],
        "reranked": [("c00001", 1, 2), ("c00002", 2, 3)],
    }
    assert rows["left"][0]["outcome"] == "suppressed"


def test_new_scores_are_told_as_the_cause(shop):
    service, client = shop
    before = built(client)
    go_live(service.artifacts, {**many(100), "new": 0.999}, version="2", base=130)
    now = built(client)
    found = client.get(f"/v1/lists/{now}/diff", params={"against": before}).json()
    assert found["causes"] == ["model_version", "score_set"]
    assert found["joined_from"] == {"unknown": 1}
    assert client.get(f"/v1/lists/{now}/diff", params={"against": now}).json()["causes"] == []


def test_a_list_is_not_compared_with_none(shop):
    _, client = shop
    found = built(client)
    assert client.get(f"/v1/lists/{found}/diff", params={"against": "list_0"}).status_code == 404
    assert client.get(f"/v1/lists/{found}/diff").status_code == 422


def test_a_member_is_explained_in_the_language_asked_for(tmp_path):
    explainable(tmp_path)
    with running(tmp_path) as service, service.with_key("admin") as client:
        path = f"/v1/lists/{built(client, size=50)}/members"
        ninth = client.get(path, params={"reasons": True}).json()["members"][8]
        one = f"{path}/{ninth['customer_id']}/reasons"
        english, chinese = (
            client.get(one, headers={"Accept-Language": tag}) for tag in ("en-GB", "zh-Hant")
        )
        assert client.get(f"{path}/nobody/reasons").json()["title"] == "There is no such member"
    assert (english.json()["rank"], english.json()["language"]) == (9, "en")
    assert chinese.headers["Content-Language"] == "zh-TW"
    for answer, language in ((english, "en"), (chinese, "zh-TW")):
        told = [reason["text"] for reason in answer.json()["strongest"]]
        assert told == [reason[language] for reason in ninth["reasons"]["strongest"]]
        assert told


def test_a_member_without_reasons_is_told_so(shop):
    _, client = shop
    answer = client.get(f"/v1/lists/{built(client)}/members/c00001/reasons")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:shortlist:problem:no-reasons")
