"""The same seed gives the same bytes, and each table draws from a stream of its own."""

from datetime import date

from pipeline.simulator.presets import PRESETS
from pipeline.simulator.randomness import stream
from pipeline.simulator.simulate import simulate


def bytes_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*.parquet"))
    }


def written(folder, **asked):
    arguments = {"members": 400, "months": 18, "seed": 3} | asked
    simulate(PRESETS["retail"], to=folder, **arguments)
    return bytes_of(folder)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    once = written(tmp_path / "once")
    assert written(tmp_path / "again") == once
    assert (
        written(tmp_path / "other", seed=4)["transactions.parquet"] != once["transactions.parquet"]
    )


def test_what_the_truth_states_moves_no_table(tmp_path):
    usual = written(tmp_path / "usual")
    more = written(tmp_path / "more", cutoffs=[date(2026, 6, 1)], pair_members=7)
    assert {name for name in usual if usual[name] != more[name]} == {
        "truth/activity.parquet",
        "truth/card.parquet",
        "truth/cycles.parquet",
        "truth/purchases.parquet",
    }


def test_the_leak_changes_the_customers_alone(tmp_path):
    usual, leaking = written(tmp_path / "usual"), written(tmp_path / "leaking", leak=True)
    assert [name for name in usual if usual[name] != leaking[name]] == ["customers.parquet"]


def test_streams_differ_by_name_and_by_block():
    draws = {
        float(stream(1, name, block).random()) for name in ("stores", "trips") for block in (0, 1)
    }
    assert len(draws) == 4
