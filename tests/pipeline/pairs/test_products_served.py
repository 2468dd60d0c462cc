"""What the service says of products, from a model of pairs that is live."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from copies import with_version
from jobs import done
from service import running

from campaigns.state.database import open_state
from campaigns.trace.figures import CLOSE
from campaigns.trace.trace import trace
from pipeline.pairs.score import score
from pipeline.pairs.targets import targets
from pipeline.release import release
from pipeline.score_set import ranked_batches


@pytest.fixture(scope="module")
def served(trained_pairs, tmp_path_factory):
    """A service on a copy of the trained project, with the model live."""
    project, model = trained_pairs
    project = with_version(project, model, tmp_path_factory.mktemp("served") / "project")
    now = datetime.now(UTC)
    scores = score(project, model, "1", clock=lambda: now)
    release(project.artifacts, model.name, version="1", score_set=scores.id, at=now)
    with running(project.artifacts) as service, service.with_key("admin") as client:
        yield project, model, scores, client


def test_the_next_products_are_those_of_the_score_set(served):
    project, _, scores, client = served
    best = next(ranked_batches(project.artifacts, scores)).to_pandas().iloc[0]
    found = client.get(f"/v1/customers/{best.customer_id}/next-products").json()
    assert found["score_set"] == scores.id
    assert found["products"][0]["product_id"] == best.product_id
    assert found["products"][0]["probability"] == best.probability


def test_the_demand_for_a_product_is_that_of_the_live_version(served):
    project, model, scores, client = served
    product = next(ranked_batches(project.artifacts, scores))["product_id"][0].as_py()
    expected = targets(project, model, "1", product_id=product)
    found = client.get(f"/v1/products/{product}/demand").json()
    assert (found["buyers"], found["low"], found["high"]) == pytest.approx(
        (expected.buyers, expected.low, expected.high)
    )
    assert found["customers"] == len(expected.customers)
    unknown = client.get("/v1/products/nobody/demand")
    assert (unknown.status_code, unknown.json()["type"]) == (
        404,
        "urn:shortlist:problem:unknown-product",
    )


def test_a_list_for_one_product_is_a_job(served):
    _, model, _scores, client = served
    products = client.get("/v1/customers/M00000001/next-products").json()["products"]
    spec = {"model": model.name, "product": products[0]["product_id"], "size": 50}
    job = done(client, client.post("/v1/lists", json=spec))
    assert job["status"] == "succeeded", job
    assert client.get(job["location"]).json()["selected"] == 50
    assert client.post("/v1/lists", json=spec).status_code == 200


@pytest.mark.parametrize("for_one_product", [pytest.param(True, marks=pytest.mark.nightly), False])
def test_a_member_is_traced_to_the_same_score_and_rank(served, for_one_product):
    project, model, scores, client = served
    best = next(ranked_batches(project.artifacts, scores)).to_pandas().iloc[0]
    spec = {"model": model.name, "size": 30}
    if for_one_product:
        spec["product"] = best.product_id
    job = done(client, client.post("/v1/lists", json=spec, headers={"Prefer": "respond-async"}))
    listed = client.get(f"{job['location']}/members").json()
    member = listed["members"][12]
    with closing_state(project.artifacts) as state:
        found = trace(project.folder, state, listed["list_id"], member["customer_id"])
    score, rank = found.figures[:2]
    assert (rank.again, rank.agrees) == (13, True)
    assert score.again == pytest.approx(member["probability"], abs=CLOSE)
    assert score.agrees


@contextmanager
def closing_state(artifacts):
    state = open_state(artifacts)
    yield state
    state.dispose()
