"""Ask the gate about an experiment: against what is live, or the baselines where nothing is."""

import numpy as np

from models.definition import Model
from pipeline.evaluation import Evaluation
from pipeline.experiments.fitting import Fitted
from pipeline.experiments.judging import compare
from pipeline.experiments.live import champion_of
from pipeline.gate import Decision, decide
from pipeline.project import Project, find_model
from pipeline.versions import decision_of, training_of, version_folder


class NoChampionError(ValueError):
    """What is live cannot judge the rows of an experiment."""


def against_champion(project: Project, fitted: Fitted, evaluation: Evaluation) -> Decision:
    """Ask the gate whether an experiment would go live; nothing is registered or released.

    Parameters
    ----------
    project : Project
        Whose release and gate to use.
    fitted : Fitted
        The challenger.
    evaluation : Evaluation
        Of the challenger.

    Raises
    ------
    NoChampionError
        If the rows lack a column of the champion, because it went live after the fit.
    """
    name = fitted.model.name
    version = champion_of(project, name)
    if version is None:
        return decide(
            evaluation, kind="first", rivals=evaluation.differences, params=project.params.gate
        )
    rivals = {f"version {version}": _said(project, fitted, version)}
    before = decision_of(project.artifacts, name, version)
    return decide(
        evaluation,
        kind="changed",
        rivals=compare(project, fitted, rivals),
        params=project.params.gate,
        against=version,
        champion_calibrated=before is not None and before.calibrated,
    )


def _said(project: Project, fitted: Fitted, version: str) -> np.ndarray:
    artifacts, name = project.artifacts, fitted.model.name
    wanted = training_of(artifacts, name, version)["features"]
    missing = [one for one in wanted if one not in fitted.roles.beside]
    if missing:
        raise NoChampionError(
            f"version {version} of {name} asks for {len(missing)} columns that the rows of the "
            f"experiment lack ({', '.join(missing[:3])}). Fit again: it went live since."
        )
    declared = find_model(name)
    assert isinstance(declared, Model)  # noqa: S101 - a Fitted holds no other kind
    learner = type(declared.learner(0)).load(version_folder(artifacts, name, version) / "learner")
    said: np.ndarray = learner.predict_proba(fitted.roles.beside[wanted])[:, 1]
    return said
