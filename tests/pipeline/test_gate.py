from datetime import date

import pytest

from pipeline.evaluation import Evaluation, Figure
from pipeline.gate import decide
from pipeline.params import GateParams

PARAMS = GateParams(refresh_margin=0.005)
CALIBRATED = {
    "observed_over_expected": Figure(value=1.0, low=0.95, high=1.05),
    "calibration_slope": Figure(value=1.0, low=0.95, high=1.05),
}
TOO_LOW = CALIBRATED | {"observed_over_expected": Figure(value=1.4, low=1.35, high=1.45)}
TOO_VAGUE = CALIBRATED | {"calibration_slope": Figure(value=1.0, low=0.8, high=1.2)}


def difference(low, high, *, capture=(-0.01, 0.01)):
    return {
        "roc_auc": Figure(value=(low + high) / 2, low=low, high=high),
        "capture_at_list_size": Figure(value=sum(capture) / 2, low=capture[0], high=capture[1]),
    }


def decision(kind, rivals, *, measures=CALIBRATED, **given):
    evaluation = Evaluation(
        model="customer_activity",
        as_of=date(2024, 6, 1),
        rows=5000,
        positives=1000,
        list_size=1000,
        level=0.95,
        measures=measures,
        baselines={},
        differences={},
    )
    return decide(evaluation, kind=kind, rivals=rivals, params=PARAMS, **given)


def test_a_first_champion_that_surely_beats_every_baseline_passes():
    rivals = {"logistic": difference(0.001, 0.01), "recency": difference(0.02, 0.05)}
    assert decision("first", rivals).passed


def test_a_first_champion_has_to_beat_every_single_baseline():
    rivals = {"logistic": difference(-0.001, 0.01), "recency": difference(0.02, 0.05)}
    refused = decision("first", rivals)
    assert not refused.passed
    assert [line for line in refused.refusals() if "logistic" in line]
    assert not [line for line in refused.refusals() if "recency" in line]


def test_capture_that_is_surely_lower_at_the_list_size_is_refused():
    rivals = {"logistic": difference(0.01, 0.02, capture=(-0.05, -0.01))}
    assert not decision("first", rivals).passed


@pytest.mark.parametrize(("kind", "passes"), [("changed", False), ("refresh", True)])
def test_a_refresh_may_be_a_little_worse_and_a_changed_definition_may_not(kind, passes):
    rivals = {"version 1": difference(-0.004, 0.003)}
    assert decision(kind, rivals, against="1").passed is passes


def test_a_refresh_that_may_be_worse_than_the_margin_is_refused():
    assert not decision("refresh", {"version 1": difference(-0.006, 0.003)}, against="1").passed


@pytest.mark.parametrize("measures", [TOO_LOW, TOO_VAGUE], ids=["off the band", "too vague"])
def test_an_uncalibrated_model_is_stopped_only_where_the_champion_is_calibrated(measures):
    rivals = {"version 1": difference(0.01, 0.02)}
    first = decision("first", rivals, measures=measures)
    assert (first.passed, first.calibrated) == (True, False)
    later = decision("changed", rivals, measures=measures, champion_calibrated=True)
    assert not later.passed


WAR_IS_OVER = CALIBRATED | {"observed_over_expected": Figure(value=1.5, low=1.4, high=1.6)}
NO_OUTCOMES = CALIBRATED | {"observed_over_expected": Figure(value=0.05, low=0.03, high=0.08)}
UNSURE = CALIBRATED | {"observed_over_expected": Figure(value=0.7, low=0.55, high=0.85)}


@pytest.mark.parametrize(
    ("measures", "champion_level", "passes"),
    [
        pytest.param(WAR_IS_OVER, 1.0, False, id="the champion's level is right"),
        pytest.param(WAR_IS_OVER, 1.8, True, id="the champion's level is farther off"),
        pytest.param(UNSURE, 1.0, True, id="it may be chance"),
        pytest.param(NO_OUTCOMES, 0.04, False, id="hardly any outcome, for the champion as well"),
    ],
)
def test_a_challenger_whose_level_is_surely_off_is_refused(measures, champion_level, passes):
    rivals = {"version 1": difference(-0.001, 0.001)}
    found = decision("refresh", rivals, measures=measures, champion_level=champion_level)
    assert found.passed is passes
    assert passes or any("level: observed over expected" in line for line in found.refusals())
