"""/v1/campaigns: planned, followed, told what changed."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from scored import MODEL, NOON, go_live, many
from service import running

from campaigns.members import control_path, members_path

PLAN = {
    "campaign_id": "spring",
    "offer": "coupon",
    "starts_at": "2026-03-02T00:00:00+00:00",
    "ends_at": "2026-03-30T00:00:00+00:00",
}


def test_a_campaign_is_planned_found_and_planned_again(client):
    made = client.post("/v1/campaigns", json=PLAN)
    assert made.status_code == 201
    assert client.get(made.headers["Location"]).json() == made.json()
    again = client.post("/v1/campaigns", json=PLAN)
    assert (again.status_code, again.json()) == (200, made.json())
    other = client.post("/v1/campaigns", json=PLAN | {"offer": "gift"})
    assert other.status_code == 409
    assert other.json()["errors"][0]["pointer"] == "#/campaign_id"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (PLAN | {"campaign_id": "a b"}, "#/campaign_id"),
        (PLAN | {"campaign_id": "no-zone", "starts_at": "2026-03-02T00:00:00"}, "#/starts_at"),
        (PLAN | {"campaign_id": "backwards", "ends_at": "2026-03-01T00:00:00Z"}, "#"),
        (PLAN | {"campaign_id": "dear", "contact_cost": "2"}, "#/contact_cost"),
        (PLAN | {"campaign_id": "odd", "budget": 5}, "#/budget"),
    ],
)
def test_a_plan_that_cannot_be_is_told_where(client, body, pointer):
    answer = client.post("/v1/campaigns", json=body)
    assert answer.status_code == 422
    assert [place["pointer"] for place in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("path", ["/v1/campaigns/nobody", "/v1/campaigns/nobody/effect"])
def test_a_campaign_without_a_plan_is_not_found(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:shortlist:problem:unknown-campaign"


@pytest.mark.parametrize("path", ["/v1/campaigns/a%00b", "/v1/campaigns?cursor=a%00b"])
def test_an_id_that_nobody_can_have_is_refused(client, path):
    assert client.get(path).status_code == 422


def test_campaigns_are_listed_a_page_at_a_time(tmp_path):
    go_live(tmp_path, many(5))
    with running(tmp_path) as service, service.with_key("lists:read", "lists:write") as client:
        for number in range(5):
            client.post("/v1/campaigns", json=PLAN | {"campaign_id": f"c{number}"})
        found, cursor = [], None
        while cursor or not found:
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = client.get("/v1/campaigns", params=params).json()
            found += [one["campaign_id"] for one in page["campaigns"]]
            cursor = page["next_cursor"]
        assert found == ["c4", "c3", "c2", "c1", "c0"]
        strange = client.get("/v1/campaigns?cursor=c9")
        assert strange.json()["type"] == "urn:shortlist:problem:invalid-cursor"


def test_the_loop_closes_over_http(tmp_path):
    go_live(tmp_path, many(500))
    with running(tmp_path) as service, service.with_key("admin") as client:
        now = datetime.now(UTC)
        open_for_a_while = PLAN | {"ends_at": (now + timedelta(hours=1)).isoformat()}
        client.post("/v1/campaigns", json=open_for_a_while)
        spec = {"model": MODEL, "size": 100, "control_share": 0.4, "campaign": "spring"}
        made = client.post("/v1/lists", json=spec).json()
        early = client.get("/v1/campaigns/spring/effect").json()
        assert (early["status"], early["added"]) == ("too_early", [])
        assert early["customers"] == {"treated": 100, "control": made["control"]}
        shown = client.get("/v1/campaigns/spring").json()["track"]
        assert (shown["lists"], shown["treated"]) == (1, 100)


def test_the_effect_is_told_once_the_campaign_has_ended(tmp_path):
    go_live(tmp_path, many(500))
    with running(tmp_path) as service, service.with_key("admin") as client:
        spec = {"model": MODEL, "size": 100, "control_share": 0.4, "campaign": "spring"}
        made = client.post("/v1/lists", json=spec).json()
        ends = datetime.now(UTC)
        client.post("/v1/campaigns", json=PLAN | {"ends_at": ends.isoformat()})
        treated, control = (
            pq.read_table(path(tmp_path, made["id"]))["customer_id"].to_pylist()
            for path in (members_path, control_path)
        )
        row = {"campaign_id": "spring", "kind": "purchase", "event_time": ends.isoformat()}
        just_before = {"event_time": made["created_at"]}
        rows = [{**row, **just_before, "customer_id": one} for one in treated[:30] + control[:6]]
        text = "\n".join(map(json.dumps, rows))
        headers = {"Content-Type": "application/x-ndjson"}
        assert client.post("/v1/outcomes", content=text, headers=headers).json()["changed"] == 36
        told = client.get("/v1/campaigns/spring/effect").json()
        (one,) = told["added"]
        assert told["status"] == "told"
        assert one["effect"] == pytest.approx(0.3 - 6 / len(control))
        assert one["low"] < one["effect"] < one["high"]


def test_a_plan_is_made_by_who_may_write_and_read_by_who_may_read(service):
    with service.with_key("lists:read") as reader:
        assert reader.post("/v1/campaigns", json=PLAN).status_code == 403
        assert reader.get("/v1/campaigns").status_code == 200
    with service.with_key("lists:write") as writer:
        assert writer.get("/v1/campaigns").status_code == 403
        assert writer.post("/v1/campaigns", json=PLAN | {"campaign_id": f"w{NOON:%H}"}).is_success
