"""A model of pairs on simulated members, trained and evaluated once."""

from dataclasses import replace

import pytest
from line import lined_up

from models.definition import Sampling
from models.learners import PropensityClassifier, StateCalibrated
from models.purchase_propensity import purchase_propensity
from pipeline.evaluate import evaluate
from pipeline.train import train

SMALL = {
    "models": {"purchase_propensity": {"horizon_days": 60, "seed": 1}},
    "snapshots.max_training": 2,
}


def _fast(seed):
    pooled = PropensityClassifier(trees=40, blend=False, calibration="beta", seed=seed)
    return StateCalibrated(column="pair_state", pooled=pooled)


@pytest.fixture(scope="session")
def trained_pairs(tmp_path_factory):
    """A project whose model of pairs was trained on 18 months of 600 members."""
    folder = tmp_path_factory.mktemp("pairs")
    patch = pytest.MonkeyPatch()
    fast = replace(purchase_propensity, learner=_fast, sampling=Sampling(most_rows=40_000))
    patch.setattr("models.purchase_propensity.purchase_propensity", fast)
    project = lined_up(folder, seed=1, members=600, months=18, overrides=SMALL)
    train(project, fast.name)
    evaluate(project, fast.name)
    yield project, fast
    patch.undo()
