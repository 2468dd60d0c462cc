"""Every route answers what /openapi.json promises, whatever it is asked (Schemathesis)."""

import json

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from jobs import done
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks
from scored import MODEL, go_live
from service import running
from small_shop import AS_OF, small_shop

from serving.app import create_app
from serving.settings import ServingSettings

load_all_checks()
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
]
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
SCHEMA = schemathesis.openapi.from_dict(create_app(ServingSettings()).openapi())
OPERATIONS = [
    pytest.param(found.ok(), id=f"{found.ok().method.upper()} {found.ok().path}")
    for found in SCHEMA.get_all_operations()
]
#: Where a 503 is no defect, and why.
MAY_BE_AWAY = {
    "/v1/products/{product_id}/demand": "it takes a snapshot of pairs, which takes long to make",
    "/readyz": "that a version is not live yet is what it is asked for",
}
#: What is said of each line, not of the whole: a body of bad lines is read, and answered 200.
LINES = "application/x-ndjson"


@schemathesis.serializer(LINES)
def _as_lines(_context, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A service with something of each kind, and the names by which to find it."""
    project, _, _ = small_shop(tmp_path_factory.mktemp("shop"))
    pairs = [{"customer_id": "c001", "product_id": "kettle", "state": "NEW", "probability": 0.2}]
    go_live(project.artifacts, pairs, model="purchase_propensity", base=121, as_of=AS_OF)
    allowed = {"webhooks_allow": "127.0.0.1"}
    with running(project.artifacts, **allowed) as service, service.with_key("admin") as client:
        built = [
            client.post("/v1/lists", json={"model": MODEL, "size": size, "campaign": "spring"})
            for size in (20, 30)
        ]
        lists = [one.raise_for_status().json()["id"] for one in built]
        path = f"/v1/lists/{lists[0]}"
        export = client.post(f"{path}/exports", json={"format": "csv"})
        exported = done(client, export)["location"]
        agents = client.post(f"{path}/assignments", json={"to": "agents", "capacities": {"a": 9}})
        assigned = done(client, agents)["location"]
        client.post("/v1/campaigns", json={"campaign_id": "spring", "starts_at": START})
        client.post("/v1/standing-lists", json=STANDING).raise_for_status()
        hook = client.post("/v1/webhooks", json={"url": NOBODY, "events": ["alarm"]})
        service.known = {
            "list_id": lists[0],
            "customer_id": "c001",
            "product_id": "kettle",
            "job_id": export.headers["Location"].rpartition("/")[2],
            "export_id": exported.rpartition("/")[2],
            "assignment_id": assigned.rpartition("/")[2],
            "name": "members.csv",
            "campaign_id": "spring",
            "webhook_id": hook.json()["id"],
        }
        service.headers = {"Authorization": f"Bearer {service.key('admin')}"}
        yield service


#: Nothing listens there, and nothing is sent anywhere else.
NOBODY = "http://127.0.0.1:9/"
START = "2026-03-02T00:00:00+08:00"
STANDING = {"name": "members.csv", "list": {"model": MODEL, "size": 5}, "when": {"every": "day"}}


def asked(operation, known):
    """Requests of every kind: with names that exist and with others, sound and not."""
    there = {name: known[name] for name in known if "{" + name + "}" in operation.path}
    return st.one_of(
        operation.as_strategy(POSITIVE),
        operation.as_strategy(POSITIVE, path_parameters=there),
        operation.as_strategy(NEGATIVE),
    )


def conforms(operation, shop, *, examples):
    left_out = []
    if any(LINES in body.media_type for body in operation.body):
        left_out.append(checks.negative_data_rejection)
    if operation.path in MAY_BE_AWAY:
        left_out.append(not_a_server_error)
    wanted = [check for check in CHECKS if check not in left_out]

    @seed(9)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=asked(operation, shop.known))
    def every(case):
        case.headers.pop("Idempotency-Key", None)  # the same one again is another request's
        answer = case.call(base_url=shop.address, session=session, headers=shop.headers)
        case.validate_response(answer, checks=wanted)

    with requests.Session() as session:
        every()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_is_documented_and_none_is_a_defect(operation, shop):
    conforms(operation, shop, examples=10)


@pytest.mark.nightly
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_is_documented_also_of_many(operation, shop):
    conforms(operation, shop, examples=300)
