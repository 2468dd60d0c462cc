"""Simulated retailers, shared by the tests that only look at them."""

from pathlib import Path

import duckdb
import pytest

from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    """A function from the name of a preset to its folder."""
    made: dict[str, Path] = {}

    def folder_of(preset: str) -> Path:
        if preset not in made:
            made[preset] = tmp_path_factory.mktemp("simulated") / preset
            simulate(PRESETS[preset], members=2500, months=30, seed=7, to=made[preset])
        return made[preset]

    return folder_of


@pytest.fixture(scope="session")
def chain(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """A chain of 20,000 members: one view per table, and one per truth, as `truth_NAME`."""
    folder = tmp_path_factory.mktemp("simulated") / "chain"
    simulate(PRESETS["retail"], members=20_000, months=36, seed=11, to=folder)
    connection = duckdb.connect()
    # Days are those of Taipei, whose clocks are 8 hours ahead of UTC all year.
    connection.execute("set timezone = 'UTC'")
    connection.execute(
        "create macro midnight(day) as (day::timestamp - interval 8 hours)::timestamptz"
    )
    for path in sorted(folder.rglob("*.parquet")):
        name = "truth_" + path.stem if path.parent.name == "truth" else path.stem
        connection.execute(f"create view {name} as from '{path}'")
    return connection
