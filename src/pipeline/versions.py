"""Registered versions of a model: immutable copies of what was trained and how it did.

`artifacts/versions/MODEL/N/` holds the learner, its baselines, `training.json`,
`evaluation.json`, the report and the model card, `version.json` and, once the gate has spoken,
`decision.json`. N is the version's number in the MLflow registry.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipeline.durable import whole_folder, write_json
from pipeline.evaluation import REPORT_FILES, Evaluation, evaluation_path, read_evaluation
from pipeline.gate import Decision
from pipeline.project import trained_folder


class UnknownVersionError(ValueError):
    """There is no such version of a model."""


class Version(BaseModel):
    """One registered version.

    Attributes
    ----------
    number : str
        Its number in the registry.
    training : str
        Digest of the training that it came from; the same training is registered once.
    definition : str
        Digest of what defines the model: features, label, learner and window.
    run_id : str
        The MLflow run.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    number: str
    training: str
    definition: str
    run_id: str


def versions(artifacts: Path, model: str) -> list[Version]:
    """Return the registered versions of a model, oldest first."""
    found = (artifacts / "versions" / model).glob("*/version.json")
    read = [Version.model_validate(json.loads(path.read_text(encoding="utf-8"))) for path in found]
    return sorted(read, key=lambda version: int(version.number))


def version_folder(artifacts: Path, model: str, number: str) -> Path:
    """Return where a version lies.

    Raises
    ------
    UnknownVersionError
        If it does not exist; the message lists those that do.
    """
    folder = artifacts / "versions" / model / number
    if not (folder / "version.json").exists():
        known = ", ".join(version.number for version in versions(artifacts, model)) or "none yet"
        raise UnknownVersionError(f"{model} has no version {number}. Versions: {known}.")
    return folder


def keep(artifacts: Path, version: Version) -> Path:
    """Copy the newest training and its evaluation into the version's own folder."""
    folder = artifacts / "versions" / version.model / version.number
    evaluation = read_evaluation(evaluation_path(artifacts, version.model))
    with whole_folder(folder) as draft:
        shutil.copytree(trained_folder(artifacts, version.model), draft, dirs_exist_ok=True)
        stamped = evaluation.model_copy(update={"version": version.number})
        write_json(draft / "evaluation.json", stamped.model_dump(mode="json"))
        for name in REPORT_FILES:
            report = evaluation_path(artifacts, version.model).with_name(name)
            if report.exists():
                shutil.copyfile(report, draft / name)
        write_json(draft / "version.json", version.model_dump(mode="json"))
    return folder


def evaluation_of(artifacts: Path, model: str, number: str) -> Evaluation:
    """Return the stored test evaluation of a version."""
    return read_evaluation(version_folder(artifacts, model, number) / "evaluation.json")


def decision_of(artifacts: Path, model: str, number: str) -> Decision | None:
    """Return what the gate said of a version; none if it has not been asked."""
    path = version_folder(artifacts, model, number) / "decision.json"
    if not path.exists():
        return None
    return Decision.model_validate(json.loads(path.read_text(encoding="utf-8")))


def training_of(artifacts: Path, model: str, number: str) -> dict[str, Any]:
    """Return how a version came about: cut-offs, rows, features, data."""
    path = version_folder(artifacts, model, number) / "training.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
