"""Register a training in MLflow: parameters, measures, where it came from, and the model."""

import json
import logging
import os
import platform
import subprocess
import warnings
from importlib.metadata import version as installed
from importlib.resources import files
from pathlib import Path
from typing import Any

from models.definition import AnyModel
from pipeline.evaluation import Evaluation, evaluation_path, read_evaluation
from pipeline.fingerprint import digest, folder_digest
from pipeline.kinds import kind_of
from pipeline.project import Project, outcome_window, trained_folder
from pipeline.signature import signature_of
from pipeline.versions import Version, keep, versions

_TRACKING, _EXPERIMENT = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID"

#: What a scorer needs installed to load a registered model.
SCORING_NEEDS = ("lightgbm", "numpy", "pandas", "pyarrow", "scikit-learn", "ibis-framework")


def tracking_uri(artifacts: Path) -> str:
    """Return where experiments are tracked: `MLFLOW_TRACKING_URI`, or SQLite under artifacts."""
    return os.environ.get(_TRACKING) or f"sqlite:///{artifacts.resolve()}/mlflow.db"


def track_in(artifacts: Path, mlflow: Any) -> None:
    """Point MLflow at the experiments of a project.

    MLflow notes that in the environment as well, where the next project of this process, and
    every process that it starts, would take it for a person's wish; it is taken out again.
    """
    asked = os.environ.get(_TRACKING)
    mlflow.set_tracking_uri(tracking_uri(artifacts))
    if asked is None:
        os.environ.pop(_TRACKING, None)


def register(project: Project, model: AnyModel) -> Version:
    """Register the newest training of a model, once; return its version.

    A run that was killed after MLflow had taken the model finds it there by the digest of
    the training, and goes on.
    """
    artifacts = project.artifacts
    trained = trained_folder(artifacts, model.name)
    evaluation = read_evaluation(evaluation_path(artifacts, model.name))
    training = digest(folder_digest(trained), evaluation.model_dump(mode="json"))
    for known in versions(artifacts, model.name):
        if known.training == training:
            return known
    number, run_id = _in_mlflow(project, model, training, evaluation)
    version = Version(
        model=model.name,
        number=number,
        training=training,
        definition=definition(project, model),
        run_id=run_id,
    )
    keep(artifacts, version)
    return version


def definition(project: Project, model: AnyModel) -> str:
    """Return a digest of what defines a model; a scheduled refresh leaves it unchanged."""
    trained = json.loads(
        (trained_folder(project.artifacts, model.name) / "training.json").read_text("utf-8")
    )
    window = outcome_window(model, project.params.models[model.name])
    return digest(
        trained["features"],
        trained["definitions"],
        trained["parameters"],
        model.label.name,
        window,
        model.unit,
    )


def _in_mlflow(
    project: Project, model: AnyModel, training: str, evaluation: Evaluation
) -> tuple[str, str]:
    """Log one run and register its model, unless that training is registered already."""
    mlflow = quiet_mlflow()
    artifacts, kind = project.artifacts, kind_of(model)
    track_in(artifacts, mlflow)
    client = mlflow.MlflowClient()
    known = client.search_model_versions(f"name = '{model.name}' and tags.training = '{training}'")
    if known:
        return str(known[0].version), str(known[0].run_id)
    use_experiment(mlflow, client, model.name, artifacts)
    _end_killed_runs(client, model.name, training)
    trained = trained_folder(artifacts, model.name)
    name = f"{model.name} at {evaluation.as_of}"
    with mlflow.start_run(run_name=name, tags={"training": training}) as run:
        mlflow.log_params(parameters_of(project, model, trained))
        mlflow.log_metrics(metrics_of(evaluation))
        mlflow.set_tags(origin_of(project))
        mlflow.log_artifacts(str(evaluation_path(artifacts, model.name).parent), "evaluation")
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(files("pipeline") / kind.packaged),
            artifacts={"trained": str(trained)},
            code_paths=[str(files(package)) for package in ("features", "models")],
            pip_requirements=[f"{name}=={installed(name)}" for name in SCORING_NEEDS],
            model_config={"model": model.name, "tested_as_of": evaluation.as_of.isoformat()},
            signature=signature_of(trained, kind.returned),
        )
    if not client.search_registered_models(f"name = '{model.name}'"):
        client.create_registered_model(model.name)
    registered = client.create_model_version(
        model.name, logged.model_uri, run.info.run_id, tags={"training": training}
    )
    return str(registered.version), str(run.info.run_id)


def quiet_mlflow() -> Any:
    """Import MLflow without its reports of tables, copies, and errors that it raises anyway."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "CRITICAL")
    warnings.filterwarnings("ignore", message=".*An input example was not")
    import mlflow

    for name in ("mlflow", "mlflow.store.db.utils", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return mlflow


def use_experiment(mlflow: Any, client: Any, name: str, artifacts: Path) -> None:
    """Log into the experiment of a model, made if need be; see `track_in` for the environment."""
    asked = os.environ.get(_EXPERIMENT)
    if client.get_experiment_by_name(name) is None:
        local = tracking_uri(artifacts).startswith("sqlite")
        place = (artifacts / "mlflow" / name).resolve().as_uri() if local else None
        client.create_experiment(name, artifact_location=place)
    mlflow.set_experiment(name)
    os.environ.pop(_EXPERIMENT, None)
    if asked is not None:
        os.environ[_EXPERIMENT] = asked


def _end_killed_runs(client: Any, name: str, training: str) -> None:
    """Say of earlier attempts to log this training that they were killed; they cannot."""
    experiment = client.get_experiment_by_name(name).experiment_id
    attempts = f"attributes.status = 'RUNNING' and tags.training = '{training}'"
    for attempt in client.search_runs([experiment], attempts):
        client.set_terminated(attempt.info.run_id, "KILLED")


def parameters_of(project: Project, model: AnyModel, trained: Path) -> dict[str, Any]:
    """Return with what a model was trained: window, seed, learner, days and rows."""
    training = json.loads((trained / "training.json").read_text(encoding="utf-8"))
    window = outcome_window(model, project.params.models[model.name])
    return {
        **window._asdict(),
        "seed": training["seed"],
        **{f"learner.{key}": value for key, value in training["parameters"].items()},
        "features": len(training["features"]),
        "as_of": training["cutoffs"]["score"],
        **{f"rows_{role}": count for role, count in training["rows"].items()},
        **{f"positives_{role}": count for role, count in training["positives"].items()},
        "time_zone": project.params.time_zone,
    }


def metrics_of(evaluation: Evaluation) -> dict[str, float]:
    """Return every measure with the ends of its interval, of the model and of its baselines."""
    sides = {"": evaluation.measures} | {f"{k}.": v for k, v in evaluation.baselines.items()}
    return {
        f"{side}{name}{suffix}": getattr(figure, part)
        for side, figures in sides.items()
        for name, figure in figures.items()
        for suffix, part in (("", "value"), (".low", "low"), (".high", "high"))
    }


def origin_of(project: Project) -> dict[str, str]:
    """Return where a run comes from: data, code and machine."""
    git = subprocess.run(  # noqa: S603 - fixed arguments
        ["git", "-C", str(project.folder), "rev-parse", "HEAD"],  # noqa: S607 - git as installed
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "data_fingerprint": project.run.fingerprint,
        "code": project.run.code,
        "git_commit": git.stdout.strip() or "none",
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
