"""`shortlist simulate --leak`: the column that knows who takes the card is caught by name."""

import pytest
from line import alarms_of, declared, lined_up

from features.card import holds_card
from features.frequency import order_count, order_count_within
from features.grains import card_steps
from features.money import spend_amount
from features.person import age_years, children_count, education, income_band, occupation
from features.recency import days_since_last_purchase, tenure_days
from models.definition import Model, label
from models.learners import PropensityClassifier
from models.measures import log_loss

SETTINGS = """
time_zone: Asia/Taipei
currency: TWD
models: {card_by_profile: {}}
snapshots: {max_training: 1}
"""


@label(card_steps)
def activates(rows):
    return (rows.step == "activated").max().cast("int64")


card_by_profile = Model(
    name="card_by_profile",
    unit="customer",
    eligible=lambda snapshot: snapshot.holds_card == 0,
    label=activates,
    gap_days=7,
    horizon_days=60,
    features=(
        holds_card,
        age_years,
        income_band,
        education,
        occupation,
        children_count,
        tenure_days,
        days_since_last_purchase,
        order_count,
        *order_count_within.values(),
        spend_amount,
    ),
    learner=lambda seed: PropensityClassifier(seed=seed),
    measures={"log_loss": log_loss},
    baselines=(),
    cadence="monthly",
)


def alarms_in_a_world(folder, *, seed, leak):
    (folder / "params.yaml").write_text(SETTINGS)
    with declared(card_by_profile):
        project = lined_up(folder, seed=seed, members=2000, months=12, overrides={}, leak=leak)
        return alarms_of(project, "card_by_profile")


def test_the_column_that_knows_who_takes_the_card_is_caught_by_name(tmp_path):
    found = alarms_in_a_world(tmp_path, seed=1, leak=True)
    assert found["columns"].rings
    assert list(found["columns"].suspects) == ["income_band"]
    assert found["columns"].title().startswith("leak check columns: income_band (0.9")


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(1, 21))
def test_without_the_leak_no_alarm_rings(tmp_path, seed):
    found = alarms_in_a_world(tmp_path, seed=seed, leak=False)
    assert [(alarm.title(), alarm.found) for alarm in found.values() if alarm.rings] == []
