"""What tuning found: the parameters of a learner, kept beside the study they come from."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from models.definition import Model
from pipeline.durable import write_json
from pipeline.project import Project

_BEST = "best.json"


class Tuning(BaseModel):
    """What the trials of one study came to.

    Attributes
    ----------
    model : str
        The model whose learner was tuned.
    parameters : dict
        Those of the best trial, by the learner's own names; empty where no trial did better
        than the declared ones.
    log_loss, declared_log_loss : float
        On the tuning snapshot, by the best trial and by the declared parameters. The best of
        many is flattered: only the untouched test rows tell what it is worth.
    trials, pruned : int
        How many were finished, and how many more were given up early.
    as_of : date
        The tuning snapshot.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    parameters: dict[str, Any]
    log_loss: float
    declared_log_loss: float
    trials: int
    pruned: int
    as_of: date


def tuning_folder(artifacts: Path, model: str) -> Path:
    """Return where the study of a model, and what it found, lie."""
    return artifacts / "tuning" / model


def keep_tuning(artifacts: Path, tuning: Tuning) -> None:
    """Write what was found; the next run trains with it."""
    write_json(tuning_folder(artifacts, tuning.model) / _BEST, tuning.model_dump(mode="json"))


def tuned_parameters(artifacts: Path) -> dict[str, dict[str, Any]]:
    """Return what tuning found so far, by model."""
    found = (
        Tuning.model_validate(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted((artifacts / "tuning").glob(f"*/{_BEST}"))
    )
    return {one.model: one.parameters for one in found if one.parameters}


def given_parameters(project: Project, name: str) -> dict[str, Any]:
    """Return the parameters of a learner that tuning found, with those of `params.yaml` above."""
    return {**project.run.tuned.get(name, {}), **project.params.models[name].learner}


def configured(model: Model, project: Project) -> Model:
    """Return a model whose learner has the parameters that tuning and `params.yaml` give it."""
    return with_parameters(model, given_parameters(project, model.name))


def with_parameters(model: Model, parameters: Mapping[str, Any]) -> Model:
    """Return the model with other parameters of its learner."""
    if not parameters:
        return model
    return replace(model, learner=lambda seed: model.learner(seed).set_params(**parameters))
