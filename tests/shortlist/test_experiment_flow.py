"""Parameters tried with DVC stand beside each other, and a tuned study opens from a notebook."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate
from shortlist import project

ROOT = Path(__file__).parents[2]
MODEL = "customer_activity"
EVALUATION = f"artifacts/evaluations/{MODEL}/evaluation.json"
PARAMS = """
time_zone: Asia/Taipei
currency: TWD
validation: {}
leaks: {}
report: {}
snapshots: {max_training: 2}
models: {customer_activity: {horizon_days: 30}}
gate: {list_size: 50, draws: 100}
"""
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.filterwarnings("ignore"),  # MLflow and what it imports
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A small project that has run, under Git."""
    folder = tmp_path_factory.mktemp("shop")
    simulate(PRESETS["retail"], members=400, months=12, seed=1, to=folder / "data")
    (folder / "params.yaml").write_text(PARAMS)
    said(folder, "-m", "shortlist", "run", "--data", "data", refused=True)
    (folder / ".gitignore").write_text("/artifacts/\n/data/\n")
    said(folder, "-m", "dvc", "config", "--unset", "core.no_scm")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "ran")):
        who = ("-c", "user.name=ann", "-c", "user.email=ann@shop")
        subprocess.run(["git", *who, *command], cwd=folder, check=True)  # noqa: S607 - git as installed
    return folder


def said(folder, *arguments, refused=False):
    """Run Python in a project; return what it printed."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PATH": programs},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 or (refused and done.returncode == 4), done.stderr[-3000:]
    return done.stdout


def test_two_experiments_are_kept_and_compared(shop):
    live = (shop / "artifacts" / "release.json").exists()
    for leaves, name in ((3, "few-leaves"), (15, "more-leaves")):
        setting = f"++models.{MODEL}.learner.leaves={leaves}"
        said(shop, *("-m", "dvc", "exp", "run", "-S", setting, "-n", name, f"evaluate@{MODEL}"))
    told = json.loads(said(shop, "-m", "dvc", "exp", "diff", "few-leaves", "more-leaves", "--json"))
    found = told["metrics"][EVALUATION]["measures.log_loss.value"]
    assert found["old"] != found["new"]
    assert live == (shop / "artifacts" / "release.json").exists()
    runs = project.open(shop).runs(MODEL)
    losses = runs[runs["tried_in"] == "dvc"].set_index("name")["log_loss"]
    assert losses.to_dict() == pytest.approx(
        {"few-leaves": found["old"], "more-leaves": found["new"]}
    )
    said(shop, "-m", "dvc", "exp", "apply", "few-leaves")
    assert "leaves: 3" in (shop / "params.yaml").read_text()
    applied = json.loads((shop / EVALUATION).read_text())
    assert applied["measures"]["log_loss"]["value"] == pytest.approx(found["old"])


def test_git_is_given_nothing_that_names_persons(shop):
    listed = subprocess.run(["git", "ls-files"], cwd=shop, capture_output=True, check=True)  # noqa: S607 - git as installed
    assert set(listed.stdout.decode().split()) == {
        *(".dvc/.gitignore", ".dvc/config", ".gitignore"),
        *("dvc.lock", "dvc.yaml", "params.yaml"),
    }


def test_a_registered_training_and_one_of_a_notebook_stand_beside_each_other(shop):
    opened = project.open(shop)
    said(shop, "-m", "shortlist", "train", MODEL)
    opened.fit(MODEL).log("the same")
    runs = opened.runs(MODEL)
    tried = runs["tried_in"] == "notebook"
    assert tried.sum() == 1
    assert runs.loc[tried, "roc_auc"].item() in set(runs.loc[~tried, "roc_auc"])


def test_the_study_of_a_search_opens_with_its_trials(shop):
    said(shop, "-m", "shortlist", "tune", MODEL, "--trials", "3")
    study = project.open(shop).study(MODEL)
    assert len(study.trials) == 3
    assert study.trials[0].value is not None
