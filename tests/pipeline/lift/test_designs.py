"""A campaign that cannot be learned from is refused by name, and the others are learned from."""

import json

import offers
import pandas as pd
import pytest

from models.promotion_lift import promotion_lift
from pipeline.evaluate import evaluate
from pipeline.left_out import untaught_reason
from pipeline.lift.cutoffs import read_lift_cutoffs
from pipeline.lift.design import DesignError, usable
from pipeline.lift.train import train
from pipeline.project import trained_folder
from pipeline.train import train as train_stage
from pipeline.validate import TooManyQuarantinedError


def design_of(project, campaign):
    found = json.loads(
        (trained_folder(project.artifacts, "promotion_lift") / "designs.json").read_text()
    )
    return next(one for one in found if one["campaign"] == campaign)


@pytest.mark.parametrize(
    ("campaign", "reason"),
    [
        ("C-no-control", "no customer is in the control arm 'control'"),
        ("C-small", "at least 100 per arm are needed"),
        ("C-no-sum", "do not sum to one"),
        ("C-other-shares", "standard errors apart"),
        ("C-leak", "a column was written after it: column income_band (has the coupon)"),
    ],
)
def test_a_bad_design_is_refused_with_its_reason(trained, campaign, reason):
    assert reason in design_of(trained, campaign)["refusal"]
    assert campaign in design_of(trained, campaign)["refusal"]


@pytest.mark.parametrize("campaign", ["C-fair", "C-fair-too"])
def test_a_sound_design_passes_every_check(trained, campaign):
    found = design_of(trained, campaign)
    assert found["refusal"] is None
    assert len(found["checks"]) >= 4
    assert 0.01 < found["least_effect"] < 0.2


def test_only_campaigns_that_passed_are_learned_from_and_judged_by(trained):
    training = json.loads(
        (trained_folder(trained.artifacts, "promotion_lift") / "training.json").read_text()
    )
    assert training["campaigns"] == {"train": ["C-fair"], "test": ["C-fair-too"]}
    assert "C-fair-too" in training["split"]


def test_a_campaign_whose_outcome_window_is_open_is_left_out_with_the_day_it_closes(trained):
    cutoffs = read_lift_cutoffs(trained.artifacts, "promotion_lift")
    assert "C-young" not in cutoffs.campaigns
    assert any("C-young" in one and "2024-07-28" in one for one in cutoffs.notices)


def test_where_no_campaign_is_sound_the_run_says_why_of_each(trained, tmp_path, monkeypatch):
    people = offers.members()
    made = offers.drawn("C-no-control", 110, people, arms=("coupon", "gift"))
    data = offers.delivered(
        tmp_path / "data",
        customers=people,
        transactions=offers.purchases(people, until=offers.FIRST + pd.Timedelta(days=200)),
        campaigns=offers.campaigns(made),
        assignments=made,
    )
    project = offers.built(tmp_path / "project", data, monkeypatch=monkeypatch)
    reason = "C-no-control: no customer is in the control"
    with pytest.raises(DesignError, match=reason):
        train(project, promotion_lift)
    # As a stage it leaves the model out, so that one bad campaign does not stop other models.
    train_stage(project, "promotion_lift")
    assert evaluate(project, "promotion_lift") is None
    assert reason in untaught_reason(project.artifacts, "promotion_lift")


def test_a_delivery_that_puts_customers_into_several_arms_of_a_campaign_is_refused(
    tmp_path, monkeypatch
):
    people = offers.members(300)
    made = offers.drawn("C-fair", 100, people)
    other = made.head(30).assign(arm=made["arm"].map({"control": "coupon", "coupon": "control"}))
    data = offers.delivered(
        tmp_path / "data",
        customers=people,
        transactions=offers.purchases(people, until=offers.FIRST + pd.Timedelta(days=200)),
        campaigns=offers.campaigns(made),
        assignments=pd.concat([made, other]),
    )
    with pytest.raises(TooManyQuarantinedError, match="assignments"):
        offers.built(tmp_path / "project", data, monkeypatch=monkeypatch)


def test_campaigns_without_a_single_eligible_customer_are_said_to_be_so():
    with pytest.raises(DesignError, match="none is of a customer who was eligible"):
        usable({})
