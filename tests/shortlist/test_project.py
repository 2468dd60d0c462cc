"""A notebook looks at a project and tries models on it, and changes nothing that is live."""

import shutil
from dataclasses import replace

import pytest
from line import lined_up
from scored import NOON

from features.definition import feature
from features.grains import baskets
from features.recency import days_since_last_purchase
from features.tables import TABLE_BY_NAME
from models.customer_activity import customer_activity
from models.definition import label
from models.purchase_propensity import purchase_propensity
from pipeline.customers.score import score
from pipeline.durable import write_json
from pipeline.evaluate import evaluate
from pipeline.evaluation import evaluation_path
from pipeline.experiments import NotAnExperimentError
from pipeline.fingerprint import folder_digest
from pipeline.project import trained_folder
from pipeline.release import release
from pipeline.train import train
from pipeline.versions import Version
from shortlist import html, project
from shortlist.project import NoProjectError

MODEL = "customer_activity"
PARAMS = """
time_zone: Asia/Taipei
currency: TWD
snapshots: {max_training: 2}
models: {customer_activity: {horizon_days: 30}}
gate: {list_size: 50, draws: 100}
"""


@feature(baskets, unit="days", en="Days since the last basket", zh="距上次購買天數")
def days_since_last_basket(rows):
    """Whole days from the latest sale to the cut-off, at least 1; null without a sale."""
    return rows.days_before.min()


@label(baskets)
def buys_twice(rows):
    """1 if there are two sales in the outcome window."""
    return (rows.orders.count() > 1).cast("int64")


