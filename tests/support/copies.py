"""A trained project as it was trained, whatever other tests have done with it since."""

import shutil

from pipeline.durable import write_json
from pipeline.project import trained_folder
from pipeline.versions import Version

#: What registering, scoring and releasing leave behind.
PUBLISHED = ("versions", "release.json", "scores", "mlflow", "mlflow.db", "state.db*", "lists")


def with_version(project, model, folder):
    """Copy a trained project, with its newest training as version 1, which nothing has scored."""
    shutil.copytree(project.folder, folder, ignore=shutil.ignore_patterns(*PUBLISHED))
    copy = project._replace(folder=folder)
    to = copy.artifacts / "versions" / model.name / "1"
    shutil.copytree(trained_folder(copy.artifacts, model.name), to)
    known = Version(model=model.name, number="1", training="t", definition="d", run_id="r")
    write_json(to / "version.json", known.model_dump())
    return copy
