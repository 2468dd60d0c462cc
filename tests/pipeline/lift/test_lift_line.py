"""From a training to released effects, with the plain alternatives beside."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import offers
import pandas as pd
import pytest

from models.effects.shipped import Learned
from models.promotion_lift import promotion_lift
from pipeline.evaluate import evaluate
from pipeline.evaluation import read_evaluation
from pipeline.left_out import left_out_reason
from pipeline.project import trained_folder
from pipeline.publish import promote, publish
from pipeline.release import read_release
from pipeline.score_set import parts
from pipeline.train import train
from pipeline.versions import version_folder

NOW = datetime(2026, 1, 1, tzinfo=UTC)

# MLflow calls what SQLAlchemy, pandas and others have deprecated.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def published(trained):
    evaluate(trained, "promotion_lift")
    return publish(trained, "promotion_lift", clock=lambda: NOW)


def scores_of(project, published):
    return pd.concat(pd.read_parquet(p) for p in parts(project.artifacts, published.score_set))


def test_the_score_set_has_a_row_for_every_eligible_customer_and_offer(trained, published):
    scores = scores_of(trained, published)
    assert list(scores.columns) == ["customer_id", "arm", "effect", "low", "high"]
    assert set(scores["arm"]) == {"coupon"}  # the gift is in one campaign only: not judged
    assert scores["customer_id"].is_unique
    assert ((scores["low"] <= scores["effect"]) & (scores["effect"] <= scores["high"])).all()
    assert published.score_set.value == "effect"
    assert read_release(trained.artifacts).live("promotion_lift").version == "1"


def test_where_customers_do_not_differ_the_average_is_shipped_and_the_training_says_so(
    trained, published
):
    offer = Learned.load(trained_folder(trained.artifacts, "promotion_lift"), promotion_lift)
    coupon = offer.offers["coupon"]
    assert coupon.kind == "average"
    assert "no difference between customers was found" in coupon.says()
    assert set(scores_of(trained, published)["effect"]) == {coupon.average}
    assert coupon.low < 0.3 * (1 - 0.24) < coupon.high  # 30 % of those who would not have come


def test_the_evaluation_holds_the_policy_beside_every_plain_alternative(trained, published):
    folder = version_folder(trained.artifacts, "promotion_lift", "1")
    found = read_evaluation(folder / "evaluation.json")
    assert found.as_of.isoformat() == "2024-05-20"
    assert set(found.differences) == {"propensity", "nobody", "everybody", "random"}
    assert found.differences["nobody"]["policy_value"].low > 0  # a coupon that helps three in ten
    assert found.measures["treated_share"].value == 1
    assert [alarm.rings for alarm in found.alarms] == [False]
    assert published.decision.passed


def test_the_curves_are_logged_beside_the_evaluation(trained, published):
    curves = json.loads(
        (trained.artifacts / "evaluations" / "promotion_lift" / "curves.json").read_text()
    )
    coupon = curves["offers"]["coupon"]
    assert len(coupon["uplift"]) == len(coupon["profit"]) == 101
    assert [group["group"] for group in coupon["groups"]] == [1, 2, 3, 4, 5]
    assert {row["outcome"] for row in curves["campaign"]} == {"buys_anything", "amount", "margin"}
    assert curves["tree"]["text"]


def test_the_report_is_one_page_with_every_curve_and_every_design(trained, published):
    page = (trained.artifacts / "evaluations" / "promotion_lift" / "report.html").read_text(
        encoding="utf-8"
    )
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<svg") == 5  # four of the coupon, and the budget
    for said in ("C-no-sum", "do not sum to one", "no difference between customers was found"):
        assert said in page
    assert "Observational" not in page


def test_the_registered_model_loads_without_the_pipeline_and_says_what_was_scored(
    trained, published
):
    script = f"""
import sys, mlflow, pandas as pd
mlflow.set_tracking_uri("sqlite:///{trained.artifacts}/mlflow.db")
model = mlflow.pyfunc.load_model("models:/promotion_lift/1")
names = {{c.name: str(c.type) for c in model.metadata.get_input_schema()}}
assert names["income_band"] == "DataType.string", names
row = {{n: ("low" if "string" in kind else 3.0) for n, kind in names.items()}}
table = model.predict(pd.DataFrame([row, row]))
assert list(table.columns)[:6] == ["row", "arm", "effect", "low", "high", "rank"]
assert table.effect.round(9).tolist() == [{scores_of(trained, published)["effect"].iloc[0]:.9f}] * 2
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=trained.folder,
    )
    assert done.returncode == 0, done.stderr


def test_publishing_again_changes_nothing(trained, published):
    again = publish(trained, "promotion_lift", clock=lambda: NOW)
    assert (again.version, again.score_set) == (published.version, published.score_set)


def test_a_version_can_be_made_live_by_hand(trained, published):
    scored = promote(trained, "promotion_lift", "1", clock=lambda: NOW)
    assert scored == published.score_set


def test_without_campaigns_the_model_is_left_out_and_nothing_fails(tmp_path, monkeypatch):
    people = offers.members(200)
    data = offers.delivered(
        tmp_path / "data",
        customers=people,
        transactions=offers.purchases(people, until=offers.FIRST + pd.Timedelta(days=150)),
    )
    models = {"promotion_lift": {}, "customer_activity": {"horizon_days": 20}}
    project = offers.built(tmp_path / "project", data, monkeypatch=monkeypatch, models=models)
    reason = left_out_reason(project.artifacts, "promotion_lift")
    assert reason == "campaigns and assignments not delivered."
    train(project, "promotion_lift")
    assert evaluate(project, "promotion_lift") is None
