"""The whole line of a model of pairs, and both directions of what it says."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.list_spec import read_spec
from campaigns.members import control_path, members_path
from campaigns.state.database import open_state
from models.purchase_propensity import purchase_propensity
from pipeline.evaluation import evaluation_path, read_evaluation
from pipeline.pairs.levels import read_levels
from pipeline.pairs.targets import UnknownProductError, product_row, targets
from pipeline.project import read_cutoffs, trained_folder
from pipeline.publish import promote, publish
from pipeline.release import read_release
from pipeline.score_set import parts, read_score_set
from pipeline.state_store import state_folder

NOW = datetime(2026, 7, 1, tzinfo=UTC)

# MLflow calls what SQLAlchemy, pandas and others have deprecated.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def published(trained_pairs):
    project, model = trained_pairs
    one = publish(project, model.name, clock=lambda: NOW)
    scores = promote(project, model.name, one.version.number, clock=lambda: NOW, reason="a test")
    return project, model, one, scores


def test_a_list_for_a_product_nobody_sold_ranks_everybody(published):
    project, _, _, _ = published
    spec = read_spec(Path(__file__).parents[3] / "examples" / "launch.json")
    spec = spec.model_copy(update={"size": 20, "channel": None, "contact_cap": None})
    state = open_state(project.artifacts)
    with Desk(project.artifacts) as desk:
        found = build_list(
            spec, read_release(project.artifacts), desk=desk, state=state, at=NOW
        ).list
    state.dispose()
    members = pq.read_table(members_path(project.artifacts, found.id)).to_pylist()
    everybody = targets(
        project, purchase_propensity, found.version, attributes=spec.new_product
    ).customers
    held_out = pq.read_table(control_path(project.artifacts, found.id))["customer_id"].to_pylist()
    best = [one for one in everybody["customer_id"] if one not in held_out]
    homes = found.ledger.excluded.get("household", 0)
    assert [one["product_id"] for one in members] == ["TV20"] * 20
    assert {one["customer_id"] for one in members} <= set(best[: 20 + homes])
    assert found.ledger.base == len(everybody)


def test_rankings_are_judged_beside_the_plain_ones(trained_pairs):
    project, model = trained_pairs
    evaluation = read_evaluation(evaluation_path(project.artifacts, model.name))
    assert set(evaluation.baselines) == {"last_basket", "personal_frequency", "store_popularity"}
    for name, difference in evaluation.differences.items():
        for measure, found in difference.items():
            own = evaluation.measures[measure].value - evaluation.baselines[name][measure].value
            assert found.value == pytest.approx(own)
            assert found.low <= found.value <= found.high
    assert evaluation.differences["store_popularity"]["map_at_12"].low > 0


def test_the_page_names_every_state_and_both_kinds_of_products(trained_pairs):
    project, model = trained_pairs
    folder = evaluation_path(project.artifacts, model.name).parent
    page = (folder / "report.html").read_text(encoding="utf-8")
    parts_ = json.loads((folder / "parts.json").read_text(encoding="utf-8"))
    for words in ("REPEAT: bought before", "REPEAT 回購", "launched later", "5 days or more"):
        assert words in page
    assert page.count("<tr><td>") >= len(parts_["parts"]) + len(parts_["calibration"])
    assert "shopped on 5 and more days" in parts_["parts"]
    assert "shopped on 5 and more days" not in page
    assert parts_["recall_of_routes"]["union"] > 0.5
    assert parts_["demand"]["products"] == 30


def test_the_gate_asks_every_plain_ranking(published):
    _, _, one, _ = published
    names = [check.name for check in one.decision.checks]
    assert [n for n in names if n.startswith("MAP@12")] == [
        "MAP@12 minus that of last_basket",
        "MAP@12 minus that of personal_frequency",
        "MAP@12 minus that of store_popularity",
    ]
    assert "leak check late rows" in names


def test_a_score_set_holds_the_likeliest_products_of_every_customer(published):
    project, model, _, scores = published
    rows = pd.concat(map(pd.read_parquet, parts(project.artifacts, scores)))
    per_customer = rows.groupby("customer_id").size()
    assert per_customer.max() == model.kept
    assert len(per_customer) == scores.base
    assert set(rows["state"]) <= {"REPEAT", "UPGRADE", "CROSS", "NEW"}
    assert rows["probability"].between(0, 1).all()
    assert read_score_set(project.artifacts, model.name, scores.id) == scores


def test_one_product_is_scored_for_all_customers_as_the_set_says(published):
    project, model, one, scores = published
    rows = pd.concat(map(pd.read_parquet, parts(project.artifacts, scores)))
    product = rows["product_id"].mode()[0]
    found = targets(project, model, one.version.number, product_id=product)
    assert len(found.customers) == scores.base
    assert found.customers["probability"].is_monotonic_decreasing
    assert found.low <= found.buyers <= found.high
    stored = rows[rows["product_id"] == product].set_index("customer_id")["probability"]
    again = found.customers.set_index("customer_id")["probability"].loc[stored.index]
    assert np.allclose(stored, again, rtol=1e-12)


def test_a_product_nobody_sold_is_ranked_from_its_attributes_alone(published):
    project, model, one, scores = published
    row = {"product_id": "TV20", "name": "20-inch LCD television", "category": "Television",
           "list_price": 6990}  # fmt: skip
    found = targets(project, model, one.version.number, attributes=row)
    assert found.launch
    assert len(found.customers) == scores.base
    assert found.customers["probability"].nunique() > 50
    assert set(found.customers["state"]) == {"NEW"}
    other = targets(project, model, one.version.number, attributes={**row, "product_id": "zz"})
    assert other.customers.equals(found.customers)  # nothing rests on its id


@pytest.mark.parametrize(
    "sparse",
    [
        {"product_id": "bare"},
        {"product_id": "free", "category": "Television", "list_price": 0},
        {"product_id": "odd", "category": "a category of its own", "list_price": 10.0},
    ],
)
def test_a_product_with_hardly_an_attribute_is_scored_all_the_same(published, sparse):
    project, model, one, _ = published
    found = targets(project, model, one.version.number, attributes=sparse)
    assert found.customers["probability"].between(1e-9, 0.9).all()


def test_generations_that_follow_each_other_in_a_circle_are_scored(published):
    project, model, one, _ = published
    products = pd.read_parquet(project.artifacts / "snapshots/catalogue/products.parquet")
    family = products["family"].dropna().iloc[0]
    again = {"product_id": "again", "family": family, "generation": 1, "list_price": 10.0}
    found = targets(project, model, one.version.number, attributes=again)
    assert len(found.customers) > 0


def test_what_cannot_be_bought_is_refused_and_it_is_said_why(published):
    project, model, one, _ = published
    number = one.version.number
    with pytest.raises(UnknownProductError, match="no product TV21 in the catalogue"):
        targets(project, model, number, product_id="TV21")
    as_of = read_cutoffs(project.artifacts, model.name).score
    offers = pd.read_parquet(state_folder(project.artifacts, "offers", as_of) / "part-0.parquet")
    gone = (pd.to_datetime(offers["withdrawn_on"]).dt.date <= as_of) & (
        offers["first_sale_days"].notna()
    )
    withdrawn = offers.loc[gone, "product_id"].iloc[0]
    with pytest.raises(UnknownProductError, match=r"is not on sale at .*: it was withdrawn"):
        targets(project, model, number, product_id=withdrawn)


def test_attributes_that_products_do_not_have_are_named():
    with pytest.raises(UnknownProductError, match="no column colour"):
        product_row({"product_id": "x", "colour": "red"})
    with pytest.raises(UnknownProductError, match="no product_id"):
        product_row({"brand": "Bo"})
    with pytest.raises(UnknownProductError, match="list_price is -5"):
        product_row({"product_id": "x", "list_price": -5})


def test_levels_are_learned_before_the_test(trained_pairs):
    project, model = trained_pairs
    levels = read_levels(trained_folder(project.artifacts, model.name))
    assert levels["sold"].products == 30
    assert 0.3 < levels["sold"].ratio < 3


def test_the_same_data_and_seed_train_the_same_model(trained_pairs):
    from pipeline.fingerprint import folder_digest
    from pipeline.train import train

    project, model = trained_pairs
    folder = trained_folder(project.artifacts, model.name)
    before = folder_digest(folder / "learner"), (folder / "levels.json").read_bytes()
    train(project, model.name)
    assert (folder_digest(folder / "learner"), (folder / "levels.json").read_bytes()) == before
