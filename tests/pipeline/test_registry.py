"""Where experiments are tracked."""

import os

import pytest

from pipeline.registry import quiet_mlflow, track_in, tracking_uri, use_experiment


def test_one_project_does_not_track_into_the_next(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mlflow = quiet_mlflow()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        track_in(folder, mlflow)
        assert mlflow.get_tracking_uri() == f"sqlite:///{folder}/mlflow.db"
        assert "MLFLOW_TRACKING_URI" not in os.environ


@pytest.mark.parametrize("server", ["http://127.0.0.1:5999", "sqlite:////elsewhere/mlflow.db"])
def test_a_server_that_a_person_names_is_used_by_every_project(tmp_path, monkeypatch, server):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    track_in(tmp_path, quiet_mlflow())
    assert tracking_uri(tmp_path) == server
    assert os.environ["MLFLOW_TRACKING_URI"] == server


@pytest.mark.filterwarnings("ignore:The ``noload`` loader")  # MLflow asks SQLAlchemy for it
@pytest.mark.parametrize("asked", [None, "7"])
def test_the_experiment_of_a_model_is_not_passed_on_to_what_runs_next(tmp_path, monkeypatch, asked):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    if asked is not None:
        monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", asked)
    mlflow = quiet_mlflow()
    track_in(tmp_path, mlflow)
    use_experiment(mlflow, mlflow.MlflowClient(), "customer_activity", tmp_path)
    with mlflow.start_run() as run:
        experiment = mlflow.get_experiment(run.info.experiment_id)
    assert experiment.name == "customer_activity"
    assert os.environ.get("MLFLOW_EXPERIMENT_ID") == asked
