"""One small simulated chain, shared by the tests that only look at it."""

from pathlib import Path

import pytest

from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate


@pytest.fixture(scope="session")
def retail(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "retail"
    simulate(PRESETS["retail"], members=4000, months=30, seed=7, to=folder)
    return folder
