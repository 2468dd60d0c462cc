"""Log an experiment to MLflow, where it is compared with others; nothing is registered."""

from models.definition import AnyModel
from pipeline.evaluation import Evaluation
from pipeline.experiments.fitting import Fitted
from pipeline.project import Project, trained_folder
from pipeline.registry import (
    metrics_of,
    origin_of,
    parameters_of,
    quiet_mlflow,
    track_in,
    use_experiment,
)

#: Tag that tells what was tried, in a notebook or with DVC, from what was trained by the line.
TRIED = "tried_in"


def log_experiment(project: Project, fitted: Fitted, evaluation: Evaluation, *, name: str) -> str:
    """Log parameters and measures under the model's own experiment; return the run's id.

    Parameters
    ----------
    project : Project
        Where runs are kept; `MLFLOW_TRACKING_URI` stands above it.
    fitted, evaluation : Fitted, Evaluation
        What was learned and how it did.
    name : str
        Name of the run, such as the idea behind it.
    """
    mlflow = quiet_mlflow()
    track_in(project.artifacts, mlflow)
    use_experiment(mlflow, mlflow.MlflowClient(), fitted.model.name, project.artifacts)
    roles = {**fitted.roles.learning, "test": fitted.roles.test}
    with mlflow.start_run(run_name=name, tags={TRIED: "notebook", **origin_of(project)}) as run:
        mlflow.log_params(
            {
                "seed": fitted.seed,
                "features": len(fitted.roles.test.X.columns),
                "as_of": fitted.roles.cutoffs.score,
                "learner": type(fitted.learner).__name__,
                **{f"rows_{role}": len(rows.y) for role, rows in roles.items()},
                **{f"positives_{role}": int(rows.y.sum()) for role, rows in roles.items()},
            }
        )
        mlflow.log_metrics(metrics_of(evaluation))
        mlflow.log_dict(evaluation.model_dump(mode="json"), "evaluation.json")
        mlflow.log_dict({"features": list(fitted.roles.test.X.columns)}, "features.json")
    return str(run.info.run_id)


def log_trained(project: Project, model: AnyModel, evaluation: Evaluation, *, name: str) -> str:
    """Log the training that lies in the project, tried with DVC; return the run's id.

    Parameters
    ----------
    project : Project
        Where runs are kept; `MLFLOW_TRACKING_URI` stands above it.
    model : AnyModel
        What was trained.
    evaluation : Evaluation
        How it did.
    name : str
        Name of the run: that of the experiment.
    """
    mlflow = quiet_mlflow()
    track_in(project.artifacts, mlflow)
    use_experiment(mlflow, mlflow.MlflowClient(), model.name, project.artifacts)
    with mlflow.start_run(run_name=name, tags={TRIED: "dvc", **origin_of(project)}) as run:
        trained = trained_folder(project.artifacts, model.name)
        mlflow.log_params(parameters_of(project, model, trained))
        mlflow.log_metrics(metrics_of(evaluation))
        mlflow.log_dict(evaluation.model_dump(mode="json"), "evaluation.json")
    return str(run.info.run_id)
