"""The same seed gives the same bytes, and each table draws from a stream of its own."""

from datetime import date

import pyarrow.parquet as pq

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


def test_blocks_number_their_receipts_and_members_through(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.simulator.simulate.BLOCK_MEMBERS", 250)
    written(tmp_path / "blocks", members=700)
    lines = pq.read_table(tmp_path / "blocks" / "transactions.parquet").to_pandas()
    people = pq.read_table(tmp_path / "blocks" / "customers.parquet").to_pandas()
    assert lines.line_id.str[1:].astype(int).tolist() == list(range(1, len(lines) + 1))
    assert people.customer_id.nunique() == 700
    assert lines.groupby("order_id").customer_id.nunique().max() == 1
    assert lines.order_id.nunique() == int(lines.order_id.str[1:].max())


def test_members_at_twice_the_pace_come_about_twice_as_often(tmp_path):
    def lines(preset):
        return simulate(preset, members=1500, months=24, seed=3, to=tmp_path / "x").rows[
            "transactions"
        ]

    retail = PRESETS["retail"]
    assert 1.5 < lines(retail.at_pace(2)) / lines(retail) < 2.2


def test_streams_differ_by_name_and_by_block():
    draws = {
        float(stream(1, name, block).random()) for name in ("stores", "trips") for block in (0, 1)
    }
    assert len(draws) == 4
