"""What is live of a model that is tried out."""

from pipeline.project import Project
from pipeline.release import UnreleasedModelError, read_release
from pipeline.versions import training_of


def champion_of(project: Project, name: str) -> str | None:
    """Return the version of a model that is live; none where it is not."""
    try:
        return read_release(project.artifacts).live(name).version
    except UnreleasedModelError:
        return None


def champion_columns(project: Project, name: str) -> list[str]:
    """Return the columns that the live version of a model asks for; none where it is not live."""
    version = champion_of(project, name)
    if version is None:
        return []
    return list(training_of(project.artifacts, name, version)["features"])
