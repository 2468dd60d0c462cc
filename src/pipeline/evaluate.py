"""Judge a trained model on rows that nothing was learned from, each kind in its own way."""

import os
import sys
from pathlib import Path

from pipeline.durable import whole_folder
from pipeline.evaluation import Evaluation, evaluation_path
from pipeline.kinds import kind_of
from pipeline.left_out import note_left_out, untaught_reason
from pipeline.project import Project, find_model, open_project
from pipeline.stage import run_stage

#: Where `dvc exp run` tells a stage the name of its experiment.
EXPERIMENT = "DVC_EXP_NAME"


def evaluate(project: Project, name: str) -> Evaluation | None:
    """Write `artifacts/evaluations/MODEL`: the evaluation, and the test rows' predictions.

    For a model that the data cannot teach, only the reason is written. Within `dvc exp run`
    it is logged to MLflow as well, by the name of the experiment.
    """
    if reason := untaught_reason(project.artifacts, name):
        with whole_folder(evaluation_path(project.artifacts, name).parent) as folder:
            note_left_out(folder, reason)
        return None
    model = find_model(name)
    evaluation = kind_of(model).evaluate(project, model)
    if experiment := os.environ.get(EXPERIMENT):
        from pipeline.experiments import log_trained

        log_trained(project, model, evaluation, name=experiment)
    return evaluation


if __name__ == "__main__":
    run_stage(lambda: evaluate(open_project(Path()), sys.argv[1]))
