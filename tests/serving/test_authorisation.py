"""Every route against every scope: what is not granted is refused, and tells nothing."""

import re
import shutil

import httpx
import pytest
from fastapi import APIRouter
from fastapi.params import Security
from fastapi.routing import APIRoute
from project import versioned
from scored import MODEL, go_live, many
from service import running

from campaigns.keys import SCOPES
from serving.access import OPEN
from serving.app import create_app
from serving.settings import ServingSettings

#: What is named in a path and is not there.
MISSING = {
    "list_id": "list_00000000000000000000",
    "export_id": "export_00000000000000000000",
    "assignment_id": "assignment_00000000000000000000",
    "job_id": "job_00000000000000000000",
    "customer_id": "c99999",
    "campaign_id": "none-such",
    "product_id": "P99999",
    "name": "none-such",
    "prefix": "00000000",
    "model": "none_such",
    "webhook_id": "hook_00000000000000000000",
    "delivery_id": "delivery_00000000000000000000",
}
PAIRS = [
    {"customer_id": f"c{number:05}", "product_id": "cup", "state": "NEW", "probability": 0.2}
    for number in range(3)
]


def scopes_of(route):
    return [
        scope for one in route.dependencies if isinstance(one, Security) for scope in one.scopes
    ]


def every_route(routes):
    """The routes themselves, also those of routers that were included."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from every_route(route.original_router.routes)
        else:
            yield route


def undeclared(app):
    """The routes that ask for no scope, or several, and are not named as open."""
    closed = [route for route in every_route(app.routes) if route.path not in OPEN]
    return [
        route.path
        for route in closed
        if not isinstance(route, APIRoute)
        or len(scopes_of(route)) != 1
        or not set(scopes_of(route)) <= set(SCOPES)
    ]


APP = create_app(ServingSettings())
GUARDED = [
    pytest.param(method, route.path, scopes_of(route)[0], id=f"{method} {route.path}")
    for route in every_route(APP.routes)
    if isinstance(route, APIRoute) and route.path not in OPEN and scopes_of(route)
    for method in sorted(route.methods)
]
WITH_AN_ID = [case for case in GUARDED if "{" in case.values[1]]


def test_every_route_declares_one_scope():
    assert undeclared(APP) == []
    assert len(GUARDED) > 40


def test_a_new_route_without_a_scope_is_found():
    app = create_app(ServingSettings())
    router = APIRouter()
    router.add_api_route("/v1/new", lambda: None)
    router.add_api_route("/v1/hidden", lambda: None, include_in_schema=False)
    app.include_router(router)
    app.mount("/files", lambda: None)
    assert undeclared(app) == ["/v1/new", "/v1/hidden", "/files"]


def spec_of(size):
    return {"model": MODEL, "size": size}


class Shop:
    """A service that holds one of everything, and a client for each set of scopes."""

    def __init__(self, service):
        self.service = service
        self.clients = {}
        self.there = {**MISSING, "model": MODEL, "product_id": "cup"}
        with self.holding("admin") as admin:
            built = admin.post("/v1/lists", json=spec_of(20))
            assert built.status_code == 201, built.text
            made = built.headers["Location"]
            self.there["list_id"] = made.rpartition("/")[2]
            waits = {"Prefer": "wait=60"}
            with self.holding("lists:read") as reader:
                done = reader.post(f"{made}/exports", json={"format": "csv"}, headers=waits)
                first = reader.get(f"{made}/members").json()["members"][0]["customer_id"]
            self.there |= {"export_id": done.json()["id"], "customer_id": first}
            spec = {"to": "agents", "capacities": {"ann": 9}}
            done = admin.post(f"{made}/assignments", json=spec, headers=waits)
            self.there["assignment_id"] = done.json()["id"]
            later = admin.post("/v1/lists", json=spec_of(9), headers={"Prefer": "respond-async"})
            self.there["job_id"] = later.headers["Location"].rpartition("/")[2]
            plan = {"campaign_id": "spring", "starts_at": "2026-03-02T00:00:00Z"}
            assert admin.post("/v1/campaigns", json=plan).status_code == 201
            self.there["campaign_id"] = "spring"
            standing = {
                "name": "weekly",
                "list": {"model": MODEL, "size": 5},
                "when": {"every": "week", "on": "monday"},
            }
            assert admin.post("/v1/standing-lists", json=standing).status_code == 201
            hook = {"url": "http://127.0.0.1:9/hook", "events": ["list.ready"]}
            self.there["webhook_id"] = admin.post("/v1/webhooks", json=hook).json()["id"]
            ping = admin.post(f"/v1/webhooks/{self.there['webhook_id']}/ping")
            self.there["delivery_id"] = ping.headers["Location"].rpartition("/")[2]
            key = {"name": "spare", "scopes": ["lists:read"]}
            self.there["prefix"] = admin.post("/v1/keys", json=key).json()["prefix"]
        self.there["name"] = "weekly"

    def holding(self, *scopes):
        return self.service.with_key(*scopes)

    def client(self, *scopes):
        if scopes not in self.clients:
            self.clients[scopes] = self.holding(*scopes)
        return self.clients[scopes]

    def ask(self, client, method, pattern, names):
        path = pattern
        for name, value in names.items():
            path = path.replace(f"{{{name}}}", value).replace(f"{{{name}:path}}", value)
        if path.endswith(("/files/weekly", "/files/none-such")):
            path = f"{path.rpartition('/')[0]}/members.csv"
        assert "{" not in path
        return client.request(method, path, headers={"X-Request-Id": "same"})


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "params.yaml").write_text("time_zone: UTC\ncurrency: EUR\nmodels: {}\n")
    go_live(folder / "artifacts", many(60))
    go_live(folder / "artifacts", PAIRS, model="purchase_propensity", base=60)
    versioned(folder / "artifacts")
    with running(folder / "artifacts", webhooks_allow="127.0.0.1") as service:
        made = Shop(service)
        yield made
        for client in made.clients.values():
            client.close()


@pytest.mark.parametrize(("method", "pattern", "needed"), GUARDED)
def test_a_route_takes_its_scope_or_admin_and_no_other(shop, method, pattern, needed):
    opened = []
    for scope in SCOPES:
        answer = shop.ask(shop.client(scope), method, pattern, MISSING)
        assert answer.status_code not in {401, 429, 500}, (scope, answer.text)
        if answer.status_code != 403:
            opened.append(scope)
        else:
            assert answer.json()["type"] == "urn:shortlist:problem:forbidden"
            assert needed in answer.json()["detail"]
    assert opened == [scope for scope in SCOPES if scope in {needed, "admin"}]


@pytest.mark.parametrize(("method", "pattern", "needed"), GUARDED)
def test_all_other_scopes_together_do_not_open_a_route(shop, method, pattern, needed):
    others = tuple(scope for scope in SCOPES if scope not in {needed, "admin"})
    assert shop.ask(shop.client(*others), method, pattern, shop.there).status_code == 403


def told(answer):
    """Everything of an answer but the path that was asked for, the time and the count."""
    varying = {"date", "ratelimit"}
    headers = {name: value for name, value in answer.headers.items() if name not in varying}
    body = answer.content
    if headers.get("content-type", "").endswith("problem+json"):
        document = {**answer.json(), "instance": ""}
        return answer.status_code, {**headers, "content-length": ""}, document
    return answer.status_code, headers, body


@pytest.mark.parametrize(("method", "pattern", "needed"), WITH_AN_ID)
def test_without_the_scope_what_exists_looks_as_what_does_not(shop, method, pattern, needed):
    others = tuple(scope for scope in SCOPES if scope not in {needed, "admin"})
    for holder in (shop.client(*others), shop.service.client):
        there = told(shop.ask(holder, method, pattern, shop.there))
        assert there == told(shop.ask(holder, method, pattern, MISSING))


@pytest.mark.parametrize(
    ("method", "pattern", "needed"), [case for case in WITH_AN_ID if case.values[0] == "GET"]
)
def test_with_the_scope_what_exists_is_found(shop, method, pattern, needed):
    """Else the comparison above would compare nothing."""
    answer = shop.ask(shop.client(needed), method, pattern, shop.there)
    params = {"against": shop.there["list_id"], "change": "joined"}
    if answer.status_code == 422:
        path = answer.request.url.path
        answer = shop.client(needed).get(path, params=params)
    if pattern.endswith(("/reasons", "/companions", "/demand")):
        assert answer.status_code in {404, 422, 503}  # they are, in a project that trained them
        assert answer.json()["type"] != "urn:shortlist:problem:unknown-list"
        return
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", ["", "/members", "/exclusions", "/exports"])
def test_a_member_id_is_nobodys_to_who_goes_by_pseudonyms(shop, path):
    reader = shop.client("lists:read")
    listed = f"/v1/lists/{shop.there['list_id']}"
    assert not re.search(r"\bc\d{5}\b", reader.get(f"{listed}{path}").text)


def test_the_paths_of_a_stranger_are_all_the_same(shop):
    paths = ["/v1/lists", f"/v1/lists/{shop.there['list_id']}", "/v1/none-such", "/", "/v1/keys"]
    answers = [shop.service.client.get(p, headers={"X-Request-Id": "same"}) for p in paths]
    assert len({str(told(answer)) for answer in answers}) == 1


def test_a_key_that_is_foreign_to_a_project_opens_nothing(shop, tmp_path):
    go_live(tmp_path / "artifacts", many(5))
    with running(tmp_path / "artifacts") as other:
        text = other.key("admin")
    answer = httpx.get(f"{shop.service.address}/v1/keys", headers={"X-Api-Key": text}, timeout=20)
    assert answer.status_code == 401
    shutil.rmtree(tmp_path / "artifacts")
