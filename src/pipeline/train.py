"""Train a model and the baselines that it has to beat, each kind of model in its own way."""

import sys
from pathlib import Path

from pipeline.durable import whole_folder
from pipeline.kinds import kind_of
from pipeline.left_out import LeftOutError, left_out_reason, note_left_out
from pipeline.project import Project, find_model, open_project, trained_folder
from pipeline.stage import run_stage


def train(project: Project, name: str) -> None:
    """Write `artifacts/trained/MODEL`: what was learned, and how it came about.

    For a model that the data cannot teach, only the reason is written, so that the others go on.
    """
    reason = left_out_reason(project.artifacts, name)
    if reason is None:
        model = find_model(name)
        try:
            kind_of(model).train(project, model)
        except LeftOutError as error:
            reason = str(error)
    if reason is not None:
        with whole_folder(trained_folder(project.artifacts, name)) as folder:
            note_left_out(folder, reason)


if __name__ == "__main__":
    run_stage(lambda: train(open_project(Path()), sys.argv[1]))
