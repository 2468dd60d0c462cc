"""Nothing is answered without a key that has the scope, but what is named as open."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from scored import MODEL

from campaigns.keys import SCOPES, revoke_key
from serving.keyring import REMEMBERED_FOR

SPEC = {"model": MODEL, "size": 10}
HIDDEN = ["/v1/lists/list_0", "/v1/lists/list_0/members", "/v1/nothing", "/nothing", "/"]


def ask(service, path, key=None, **headers):
    headers |= {"Authorization": f"Bearer {key}"} if key else {}
    return service.client.get(path, headers=headers)


@pytest.mark.parametrize("path", HIDDEN)
def test_without_a_key_every_path_looks_the_same(service, path):
    answer = ask(service, path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="shortlist"'
    assert answer.json()["type"] == "urn:shortlist:problem:missing-key"


@pytest.mark.parametrize(
    "headers", [{"X-Api-Key": ""}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}]
)
def test_what_is_no_key_is_a_missing_one(service, headers):
    assert ask(service, "/v1/lists/list_0", **headers).json()["title"] == "A key is required"


def test_a_key_is_taken_from_either_header_but_never_from_the_address(service):
    key = service.key("lists:read")
    assert ask(service, "/v1/lists/list_0", **{"X-Api-Key": key}).status_code == 404
    assert ask(service, "/v1/lists/list_0", Authorization=f"bearer {key}").status_code == 404
    assert ask(service, f"/v1/lists/list_0?api_key={key}").status_code == 401


@pytest.mark.parametrize("key", ["x", "sl_00000000_00", "sl_" + "é" * 30, "k" * 5000])
def test_an_unknown_key_is_refused(service, key):
    answer = httpx.get(
        f"{service.address}/v1/lists/list_0", headers={"X-Api-Key": key.encode()}, timeout=20
    )
    assert answer.status_code == 401
    assert "not known" in answer.json()["detail"]


def test_a_key_without_the_scope_does_not_learn_whether_a_list_exists(service, client):
    existing = client.post("/v1/lists", json=SPEC).headers["Location"]
    writer = service.key("lists:write")
    answers = [ask(service, path, writer) for path in (existing, "/v1/lists/list_0")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert "lists:read" in answers[0].json()["detail"]


@pytest.mark.parametrize("scope", SCOPES)
def test_each_route_takes_its_scope_and_no_other(service, client, scope):
    path = client.post("/v1/lists", json=SPEC).headers["Location"]
    with service.with_key(scope) as holder:
        codes = [
            holder.post("/v1/lists", json=SPEC).status_code,
            holder.get(path).status_code,
            holder.get(f"{path}/members").status_code,
        ]
    writes, reads = scope in {"lists:write", "admin"}, scope in {"lists:read", "admin"}
    assert codes == [200 if writes else 403, *([200 if reads else 403] * 2)]


def test_an_expired_key_is_refused(service):
    made = datetime.now(UTC) - timedelta(days=2)
    answer = ask(service, "/v1/lists/list_0", service.key("lists:read", at=made))
    assert answer.status_code == 401
    assert "expired on" in answer.json()["detail"]


def test_a_remembered_key_is_refused_when_it_expires(service):
    lasts = timedelta(seconds=1.5)
    key = service.key("lists:read", valid_for=lasts)
    expires = datetime.now(UTC) + lasts
    assert ask(service, "/v1/lists/list_0", key).status_code == 404
    while datetime.now(UTC) < expires:
        ask(service, "/v1/lists/list_0", key)
    assert ask(service, "/v1/lists/list_0", key).status_code == 401


def test_a_revoked_key_is_refused_within_a_second(service):
    key = service.key("lists:read")
    assert ask(service, "/v1/lists/list_0", key).status_code == 404
    revoke_key(service.state, key.split("_")[1], at=datetime.now(UTC))
    last = datetime.now(UTC) + REMEMBERED_FOR
    asked = datetime.now(UTC)
    while ask(service, "/v1/lists/list_0", key).status_code == 404:
        assert asked < last
        asked = datetime.now(UTC)
    assert "revoked" in ask(service, "/v1/lists/list_0", key).json()["detail"]


def test_a_malformed_body_without_a_key_is_a_missing_key(service):
    answer = service.client.post("/v1/lists", content=b'{"model": ')
    assert answer.status_code == 401


def test_what_a_key_is_told_is_kept_by_no_cache_and_taken_for_nothing_else(service, client):
    path = client.post("/v1/lists", json=SPEC).headers["Location"]
    answers = [client.get(path), client.get(f"{path}/members"), client.get("/v1/lists/list_0")]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_new_project_has_no_account(service):
    for key in ("admin", "sl_admin_admin", "test"):
        assert ask(service, "/v1/lists/list_0", key).status_code == 401
