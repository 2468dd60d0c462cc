"""What a model of offers has to show before it goes live, by what it ships."""

from datetime import date

import pytest

from models.effects.shipped import Learned, Offer
from pipeline.evaluation import Evaluation, Figure
from pipeline.lift.gate import decide
from pipeline.params import GateParams

#: Half a percent of an outcome that is worth 100: a refresh may add 0.5 less per customer.
PARAMS, WORTH = GateParams(refresh_margin_outcomes=0.005), 100.0


def between(low, high):
    return Figure(value=(low + high) / 2, low=low, high=high)


def learned(*kinds):
    """What was learned of offers a, b and so on; `decide` looks at no learner."""
    offers = {
        name: Offer(name, kind, 0.02, 0.01, 0.03, 0.001, None, 1.0, 0.1, 5.0)
        for name, kind in zip("abc", kinds, strict=False)
    }
    return Learned(None, None, offers, WORTH, randomised=True, columns=())


def decision(kind, policy, *, ships=("individual",), qini=(0.001, 0.003), against=None):
    what = learned(*ships)
    evaluation = Evaluation(
        model="promotion_lift",
        as_of=date(2024, 6, 1),
        rows=5000,
        positives=1000,
        list_size=1000,
        level=0.95,
        measures={
            name: figure
            for arm in what.arms
            for name, figure in (
                (f"gates_slope_{arm}", between(0.5, 1.5)),
                (f"qini_{arm}", between(*qini)),
            )
        },
        baselines={},
        differences={},
    )
    rivals = {name: {"policy_value": between(*ends)} for name, ends in policy.items()}
    return decide(evaluation, what, kind=kind, rivals=rivals, params=PARAMS, against=against)


def test_a_first_champion_that_surely_adds_more_than_every_alternative_passes():
    policy = {"nobody": (1, 5), "everybody": (0.1, 4), "random": (2, 3), "propensity": (1, 2)}
    assert decision("first", policy).passed


@pytest.mark.parametrize("doubtful", ["nobody", "everybody", "random", "propensity"])
def test_effects_of_single_customers_have_to_beat_every_single_alternative(doubtful):
    policy = dict.fromkeys(("nobody", "everybody", "random", "propensity"), (1, 5))
    refused = decision("first", policy | {doubtful: (-0.1, 9)})
    assert not refused.passed
    (said,) = refused.refusals()
    assert doubtful in said
    assert "surely above 0" in said


@pytest.mark.parametrize("ships", [("average",), ("segments",), ("average", "segments")])
def test_averages_and_segments_may_equal_an_alternative_and_the_decision_says_why(ships):
    found = decision("first", {"nobody": (-1, 5), "everybody": (0, 0)}, ships=ships)
    assert found.passed
    assert all("averages or a rule by segment" in check.expected for check in found.checks[:2])


def test_averages_are_refused_where_an_alternative_is_surely_better():
    assert not decision("first", {"nobody": (-5, -1)}, ships=("average",)).passed


def test_one_offer_with_effects_of_single_customers_makes_the_rule_strict():
    policy = {"nobody": (-1, 5)}
    assert not decision("first", policy, ships=("average", "individual")).passed


@pytest.mark.parametrize("ships", ["individual", "average"])
@pytest.mark.parametrize(("kind", "passes"), [("changed", False), ("refresh", True)])
def test_a_refresh_may_add_a_little_less_and_a_changed_definition_has_to_add_more(
    ships, kind, passes
):
    policy = {"version 1": (-0.4, 0.3)}
    assert decision(kind, policy, ships=(ships,), against="1").passed is passes


def test_a_changed_definition_that_surely_adds_more_passes():
    assert decision("changed", {"version 1": (0.1, 2)}, against="1").passed


def test_a_refresh_that_may_add_less_than_the_margin_allows_is_refused():
    refused = decision("refresh", {"version 1": (-0.6, 0.3)}, against="1")
    assert not refused.passed
    assert "surely above -0.5" in refused.refusals()[0]


def test_an_order_that_is_surely_wrong_is_refused_whatever_the_money():
    assert not decision("first", {"nobody": (1, 5)}, qini=(-0.003, -0.001)).passed
