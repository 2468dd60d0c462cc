"""`shortlist simulate --leak`: the column that knows who takes the card is caught by name."""

import pytest
from line import alarms_of, lined_up

SETTINGS = """
time_zone: Asia/Taipei
currency: TWD
models: {card_uptake: {horizon_days: 60}}
snapshots: {max_training: 1}
"""


def alarms_in_a_world(folder, *, seed, leak):
    (folder / "params.yaml").write_text(SETTINGS)
    project = lined_up(folder, seed=seed, members=2000, overrides={}, leak=leak)
    return alarms_of(project, "card_uptake")


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
