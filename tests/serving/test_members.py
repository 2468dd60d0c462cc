"""GET /v1/lists/{id}/members: ranked, never skipping, never repeating."""

import pandas as pd
import pytest
from explained import explainable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scored import MODEL, NOBODY_HELD_OUT, go_live, many
from service import running

from campaigns.members import members_path
from serving.cursor import make_cursor
from serving.members import Reasons

_TREATED = {"arm": "treated", "arm_probability": pytest.approx(1)}


def listed(client, size, **spec):
    answer = client.post(
        "/v1/lists", json={"model": MODEL, "size": size, **NOBODY_HELD_OUT, **spec}
    )
    return answer.raise_for_status().json()["id"]


def page(client, list_id, **query):
    return client.get(f"/v1/lists/{list_id}/members", params=query)


@pytest.fixture(scope="module")
def list_id(client):
    """A list of 2,500."""
    return listed(client, 2500)


def test_a_page_starts_with_the_best(client, list_id):
    answer = page(client, list_id, limit=2).json()
    assert answer["members"] == [
        {"rank": 1, "customer_id": "c00000", "probability": 1.0, **_TREATED},
        {"rank": 2, "customer_id": "c00001", "probability": 1 - 1 / 3000, **_TREATED},
    ]
    assert (answer["list_id"], answer["model"]) == (list_id, MODEL)
    assert answer["model_version"] == "1"


def test_a_page_holds_a_thousand_by_default(client, list_id):
    assert len(page(client, list_id).json()["members"]) == 1000


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits=st.lists(st.integers(1, 1000), min_size=1))
def test_paging_never_skips_and_never_repeats(client, list_id, limits):
    ranks, customers, cursor, turn = [], [], None, 0
    while True:
        limit = max(limits[turn % len(limits)], 50)  # a bound on the number of pages
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = page(client, list_id, **query).json()
        assert len(answer["members"]) == min(limit, 2500 - len(ranks))
        ranks += [member["rank"] for member in answer["members"]]
        customers += [member["customer_id"] for member in answer["members"]]
        cursor, turn = answer["next_cursor"], turn + 1
        if cursor is None:
            break
    assert ranks == list(range(1, 2501))
    assert customers == sorted(set(customers))


@pytest.mark.parametrize("size", [1, 999, 1000, 1001, 2000])
def test_the_last_page_says_that_it_is_the_last(client, size):
    list_id, cursor, ranks = listed(client, size), None, []
    for _ in range(-(-size // 500)):
        query = {"limit": 500} | ({"cursor": cursor} if cursor else {})
        answer = page(client, list_id, **query).json()
        ranks += [member["rank"] for member in answer["members"]]
        cursor = answer["next_cursor"]
    assert cursor is None
    assert ranks == list(range(1, size + 1))


def test_the_same_page_is_the_same_bytes(client, list_id):
    assert page(client, list_id, limit=700).content == page(client, list_id, limit=700).content


@pytest.mark.parametrize(
    "cursor",
    ["x", "AAAA", "0", "=", "ü", "A" * 20, "A" * 64],
)
def test_a_cursor_that_was_not_given_out_is_refused(client, list_id, cursor):
    answer = page(client, list_id, cursor=cursor)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "cursor"


def test_the_cursor_of_another_list_is_refused(client, list_id):
    foreign = make_cursor(listed(client, 2400), 100)
    answer = page(client, list_id, cursor=foreign)
    assert (answer.status_code, answer.json()["type"]) == (
        422,
        "urn:shortlist:problem:invalid-cursor",
    )


def test_a_changed_cursor_is_refused(client, list_id):
    cursor = page(client, list_id, limit=10).json()["next_cursor"]
    refused = 0
    for position in range(len(cursor)):
        other = "B" if cursor[position] == "A" else "A"
        changed = cursor[:position] + other + cursor[position + 1 :]
        refused += page(client, list_id, cursor=changed).status_code == 422
    assert refused == len(cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001, "many"])
def test_a_limit_outside_its_range_is_refused(client, list_id, limit):
    answer = page(client, list_id, limit=limit)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "limit"


def test_members_of_a_list_that_does_not_exist_are_not_found(client):
    assert page(client, "list_0").status_code == 404


def test_fields_that_a_model_does_not_have_are_absent_and_those_it_has_are_there(tmp_path):
    rows = [
        {"customer_id": "ann", "product_id": "camera", "probability": 0.9, "state": "NEW"},
        {"customer_id": "bob", "product_id": "tripod", "probability": 0.1, "state": None},
    ]
    go_live(tmp_path, rows)
    with running(tmp_path) as service, service.with_key("admin") as client:
        members = page(client, listed(client, 2)).json()["members"]
    assert members == [
        {
            "rank": 1,
            "customer_id": "ann",
            "product_id": "camera",
            "state": "NEW",
            "probability": 0.9,
            **_TREATED,
        },
        {
            "rank": 2,
            "customer_id": "bob",
            "product_id": "tripod",
            "state": None,
            "probability": 0.1,
            **_TREATED,
        },
    ]


def test_a_list_of_nobody_has_one_empty_page(tmp_path):
    nobody = pd.DataFrame({"customer_id": [], "probability": []}, dtype=float)
    go_live(tmp_path, nobody.astype({"customer_id": str}), base=3)
    with running(tmp_path) as service, service.with_key("admin") as client:
        answer = page(client, listed(client, 3)).json()
    assert (answer["members"], answer["next_cursor"]) == ([], None)


def test_members_that_were_damaged_are_not_answered_from_memory(service, client):
    list_id = listed(client, 1200)
    assert page(client, list_id).status_code == 200
    path = members_path(service.artifacts, list_id)
    path.write_bytes(path.read_bytes()[:-1])
    answer = page(client, list_id)
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:shortlist:problem:damaged-list"


def test_pages_that_do_not_fit_into_memory_are_read_again(tmp_path):
    go_live(tmp_path, many(3000))
    with (
        running(tmp_path, page_cache_bytes=100_000) as service,
        service.with_key("admin") as client,
    ):
        list_id = listed(client, 3000)
        for _ in range(2):
            for start in (0, 1000, 2000):
                query = {"cursor": make_cursor(list_id, start)} if start else {}
                members = page(client, list_id, **query).json()["members"]
                assert [members[0]["rank"], members[-1]["rank"]] == [start + 1, start + 1000]
        assert service.app.state.resources.pages.bytes <= 100_000


def test_reasons_are_told_to_who_asks_for_them_and_pages_stay_the_same(tmp_path):
    explainable(tmp_path)
    with running(tmp_path) as service, service.with_key("admin") as client:
        list_id = listed(client, 60)
        plain = page(client, list_id, limit=50).json()
        told = page(client, list_id, limit=50, reasons=True).json()
        again = page(client, list_id, limit=50).json()
        rest = page(client, list_id, reasons=True, cursor=told["next_cursor"]).json()
    assert again == plain
    assert "reasons" not in plain["members"][0]
    assert told["next_cursor"] == plain["next_cursor"]
    why = [member.pop("reasons") for member in told["members"]]
    assert told == plain
    assert [member["rank"] for member in rest["members"]] == list(range(51, 61))
    for member, reasons in zip(told["members"], why, strict=True):
        Reasons.model_validate(reasons)
        points = sum(one["points"] for one in reasons["strongest"])
        assert reasons["start"] + points + reasons["rest"] == pytest.approx(member["probability"])
