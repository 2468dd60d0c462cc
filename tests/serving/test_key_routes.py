"""Keys over HTTP: made and shown once, listed without secrets, withdrawn at once."""

import time
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.keys import SCOPES
from campaigns.state.tables import ApiKey, KeptAnswer

WANTED = {"name": "shop", "scopes": ["lists:read"]}


@pytest.fixture(scope="module")
def admin(service):
    with service.with_key("admin") as made:
        yield made


def test_a_key_is_made_and_opens_what_it_may(service, admin):
    made = admin.post("/v1/keys", json={**WANTED, "valid_for_days": 7})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    document = made.json()
    lasts = datetime.fromisoformat(document["expires_at"]) - datetime.fromisoformat(
        document["created_at"]
    )
    assert (lasts.days, document["scopes"]) == (7, ["lists:read"])
    headers = {"X-Api-Key": document["key"]}
    assert service.client.get("/v1/lists", headers=headers).status_code == 200
    assert service.client.get("/v1/keys", headers=headers).status_code == 403


def test_the_secret_is_shown_in_no_other_answer(service, admin):
    text = admin.post("/v1/keys", json=WANTED).json()["key"]
    secret = text.rpartition("_")[2]
    listed = admin.get("/v1/keys")
    assert text.split("_")[1] in listed.text
    assert secret not in listed.text
    assert secret not in admin.get("/v1/audit").text


def test_an_idempotency_key_does_not_show_a_secret_twice(service, admin):
    headers = {"Idempotency-Key": "again"}
    first, second = (admin.post("/v1/keys", json=WANTED, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["key"] != second.json()["key"]
    with Session(service.state) as session:
        assert session.scalars(select(KeptAnswer).where(KeptAnswer.key == "again")).all() == []


def test_a_key_is_withdrawn_within_a_second(service, admin):
    made = admin.post("/v1/keys", json=WANTED).json()
    headers = {"X-Api-Key": made["key"]}
    assert service.client.get("/v1/lists", headers=headers).status_code == 200
    gone = admin.delete(f"/v1/keys/{made['prefix']}")
    assert gone.json()["revoked_at"]
    until = time.monotonic() + 60
    while service.client.get("/v1/lists", headers=headers).status_code == 200:
        assert time.monotonic() < until
    assert admin.delete(f"/v1/keys/{made['prefix']}").json() == gone.json()


def test_a_key_that_is_not_there_cannot_be_withdrawn(admin):
    assert admin.delete("/v1/keys/00000000").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"scopes": []}, "#/scopes"),
        ({"scopes": ["lists:delete"]}, "#/scopes/0"),
        ({"name": ""}, "#/name"),
        ({"name": "a\nb"}, "#/name"),
        ({"name": "a" * 65}, "#/name"),
        ({"valid_for_days": 0}, "#/valid_for_days"),
        ({"valid_for_days": 366}, "#/valid_for_days"),
        ({"valid_for_days": None}, "#/valid_for_days"),
        ({"prefix": "00000000"}, "#/prefix"),
        ({"secret_sha256": "0"}, "#/secret_sha256"),
    ],
)
def test_a_key_that_cannot_be_made_is_refused(admin, wrong, pointer):
    answer = admin.post("/v1/keys", json={**WANTED, **wrong})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("scope", [scope for scope in SCOPES if scope != "admin"])
def test_nobody_but_admin_grants_anything_not_even_what_they_hold(service, scope):
    with service.with_key(scope) as holder:
        for granted in (scope, "admin"):
            refused = holder.post("/v1/keys", json={"name": "x", "scopes": [granted]})
            assert refused.status_code == 403


def test_who_made_and_withdrew_a_key_is_in_the_audit(service):
    with service.with_key("admin") as own:
        prefix = own.post("/v1/keys", json=WANTED).json()["prefix"]
        own.delete(f"/v1/keys/{prefix}")
        events = own.get("/v1/audit").json()["events"]
    me = own.headers["Authorization"].split("_")[1]
    mine = [one for one in events if one["about"] == f"key {prefix}"]
    assert [one["route"] for one in mine] == ["DELETE /v1/keys/{prefix}", "POST /v1/keys"]
    assert {one["who"] for one in mine} == {me}
    assert mine[1]["fields"] == ["lists:read"]


def test_every_key_of_the_database_is_listed(service, admin):
    with Session(service.state) as session:
        known = set(session.scalars(select(ApiKey.prefix)))
    assert {one["prefix"] for one in admin.get("/v1/keys").json()["keys"]} == known
