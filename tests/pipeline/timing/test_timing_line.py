"""From delivered tables to released dates."""

import json
import warnings
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow.parquet as pq
import pytest
import refills

from models.learners.repurchase import RepurchaseTimer
from models.repurchase_timing import repurchase_timing
from pipeline import ingest, snapshot, validate
from pipeline.due import NothingDueError, read_due
from pipeline.evaluate import evaluate
from pipeline.project import OutcomeWindow, open_project, trained_folder
from pipeline.publish import publish
from pipeline.release import read_release
from pipeline.run import make_project, settle
from pipeline.score_set import parts, read_score_set
from pipeline.timing.cutoffs import plan_timing, read_timing_cutoffs
from pipeline.trace.again import scored_again
from pipeline.train import train

MODEL = "repurchase_timing"


def clock():
    return datetime(2026, 1, 1, tzinfo=UTC)


def built(folder, data, monkeypatch):
    make_project(folder)
    settle(
        folder,
        data=str(data),
        as_of=None,
        clock=clock,
        overrides={
            "models": {MODEL: {"seed": 1}},
            "gate.draws": 200,
            "gate.list_size": 50,
        },
    )
    monkeypatch.chdir(folder)
    ingest.main()
    validate.main()
    project = open_project(folder)
    snapshot.build(project)
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refills")
    people = refills.members(800)
    kettles = refills.refills(people.head(40), pace=400.0, product="kettle")
    data = refills.delivered(
        folder / "data",
        customers=pd.concat([people, people.head(1).assign(customer_id="new")]),
        products=refills.products(),
        transactions=pd.concat([refills.refills(people), kettles]),
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = built(folder / "project", data, monkeypatch)
        train(made, MODEL)
        evaluate(made, MODEL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of MLflow's own libraries
            publish(made, MODEL, clock=clock)
    return made


def test_nothing_learns_the_calendar(project):
    training = json.loads((trained_folder(project.artifacts, MODEL) / "training.json").read_text())
    stored = pq.read_schema(rows_file(project, training["cutoffs"]["score"])).names
    assert training["features"] == [n for n in stored if n not in ("customer_id", "next_days")]
    assert "as_of" not in training["features"]


def rows_file(project, as_of):
    (part,) = (project.artifacts / "labels" / MODEL / f"as_of={as_of}").glob("*.parquet")
    return part


def scores(project):
    live = read_release(project.artifacts).live(MODEL)
    stored = read_score_set(project.artifacts, MODEL, live.score_set)
    return stored, pd.concat(map(pd.read_parquet, parts(project.artifacts, stored)))


def test_only_what_is_bought_again_and_again_has_dates(project):
    stored, found = scores(project)
    assert set(found["category"]) == {"capsules"}
    assert "new" not in set(found["customer_id"])
    assert stored.base == 801


def test_windows_open_on_the_cut_off_or_later_and_hold_the_due_date(project):
    stored, found = scores(project)
    assert (found["opens_on"] >= stored.as_of).all()
    assert (found["opens_on"] <= found["closes_on"]).all()
    assert found["probability"].between(0, 1).all()
    likely = found[found["probability"] > 0.9]
    assert len(likely)
    assert (likely["due_on"] < stored.as_of + timedelta(days=28)).all()


def test_the_model_beats_the_plain_forecasts_on_rows_it_has_not_seen(project):
    found = json.loads(
        (project.artifacts / "evaluations" / MODEL / "evaluation.json").read_text("utf-8")
    )
    assert set(found["baselines"]) == {"median_gap", "poisson_gamma"}
    for differences in found["differences"].values():
        assert differences["roc_auc"]["low"] > 0
    assert 0.8 < found["measures"]["observed_over_expected_28_days"]["value"] < 1.25


def test_the_page_names_every_measure_in_both_languages(project):
    folder = project.artifacts / "evaluations" / MODEL
    page = (folder / "report.html").read_text("utf-8")
    measures = json.loads((folder / "evaluation.json").read_text("utf-8"))["measures"]
    assert "http" not in page
    assert not [name for name in measures if "_" in name and name in page]
    assert page.count('<span lang="en">') == page.count('<span lang="zh-TW">') > len(measures)
    for words in ("Due date off by, days", "預估日期誤差天數", "within 28 days", "6 以上"):
        assert words in page


def test_rows_to_learn_from_are_watched_no_longer_than_until_the_next_role_begins(project):
    cutoffs = read_timing_cutoffs(project.artifacts, MODEL)
    assert max(cutoffs.train) < cutoffs.calibrate < cutoffs.test < cutoffs.score
    for as_of, until in cutoffs.watched_until.items():
        part = rows_file(project, as_of)
        assert pd.read_parquet(part)["next_days"].max() <= (until - as_of).days


def test_a_customer_alone_is_scored_again_to_the_last_bit(project):
    stored, found = scores(project)
    for customer, own in [*found.groupby("customer_id")][:40:8]:
        again = scored_again(
            project.artifacts,
            stored,
            customer,
            window=OutcomeWindow(0, repurchase_timing.horizon_days),
        )
        both = own.merge(again, on=["customer_id", "category"], suffixes=("", "_again"))
        assert len(both) == len(own) == len(again)
        assert (both["probability"] == both["probability_again"]).all()
        assert (both["due_on"] == both["due_on_again"]).all()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_registered_model_says_of_the_same_rows_what_was_released(project):
    mlflow = pytest.importorskip("mlflow")
    stored, found = scores(project)
    mlflow.set_tracking_uri(f"sqlite:///{project.artifacts.resolve()}/mlflow.db")
    loaded = mlflow.pyfunc.load_model(f"models:/{MODEL}/{stored.version}")
    part = rows_file(project, stored.as_of)
    rows = pd.read_parquet(part).head(20)
    said = loaded.predict(rows.drop(columns="customer_id"))
    released = found.set_index("customer_id").loc[rows["customer_id"], "probability"]
    assert said["probability"].tolist() == pytest.approx(released.tolist(), abs=1e-12)


def test_the_same_rows_train_the_same_learner(project):
    stored, _ = scores(project)
    folder = project.artifacts / "versions" / MODEL / stored.version / "learner"
    before = RepurchaseTimer.load(folder)
    train(project, MODEL)
    again = RepurchaseTimer.load(project.artifacts / "trained" / MODEL / "learner")
    assert (before.usual_, before.level_) == (again.usual_, again.level_)
    part = rows_file(project, stored.as_of)
    rows = pd.read_parquet(part)
    pd.testing.assert_frame_equal(
        before.predict(rows, gap_days=0, horizon_days=28),
        again.predict(rows, gap_days=0, horizon_days=28),
    )


def test_who_is_due_next_week_can_be_asked_for(project):
    stored, found = scores(project)
    due = read_due(project.artifacts, stored.id, within_days=7)
    expected = found[found["due_on"] < stored.as_of + timedelta(days=7)]
    assert len(due.rows) == len(expected) > 0
    with pytest.raises(NothingDueError, match="There are: capsules"):
        read_due(project.artifacts, stored.id, within_days=7, category="tea")


def test_a_shop_where_nothing_repeats_leaves_the_model_out_and_says_why(tmp_path, monkeypatch):
    people = refills.members(50)
    data = refills.delivered(
        tmp_path / "data",
        customers=people,
        products=refills.products(days_of_supply=[None, None]),
        transactions=refills.refills(people, pace=450.0),
    )
    with pytest.raises(ValueError, match="0 categories are bought again and again"):
        built(tmp_path / "project", data, monkeypatch)


def test_too_little_history_is_refused_with_the_days_that_are_needed():
    said = plan_timing(
        date(2026, 1, 1), first_day=date(2025, 7, 1), watched_days=84, step_days=30, most=12
    )
    assert "282 are needed" in said


def test_the_declared_horizon_fits_into_the_days_that_rows_are_watched():
    assert (
        repurchase_timing.gap_days + repurchase_timing.horizon_days
        <= repurchase_timing.watched_days
    )