REPEAT_BUYER = replace(
    customer_activity, name="repeat_buyer", label=buys_twice, horizon_days=30, search={}
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A project of a few hundred members on which one model is live."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "params.yaml").write_text(PARAMS)
    lined = lined_up(folder, seed=1, members=400, overrides={})
    train(lined, MODEL)
    evaluate(lined, MODEL)
    to = lined.artifacts / "versions" / MODEL / "1"
    shutil.copytree(trained_folder(lined.artifacts, MODEL), to)
    shutil.copy(evaluation_path(lined.artifacts, MODEL), to)
    version = Version(model=MODEL, number="1", training="t", definition="d", run_id="r")
    write_json(to / "version.json", version.model_dump())
    scores = score(lined, customer_activity, "1", clock=lambda: NOON)
    release(lined.artifacts, MODEL, version="1", score_set=scores.id, at=NOON)
    return project.open(folder)


@pytest.fixture(scope="module")
def attempt(shop):
    return shop.fit(MODEL)


def test_a_fit_in_memory_is_the_fit_of_the_line(shop, attempt):
    tried = attempt.evaluate(leaks=False).evaluation
    stored = shop.evaluation(MODEL).evaluation
    assert tried.measures == stored.measures
    assert tried.baselines == stored.baselines
    assert attempt.fitted.roles.test.y.sum() == stored.positives


def test_a_feature_of_a_notebook_is_cut_as_those_of_the_catalogue_are(shop):
    own = replace(customer_activity, features=(days_since_last_basket,), baselines=())
    known = replace(customer_activity, features=(days_since_last_purchase,), baselines=())
    one, other = shop.fit(own), shop.fit(known)
    assert (one.test.days_since_last_basket == other.test.days_since_last_purchase).all()
    assert one.minus(other)["roc_auc"].value == 0


def test_the_champion_again_is_no_improvement_and_the_gate_says_so(shop, attempt):
    found = attempt.compare()
    assert not found.passed
    assert found.decision.against == "1"
    assert "it would be refused" in found._repr_html_()


def test_a_model_of_ones_own_is_judged_against_its_baselines(shop):
    found = shop.fit(REPEAT_BUYER)
    decision = found.compare().decision
    assert decision.kind == "first"
    assert {check.name for check in decision.checks} >= {
        "ROC-AUC minus that of recency",
        "leak check permuted labels",
    }
    assert found.y.sum() < shop.evaluation(MODEL).evaluation.positives


@pytest.mark.nightly  # seven snapshots are computed
def test_cut_offs_that_nobody_stored_are_computed(shop):
    found = shop.fit(replace(REPEAT_BUYER, horizon_days=21))
    assert found.fitted.roles.cutoffs.test not in shop.snapshots()
    assert len(found.test.columns) > len(customer_activity.baselines)


def test_attempts_on_other_outcomes_are_not_compared(shop, attempt):
    other = shop.fit(REPEAT_BUYER)
    with pytest.raises(ValueError, match="other rows or outcomes"):
        attempt.minus(other)


@pytest.mark.nightly  # importing MLflow costs seconds
@pytest.mark.filterwarnings("ignore")  # MLflow and what it imports
def test_nothing_that_is_live_changes_and_a_logged_run_is_found_again(shop, attempt):
    before = [folder_digest(shop.artifacts / one) for one in ("versions", "trained", "scores")]
    release = (shop.artifacts / "release.json").read_bytes()
    attempt.evaluate(leaks=False)
    run = attempt.log("the same again")
    runs = shop.runs(MODEL).set_index("run_id")
    assert runs.loc[run, "tried_in"] == "notebook"
    expected = attempt.evaluate(leaks=False).evaluation.measures["roc_auc"]
    assert runs.loc[run, "roc_auc"] == expected.value
    assert runs.loc[run, "roc_auc.low"] == expected.low
    assert release == (shop.artifacts / "release.json").read_bytes()
    assert before == [
        folder_digest(shop.artifacts / one) for one in ("versions", "trained", "scores")
    ]


def test_only_models_of_customers_are_tried_out_in_memory(shop):
    with pytest.raises(NotAnExperimentError, match="`shortlist train purchase_propensity`"):
        shop.fit(purchase_propensity)


def test_a_snapshot_is_a_frame_of_everybody_known(shop):
    newest = shop.snapshot()
    assert newest.as_of == max(shop.snapshots())
    assert newest.frame["customer_id"].is_unique
    assert "days_since_last_purchase" in newest.frame
    assert f"as of {newest.as_of}" in newest._repr_html_()


def test_nobody_can_be_told_by_what_a_notebook_reads(shop):
    secret = {
        column.name
        for column in TABLE_BY_NAME["customers"].columns()
        if column.purpose != "general"
    }
    assert secret
    assert not secret & set(shop.events("customers"))
    with pytest.raises(ValueError, match="planets was not delivered"):
        shop.events("planets")


def test_a_preview_says_who_is_left_out_in_both_languages(shop):
    found = shop.preview({"model": MODEL, "size": 50})
    assert found.preview.ledger.selected == 50
    shown = found._repr_html_()
    assert "left out: below cut off" in shown
    assert "對照組" in shown
    assert not (shop.artifacts / "lists").exists()


def test_a_model_that_was_never_tuned_has_no_study(shop):
    with pytest.raises(ValueError, match="was never tuned"):
        shop.study(MODEL)


def test_the_project_is_found_from_a_folder_inside_it(shop, monkeypatch, tmp_path):
    (shop.folder / "notebooks").mkdir(exist_ok=True)
    monkeypatch.delenv("SHORTLIST_PROJECT", raising=False)
    monkeypatch.chdir(shop.folder / "notebooks")
    assert project.open().folder == shop.folder
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoProjectError, match="make demo"):
        project.open()
    monkeypatch.setenv("SHORTLIST_PROJECT", str(shop.folder))
    assert project.open().folder == shop.folder
    assert project.demo(shop.folder).folder == shop.folder, "what was made is opened"


def test_what_is_shown_is_never_taken_for_markup():
    assert html.table(["<a>"], [["<script>"]]).count("<script>") == 0
    assert html.paragraph("<b>") == "<p>&lt;b&gt;</p>"
