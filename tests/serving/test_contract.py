"""What /openapi.json promises of every route."""

import pytest
from fastapi.routing import iter_route_contexts

from campaigns.keys import SCOPES
from serving.access import OPEN
from serving.app import create_app
from serving.settings import ServingSettings

#: What needs no key, and why. Adding a path here is a decision, not a convenience.
WITHOUT_A_KEY = {
    "/healthz": "an orchestrator asks it, and it says nothing",
    "/readyz": "an orchestrator asks it; it names models and versions, no customer",
    "/metrics": "Prometheus asks it; it holds counts by route, no customer",
    "/openapi.json": "the documentation of the interface",
    "/docs": "the same, to read",
    "/docs/oauth2-redirect": "part of the page above",
}

#: What a route asks for on top of its scope, by what is asked of it; where it is tested.
ONLY_SOMETIMES = {"members:pii": "test_exports.py: how people are reached takes a scope"}

APP = create_app(ServingSettings())
DOCUMENT = APP.openapi()
OPERATIONS = [
    pytest.param(path, operation, id=f"{method.upper()} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
GUARDED = [case for case in OPERATIONS if case.values[0] not in OPEN]


def resolved(schema):
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def test_only_the_named_paths_are_open():
    assert set(WITHOUT_A_KEY) == OPEN


def test_every_route_is_documented(service):
    paths = service.client.get("/openapi.json").json()["paths"]
    assert set(paths) == {"/healthz", "/readyz", "/metrics"} | {case.values[0] for case in GUARDED}
    routes = [route for route in iter_route_contexts(APP.routes) if route.path not in OPEN]
    assert {route.path.replace(":path}", "}") for route in routes} == set(paths) - OPEN


@pytest.mark.parametrize(("path", "operation"), GUARDED)
def test_a_guarded_route_asks_for_a_scope(path, operation):
    scopes = [scope for need in operation["security"] for names in need.values() for scope in names]
    assert scopes, f"{path} takes any key"


def test_every_scope_guards_something():
    used = {
        scope
        for case in GUARDED
        for need in case.values[1]["security"]
        for scopes in need.values()
        for scope in scopes
    }
    assert used == set(SCOPES) - set(ONLY_SOMETIMES)


@pytest.mark.parametrize(("path", "operation"), GUARDED)
def test_a_guarded_route_is_refused_without_a_key(service, path, operation):
    for method, found in DOCUMENT["paths"][path].items():
        if found is operation:
            assert service.client.request(method, path).status_code == 401


@pytest.mark.parametrize(("path", "operation"), GUARDED)
def test_a_guarded_route_documents_its_errors(path, operation):
    assert {"401", "403", "413", "422", "503"} <= set(operation["responses"]), path
    for status, answer in operation["responses"].items():
        if status[0] in "45":
            (media_type,) = answer["content"]
            assert media_type == "application/problem+json"
            problem = answer["content"][media_type]
            assert resolved(problem["schema"])["title"] == "Problem"
            assert problem["examples"]


@pytest.mark.parametrize(("path", "operation"), OPERATIONS)
def test_every_answer_has_a_description_and_an_example(path, operation):
    assert operation["summary"], path
    assert operation["description"]
    for answer in operation["responses"].values():
        assert answer["description"]
        for content in answer["content"].values():
            assert content.get("example") or content.get("examples")


@pytest.mark.parametrize(("path", "operation"), OPERATIONS)
def test_the_example_of_an_answer_has_exactly_the_documented_fields(path, operation):
    for status, answer in operation["responses"].items():
        for content in answer["content"].values():
            if "example" not in content or status[0] != "2" or path == "/metrics":
                continue
            schema = resolved(content["schema"])
            assert set(content["example"]) == set(schema["properties"]), path


def test_the_request_of_every_post_has_an_example():
    bodies = [
        (path, resolved(content["schema"]))
        for path, method in DOCUMENT["paths"].items()
        if "requestBody" in method.get("post", {})
        for content in method["post"]["requestBody"]["content"].values()
    ]
    assert bodies
    assert all(schema["examples"] for _, schema in bodies)


def test_answers_have_exactly_the_documented_fields(service, client):
    made = client.post("/v1/lists", json={"model": "customer_activity", "size": 10})
    path = made.headers["Location"]
    answers = {
        "ListDocument": made.json(),
        "MembersPage": client.get(f"{path}/members").json(),
        "Readiness": service.client.get("/readyz").json(),
        "Problem": client.get("/v1/lists/list_0/members?limit=0").json(),
    }
    for name, answer in answers.items():
        assert set(answer) == set(DOCUMENT["components"]["schemas"][name]["properties"]), name
    member = DOCUMENT["components"]["schemas"]["Member"]["properties"]
    assert set(client.get(f"{path}/members").json()["members"][0]) <= set(member)


def test_making_the_application_opens_nothing(tmp_path):
    create_app(ServingSettings(artifacts=tmp_path / "artifacts"))
    assert not list(tmp_path.iterdir())
