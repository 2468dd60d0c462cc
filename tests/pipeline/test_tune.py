"""Tuning: every trial is kept, what was killed goes on, and the next training uses the best."""

import json

import numpy as np
import optuna
import pandas as pd
import pytest
from line import lined_up, settled
from optuna.trial import TrialState

from models.learners import PropensityClassifier
from models.learners.tree_trials import TreeTrials
from models.measures import log_loss
from pipeline import tune as module
from pipeline.project import trained_folder
from pipeline.train import train
from pipeline.tune import NotTunableError, study_storage, tune
from pipeline.tuning import Tuning, keep_tuning, tuned_parameters, tuning_folder

MODEL = "customer_activity"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return lined_up(tmp_path_factory.mktemp("tune"), seed=1)


def trials_of(project):
    """Return number, state and parameters of every trial there ever was."""
    storage = study_storage(tuning_folder(project.artifacts, MODEL))
    (name,) = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    return [(trial.number, trial.state, trial.params) for trial in study.trials]


def test_a_search_that_was_killed_goes_on_where_it_stopped(project, monkeypatch):
    begun = []

    def killed(_trials, _best):
        begun.append(1)
        if len(begun) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(project, MODEL, trials=5, progress=killed)
    before = trials_of(project)
    assert len(before) == 2
    # What a kill inside a trial leaves behind.
    storage = study_storage(tuning_folder(project.artifacts, MODEL))
    (name,) = optuna.get_all_study_names(storage)
    optuna.load_study(study_name=name, storage=storage).ask()

    found = tune(project, MODEL, trials=5)
    after = trials_of(project)
    assert after[:2] == before, "finished trials stay as they were"
    assert after[2][1] == TrialState.FAIL
    assert found.trials + found.pruned == 5
    assert len({json.dumps(params) for _, _, params in after if params}) == 5, "none is repeated"

    monkeypatch.setattr(module, "_prepared", pytest.fail)
    assert tune(project, MODEL, trials=5) == found, "a finished search does nothing"


def test_the_declared_parameters_are_the_first_trial(project):
    found = tune(project, MODEL, trials=5)
    declared = PropensityClassifier().get_params()
    _, _, first = trials_of(project)[0]
    assert first == {name: declared[name] for name in first}
    assert found.log_loss <= found.declared_log_loss


def test_the_next_training_uses_what_was_found(project):
    keep_tuning(
        project.artifacts,
        Tuning(
            model=MODEL,
            parameters={"leaves": 5},
            log_loss=0.4,
            declared_log_loss=0.5,
            trials=1,
            pruned=0,
            as_of="2026-01-01",
        ),
    )
    assert tuned_parameters(project.artifacts) == {MODEL: {"leaves": 5}}
    train(settled(project.folder), MODEL)
    folder = trained_folder(project.artifacts, MODEL)
    assert json.loads((folder / "training.json").read_text())["parameters"] == {"leaves": 5}
    assert json.loads((folder / "learner" / "model.json").read_text())["parameters"]["leaves"] == 5


def test_a_model_without_a_search_says_so(project, monkeypatch):
    from dataclasses import replace

    found = module.find_model(MODEL)
    monkeypatch.setattr(module, "find_model", lambda _: replace(found, search={}))
    with pytest.raises(NotTunableError, match="search"):
        tune(project, MODEL, trials=1)


def rows(count, seed):
    random = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"days": random.integers(0, 300, count), "city": random.choice(["A", "B"], count)}
    )
    y = random.random(count) < np.where(X.days < 90, 0.4, 0.1) + 0.1 * (X.city == "B")
    return X, y.astype(int)


def test_kept_bins_tell_the_loss_that_a_fit_from_scratch_reaches():
    (X, y), (X_held, y_held) = rows(3000, 1), rows(3000, 2)
    bare = PropensityClassifier(blend=False, calibration="none", seed=4)
    trials = TreeTrials(bare, X, y, X_held=X_held, y_held=y_held)
    for parameters in ({"leaves": 7, "min_leaf": 100}, {"leaves": 15, "min_leaf": 20}):
        fresh = bare.set_params(**parameters).fit(X, y, X_cal=X_held, y_cal=y_held)
        reached = log_loss(y_held, fresh.predict_proba(X_held)[:, 1])
        assert trials.loss(parameters) == pytest.approx(reached, abs=1e-9)
