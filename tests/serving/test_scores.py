"""Scores of customers over HTTP: stored with the release, or fresh from the tables."""

import gc
from datetime import UTC, date, datetime, timedelta

import pytest
from scored import MODEL, go_live
from service import running
from small_shop import AS_OF, NEVER, small_shop, snapshot_of
from workers import until

PAIRS = [
    {"customer_id": "c001", "product_id": "kettle", "state": "NEW", "probability": 0.2},
    {"customer_id": "c001", "product_id": "cup", "state": "AGAIN", "probability": 0.6},
    {"customer_id": "c002", "product_id": "cup", "state": "NEW", "probability": 0.1},
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A service whose model of customers can score afresh; that of pairs cannot."""
    project, learner, columns = small_shop(tmp_path_factory.mktemp("shop"))
    go_live(project.artifacts, PAIRS, model="purchase_propensity", base=121, as_of=AS_OF)
    with (
        running(project.artifacts) as service,
        service.with_key("scores:read", "members:pii") as client,
    ):
        yield project, learner, columns, client


@pytest.fixture
def client(shop):
    return shop[-1]


def of_model(answer, name=MODEL):
    (found,) = (one for one in answer.json()["models"] if one["model"] == name)
    return found


def test_stored_scores_are_those_of_the_batch_of_the_release(shop):
    project, learner, columns, client = shop
    rows = snapshot_of(project, AS_OF).set_index("customer_id")
    found = client.get("/v1/customers/c001/scores")
    expected = learner.predict_proba(rows.loc[["c001"], columns])[0, 1]
    assert of_model(found)["scores"] == [{"customer_id": "c001", "probability": expected}]
    assert of_model(found)["as_of"] == "2024-06-01"
    products = of_model(found, "purchase_propensity")["scores"]
    assert [one["product_id"] for one in products] == ["cup", "kettle"]


def test_the_collector_keeps_from_what_a_process_of_the_service_has_loaded(shop):
    project, *_ = shop
    before = gc.get_freeze_count()
    try:
        with running(project.artifacts, ahead=True):
            until(lambda: gc.get_freeze_count() > before + 100_000, "what is loaded is frozen")
    finally:
        gc.unfreeze()


def test_a_fresh_score_is_that_of_a_batch_at_its_cut_off(shop):
    project, learner, columns, client = shop
    day = date(2024, 6, 20)
    rows = snapshot_of(project, day).set_index("customer_id")
    query = {"fresh": True, "as_of": day.isoformat()}
    answer = client.get("/v1/customers/c003/scores", params=query)
    found = of_model(answer)
    expected = learner.predict_proba(rows.loc[["c003"], columns])[0, 1]
    assert found["scores"] == [{"customer_id": "c003", "probability": expected}]
    assert (found["as_of"], found["score_set"]) == ("2024-06-20", None)
    assert [one["model"] for one in answer.json()["not_fresh"]] == ["purchase_propensity"]


def test_fresh_means_all_that_is_known_by_now(client):
    found = of_model(client.get("/v1/customers/c003/scores", params={"fresh": True}))
    assert found["as_of"] == (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    assert 0 < found["scores"][0]["probability"] < 1


def test_a_model_that_cannot_score_afresh_says_so(client):
    query = {"fresh": True, "model": "purchase_propensity"}
    answer = client.get("/v1/customers/c001/scores", params=query)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:shortlist:problem:not-fresh")


def test_who_is_not_eligible_has_no_fresh_score_and_who_is_unknown_is_not_found(client):
    query = {"fresh": True, "as_of": "2024-06-20"}
    assert of_model(client.get(f"/v1/customers/{NEVER}/scores", params=query))["scores"] == []
    for name, given in (("nobody", query), ("nobody", {}), (NEVER, {})):
        answer = client.get(f"/v1/customers/{name}/scores", params=given)
        assert (answer.status_code, answer.json()["title"]) == (404, "There is no such customer")


def test_the_next_products_come_likeliest_first(client):
    found = client.get("/v1/customers/c001/next-products").json()
    assert [(one["product_id"], one["probability"]) for one in found["products"]] == [
        ("cup", 0.6),
        ("kettle", 0.2),
    ]
    assert len(client.get("/v1/customers/c001/next-products?limit=1").json()["products"]) == 1
    assert client.get("/v1/customers/c005/next-products").status_code == 404


def test_a_batch_answers_in_the_order_asked_with_the_best_row_of_each(client):
    body = {"customers": ["c002", "nobody", "c001", "c002"], "models": ["purchase_propensity"]}
    found = client.post("/v1/scores:batch", json=body).json()
    (scores,) = found["models"]
    assert [(one["customer_id"], one["product_id"]) for one in scores["scores"]] == [
        ("c002", "cup"),
        ("c001", "cup"),
    ]
    assert found["unknown"] == ["nobody"]
    every = client.post("/v1/scores:batch", json={"customers": ["c002"]}).json()
    assert {one["model"] for one in every["models"]} == {MODEL, "purchase_propensity"}


@pytest.mark.parametrize(
    "body",
    [
        {"customers": []},
        {"customers": ["c"] * 1001},
        {"customers": [""]},
        {"customers": ["c001"], "models": ["nobody"]},
        {"customers": ["c001"], "as_of": "2024-06-01"},
    ],
)
def test_a_batch_that_cannot_be_answered_is_refused(client, body):
    assert client.post("/v1/scores:batch", json=body).status_code == 422


def test_companions_and_demand_need_what_they_read(client):
    found = client.get("/v1/products/kettle/companions", params={"min_count": 1})
    assert (found.json()["lead"], found.json()["companions"]) == ("kettle", [])
    assert found.json()["as_of"] == "2024-06-06"
    assert client.get("/v1/products/teapot/companions").status_code == 422
    lost = client.get("/v1/products/kettle/demand")
    assert (lost.status_code, lost.json()["title"]) == (503, "The project cannot be read")


def test_a_new_release_is_answered_from(tmp_path):
    go_live(tmp_path, {"ann": 0.25})
    with running(tmp_path) as service, service.with_key("scores:read", "members:pii") as reader:
        assert of_model(reader.get("/v1/customers/ann/scores"))["scores"][0]["probability"] == 0.25
        go_live(tmp_path, {"ann": 0.75}, version="2")
        assert of_model(reader.get("/v1/customers/ann/scores"))["scores"][0]["probability"] == 0.75


def test_scores_take_a_scope_of_their_own(tmp_path):
    go_live(tmp_path, {"ann": 0.25})
    with running(tmp_path) as service, service.with_key("lists:read") as other:
        assert other.get("/v1/customers/ann/scores").status_code == 403
