"""Who may not see people knows them by pseudonyms, wherever ids go out and come in."""

import re

import ibis
import pytest
from explained import explainable
from scored import MODEL, NOBODY_HELD_OUT, go_live
from service import running
from shop import member, table
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.keys import SCOPES
from campaigns.state.tables import AuditEvent, ConsentChange, OutcomeEvent, Suppression
from serving.app import create_app
from serving.settings import ServingSettings

NDJSON = {"Content-Type": "application/x-ndjson"}
WAIT = {"Prefer": "wait=60"}
#: An id as this shop has them; none may reach a key without the scope.
OWN = re.compile(rb"M\d{5}")
PAIRS = [
    {"customer_id": f"M{number:05}", "product_id": name, "state": "NEW", "probability": 0.2}
    for number in range(30)
    for name in ("cup", "kettle")
]


def people(count):
    """Scores of so many, whose ids no pseudonym can hold by chance."""
    return {f"M{number:05}": 1 - number / 100 for number in range(count)}


class Shop:
    """A service with two lists, an export and an assignment; a client that sees people, and
    one that does not."""

    def __init__(self, service, seeing, blind):
        self.service, self.seeing, self.blind = service, seeing, blind
        spec = {"model": MODEL, **NOBODY_HELD_OUT}
        self.path = self.built({**spec, "size": 40})
        self.other = self.built({**spec, "size": 30, "campaign": "spring"})
        self.names = dict(
            zip(
                [one["customer_id"] for one in self.members(seeing)],
                [one["customer_id"] for one in self.members(blind)],
                strict=True,
            )
        )

    def built(self, spec):
        return self.seeing.post("/v1/lists", json=spec).headers["Location"]

    def members(self, client):
        return client.get(f"{self.path}/members").json()["members"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    artifacts = tmp_path_factory.mktemp("artifacts")
    go_live(artifacts, people(60), base=60)
    go_live(artifacts, PAIRS, model="purchase_propensity", base=60)
    (artifacts / "tables").mkdir()
    connection = ibis.duckdb.connect()
    rows = table("customers", [member(name) for name in people(60)])
    connection.to_parquet(rows, artifacts / "tables" / "customers.parquet")
    connection.disconnect()
    every = [scope for scope in SCOPES if scope not in {"members:pii", "admin"}]
    with (
        running(artifacts) as service,
        service.with_key(*every, "members:pii") as seeing,
        service.with_key(*every) as blind,
    ):
        yield Shop(service, seeing, blind)


def test_ranks_and_scores_are_the_same_under_either_name(shop):
    seen, blind = shop.members(shop.seeing), shop.members(shop.blind)
    assert [one.pop("customer_id") for one in seen] == list(people(40))
    assert all(re.fullmatch("p_[0-9a-f]{32}", one.pop("customer_id")) for one in blind)
    assert seen == blind
    assert len(set(shop.names.values())) == 40


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson", "text/csv"])
def test_pages_for_both_are_kept_apart(shop, accept):
    ask = {"headers": {"Accept": accept}}
    pages = [
        client.get(f"{shop.path}/members", **ask).content
        for client in (shop.seeing, shop.blind, shop.seeing, shop.blind)
    ]
    assert pages[:2] == pages[2:]
    assert OWN.search(pages[0])
    assert not OWN.search(pages[1])


def test_a_customer_has_one_pseudonym_everywhere(shop):
    first = shop.names["M00000"]
    other = shop.blind.get(f"{shop.other}/members").json()["members"]
    assert other[0]["customer_id"] == first
    scores = shop.blind.get(f"/v1/customers/{first}/scores").json()
    assert scores["customer_id"] == first
    assert {row["customer_id"] for one in scores["models"] for row in one["scores"]} == {first}


def exported(client, path, **spec):
    made = client.post(f"{path}/exports", json={"format": "csv", **spec}, headers=WAIT)
    assert made.status_code == 201, made.text
    return f"{made.headers['Location']}/files/members.csv", made.json()


def asked(shop, client, name):
    """Every answer that names customers, by its route."""
    waits = {"to": "agents", "capacities": {"ann": 9}}
    handed = client.post(f"{shop.path}/assignments", json=waits, headers=WAIT).headers["Location"]
    file, _ = exported(client, shop.path)
    against = {"against": shop.other.rpartition("/")[2], "change": "joined"}
    listed, batch = "/v1/lists/{list_id}", {"customers": [name, shop.names["M00001"]]}
    return {
        f"GET {listed}/members": client.get(f"{shop.path}/members"),
        f"GET {listed}/exclusions": client.get(
            f"{shop.path}/exclusions", params={"reason": "below_cut_off"}
        ),
        f"GET {listed}/diff/members": client.get(f"{shop.path}/diff/members", params=against),
        f"GET {listed}/exports/{{export_id}}/files/{{name}}": client.get(file),
        f"GET {listed}/assignments/{{assignment_id}}/members": client.get(f"{handed}/members"),
        "GET /v1/customers/{customer_id}/scores": client.get(f"/v1/customers/{name}/scores"),
        "GET /v1/customers/{customer_id}/next-products": client.get(
            f"/v1/customers/{name}/next-products"
        ),
        "POST /v1/scores:batch": client.post("/v1/scores:batch", json=batch),
    }


#: What holds a customer's id, and cannot be asked in this shop.
ELSEWHERE = {"GET /v1/lists/{list_id}/members/{customer_id}/reasons": "the test below"}


def names_customers(schema, schemas, seen=()):
    """Whether a documented answer has a field that holds ids of customers."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name:
        return name not in seen and names_customers(schemas[name], schemas, (*seen, name))
    properties = schema.get("properties", {})
    inner = [*properties.values(), *schema.get("anyOf", ()), schema.get("items", {})]
    own = {"customer_id", "customers"} & set(properties)
    ids = {one for one in own if properties[one].get("type") != "integer"}
    return bool(ids) or any(names_customers(one, schemas, seen) for one in inner if one)


def test_every_answer_that_names_customers_is_tried_here(shop):
    document = create_app(ServingSettings()).openapi()
    schemas = document["components"]["schemas"]
    found = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                for content in answer.get("content", {}).values() if status[0] == "2" else ():
                    if names_customers(content["schema"], schemas):
                        found.add(f"{method.upper()} {path}")
    files = {"GET /v1/lists/{list_id}/exports/{export_id}/files/{name}"}
    counts = {"GET /v1/campaigns/{campaign_id}/effect", "GET /v1/products/{product_id}/demand"}
    tried = set(asked(shop, shop.blind, shop.names["M00000"]))
    assert (found | files) - counts == tried | set(ELSEWHERE)


def test_no_id_reaches_who_may_not_see_people(shop):
    for route, answer in asked(shop, shop.blind, shop.names["M00000"]).items():
        assert answer.status_code == 200, (route, answer.text)
        assert not OWN.search(answer.content), route
        assert re.search(rb"p_[0-9a-f]{32}", answer.content), route


def test_who_may_see_people_sees_their_ids(shop):
    for route, answer in asked(shop, shop.seeing, "M00000").items():
        assert answer.status_code == 200, (route, answer.text)
        assert OWN.search(answer.content), route
        assert not re.search(rb'"p_[0-9a-f]{32}"', answer.content.split(b'"unknown"')[0]), route


def test_what_is_taken_is_recorded_before_it_is_sent(shop):
    for client, named in ((shop.blind, shop.names["M00000"]), (shop.seeing, "M00000")):
        for route, answer in asked(shop, client, named).items():
            identity = answer.headers["X-Request-Id"]
            with Session(shop.service.state) as session:
                query = select(AuditEvent).where(AuditEvent.request_id == identity)
                (event,) = session.scalars(query)
            assert event.route == route
            assert event.rows > 0
            assert "customer_id" in event.fields
            assert event.pseudonymous == (client is shop.blind)
            assert event.list_id in {shop.path.rpartition("/")[2], None}


def test_an_id_is_nobodys_name_to_who_goes_by_pseudonyms(shop):
    for path in (
        "/v1/customers/{}/scores",
        "/v1/customers/{}/scores?fresh=true",
        "/v1/customers/{}/next-products",
        f"{shop.path}/members/{{}}/reasons",
    ):
        mine, none = (shop.blind.get(path.format(name)) for name in ("M00000", "M99999"))
        assert (mine.status_code, none.status_code) == (404, 404), path
        assert mine.json()["detail"] == none.json()["detail"]
    batch = shop.blind.post("/v1/scores:batch", json={"customers": ["M00000"]}).json()
    assert batch["unknown"] == ["M00000"]


def test_a_pseudonym_is_nobody_to_who_sees_people(shop):
    name = shop.names["M00000"]
    assert shop.seeing.get(f"/v1/customers/{name}/scores").status_code == 404


def test_a_member_without_reasons_is_told_so_under_either_name(shop):
    for client, name in ((shop.seeing, "M00003"), (shop.blind, shop.names["M00003"])):
        answer = client.get(f"{shop.path}/members/{name}/reasons")
        assert answer.json()["type"] == "urn:shortlist:problem:no-reasons"


def test_reasons_are_the_same_under_either_name(tmp_path):
    explainable(tmp_path)
    with (
        running(tmp_path) as service,
        service.with_key("lists:read") as blind,
        service.with_key("lists:read", "lists:write", "members:pii") as seeing,
    ):
        spec = {"model": MODEL, "size": 5, **NOBODY_HELD_OUT}
        path = seeing.post("/v1/lists", json=spec).headers["Location"]
        told = []
        for client in (seeing, blind):
            name = client.get(f"{path}/members").json()["members"][2]["customer_id"]
            told.append(client.get(f"{path}/members/{name}/reasons").raise_for_status().json())
            assert told[-1].pop("customer_id") == name
    assert told[0] == told[1]


def test_an_export_with_ids_is_not_downloaded_without_the_scope(shop):
    file, manifest = exported(shop.seeing, shop.path)
    assert manifest["pseudonymous"] is False
    assert shop.blind.get(file).status_code == 403
    file, _ = exported(shop.seeing, shop.path, fields=["rank", "city"])
    assert shop.blind.get(file).status_code == 200
    file, manifest = exported(shop.blind, shop.path)
    assert manifest["pseudonymous"] is True
    assert shop.seeing.get(file).status_code == 200


@pytest.mark.parametrize("form", ["parquet", "ndjson", "csv"])
def test_every_form_of_an_export_holds_pseudonyms(shop, form):
    made = shop.blind.post(f"{shop.path}/exports", json={"format": form}, headers=WAIT)
    name = made.json()["files"][0]["name"]
    content = shop.blind.get(f"{made.headers['Location']}/files/{name}").content
    assert not OWN.search(content)


def reported(client, path, *rows):
    body = "\n".join(row.replace("'", '"') for row in rows)
    return client.post(path, content=body, headers=NDJSON).raise_for_status().json()


def test_reports_name_customers_as_they_were_read(shop):
    rest = "'campaign_id': 'spring', 'kind': 'visit', 'event_time': '2026-03-02T09:00:00Z'"
    named = [f"{{'customer_id': '{name}', {rest}}}" for name in (shop.names["M00004"], "M00005")]
    told = reported(shop.blind, "/v1/outcomes", *named)
    assert (told["accepted"], told["rejected"]) == (1, 1)
    (error,) = told["errors"]
    assert (error["line"], error["pointer"]) == (2, "/customer_id")
    assert "M00005" not in str(told)
    with Session(shop.service.state) as session:
        found = session.scalars(select(OutcomeEvent.customer_id)).all()
    assert found == ["M00004"]


def test_who_may_read_nothing_reports_by_ids(shop):
    row = "{'customer_id': 'M00006', 'channel': 'email', 'granted': false}"
    with shop.service.with_key("consents:write") as teller:
        assert reported(teller, "/v1/consents", row)["changed"] == 1
    with Session(shop.service.state) as session:
        assert session.scalars(select(ConsentChange.customer_id)).all() == ["M00006"]


def test_a_suppression_is_made_and_lifted_by_pseudonym(shop):
    name = shop.names["M00007"]
    reported(shop.blind, "/v1/suppressions", f"{{'customer_id': '{name}'}}")
    with Session(shop.service.state) as session:
        assert session.scalars(select(Suppression.customer_id)).all() == ["M00007"]
    assert shop.blind.delete("/v1/suppressions/M00007").json() == {"lifted": 0}
    assert shop.blind.delete(f"/v1/suppressions/{name}").json() == {"lifted": 1}


def test_another_project_has_other_pseudonyms(shop, tmp_path):
    go_live(tmp_path, people(60))
    spec = {"model": MODEL, "size": 40, **NOBODY_HELD_OUT}
    with running(tmp_path) as other, other.with_key("lists:read", "lists:write") as client:
        path = client.post("/v1/lists", json=spec).headers["Location"]
        names = {one["customer_id"] for one in client.get(f"{path}/members").json()["members"]}
    assert len(names) == 40
    assert not names & set(shop.names.values())
