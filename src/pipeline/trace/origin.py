"""What a score set came from: version, training run, snapshot, data, code."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.fingerprint import code_digest, file_digest, folder_digest
from pipeline.params import ParamsError, read_run
from pipeline.registry import quiet_mlflow, track_in
from pipeline.score_set import (
    DamagedScoreSetError,
    ScoreSet,
    UnknownScoreSetError,
    read_score_set,
    verify_score_set,
)
from pipeline.snapshot_store import SnapshotError, read_manifest, snapshot_folder
from pipeline.trace.link import Link
from pipeline.trace.scored_data import OtherDataError, require_scored_data
from pipeline.versions import (
    UnknownVersionError,
    decision_of,
    training_of,
    version_folder,
    versions,
)

#: What a commit is called where the project lies in no repository.
NO_COMMIT = "none"


def origin(folder: Path, model: str, score_set: str, version: str) -> Iterator[Link]:
    """Yield every step back from a score set, whether or not it can still be followed.

    Parameters
    ----------
    folder : Path
        The project.
    model, score_set, version : str
        Which scores, and the version that is on record as their maker.
    """
    artifacts = folder / "artifacts"
    scores = _scores(artifacts, model, score_set)
    yield scores
    kept, training = _version(artifacts, model, version)
    yield kept
    run = _run(artifacts, kept.facts.get("run_id"))
    yield run
    snapshot = _snapshot(artifacts, scores)
    yield snapshot
    yield _data(folder, training.get("data"), snapshot.facts.get("data"))
    yield _code(folder, run.facts.get("tags", {}))


def _scores(artifacts: Path, model: str, score_set: str) -> Link:
    try:
        found = read_score_set(artifacts, model, score_set)
        verify_score_set(artifacts, found)
    except UnknownScoreSetError:
        said = (
            f"score set {score_set} of {model} is gone: `shortlist gc` removes what is neither "
            "live, nor can be stepped back to, nor named by a list."
        )
        return Link("score_set", found=False, said=said, facts={"id": score_set})
    except DamagedScoreSetError as error:
        return Link("score_set", found=False, said=str(error), facts={"id": score_set})
    facts = found.model_dump(mode="json", exclude={"files"})
    said = f"{found.rows:,} scores of {found.customers:,} customers at {found.as_of}"
    if found.revision > 1:
        said += f"; rewritten {found.revision - 1} times, as persons were forgotten"
    return Link("score_set", found=True, said=f"{said}.", facts=facts)


def _version(artifacts: Path, model: str, number: str) -> tuple[Link, dict[str, Any]]:
    facts: dict[str, Any] = {"model": model, "number": number}
    try:
        folder = version_folder(artifacts, model, number)
        training = training_of(artifacts, model, number)
    except (UnknownVersionError, FileNotFoundError) as error:
        said = f"version {number} of {model} can no longer be looked at: {error}"
        return Link("version", found=False, said=said, facts=facts), {}
    (record,) = (one for one in versions(artifacts, model) if one.number == number)
    decision = decision_of(artifacts, model, number)
    facts |= record.model_dump() | {"gate_passed": decision.passed if decision else None}
    facts |= {
        "seed": training.get("seed"),
        "cutoffs": training.get("cutoffs"),
        "rows": training.get("rows"),
        "features": len(training.get("features", ())),
        "trained_on": training.get("data"),
        "learner": training.get("learner"),
    }
    learner = folder / "learner"
    whole = learner.is_dir() and folder_digest(learner) == training.get("learner")
    said = (
        f"version {number} of {model}, trained with seed {training.get('seed')}."
        if whole
        else f"the learner of version {number} of {model} is not the one that was trained; "
        "restore it from a backup."
    )
    return Link("version", found=whole, said=said, facts=facts), training


def _run(artifacts: Path, run_id: Any) -> Link:
    if run_id is None:
        said = "which run trained it is not known without the version."
        return Link("training_run", found=False, said=said, facts={})
    facts: dict[str, Any] = {"run_id": run_id}
    gone = f"MLflow has no run {run_id} any more; its parameters cannot be shown."
    if not os.environ.get("MLFLOW_TRACKING_URI") and not (artifacts / "mlflow.db").exists():
        return Link("training_run", found=False, said=gone, facts=facts)
    mlflow = quiet_mlflow()
    track_in(artifacts, mlflow)
    try:
        run = mlflow.MlflowClient().get_run(run_id)
    except mlflow.exceptions.MlflowException:
        return Link("training_run", found=False, said=gone, facts=facts)
    tags = {name: value for name, value in run.data.tags.items() if "." not in name}
    facts |= {"params": dict(run.data.params), "tags": tags, "status": run.info.status}
    return Link("training_run", found=True, said=f"MLflow run {run_id}.", facts=facts)


def _snapshot(artifacts: Path, scores: Link) -> Link:
    if not scores.found:
        said = "which snapshot was scored is not known without the score set."
        return Link("snapshot", found=False, said=said, facts={})
    scored = ScoreSet.model_validate({**scores.facts, "files": ()})
    facts: dict[str, Any] = {"as_of": str(scored.as_of), "fingerprint": scored.data_fingerprint}
    try:
        require_scored_data(artifacts, scored)
        manifest = read_manifest(artifacts, "customer", scored.as_of)
    except (SnapshotError, OtherDataError) as error:
        return Link("snapshot", found=False, said=str(error), facts=facts)
    facts |= {name: manifest.get(name) for name in ("rows", "version", "data", "codings", "erased")}
    folder = snapshot_folder(artifacts, "customer", scored.as_of)
    changed = [
        name
        for name, expected in manifest.get("files", {}).items()
        if not (folder / name).exists() or file_digest(folder / name) != expected
    ]
    said = (
        f"{len(changed)} files of the snapshot of {scored.as_of} are missing or changed; restore "
        "them from a backup."
        if changed
        else f"the snapshot of {scored.as_of} with {manifest['rows']:,} customers is the one that "
        "was scored."
    )
    return Link("snapshot", found=not changed, said=said, facts=facts)


def _data(folder: Path, trained_on: Any, scored_on: Any) -> Link:
    facts = {"trained_on": trained_on, "scored_on": scored_on}
    if scored_on is None:
        said = "which data were scored is not known without the snapshot."
        return Link("data", found=False, said=said, facts=facts)
    try:
        run = read_run(folder)
    except ParamsError as error:
        return Link("data", found=False, said=str(error), facts=facts)
    facts |= {"now": run.fingerprint, "location": run.data}
    if run.fingerprint == scored_on:
        said = f"the tables in artifacts/tables are those of {scored_on}, which was scored."
        return Link("data", found=True, said=said, facts=facts)
    said = (
        f"artifacts/tables hold newer data ({run.fingerprint}) than those that were scored "
        f"({scored_on}); the older ones are where the retailer, or a backup, keeps them."
    )
    return Link("data", found=False, said=said, facts=facts)


def _code(folder: Path, tags: dict[str, str]) -> Link:
    commit, code = tags.get("git_commit", NO_COMMIT), tags.get("code")
    now = code_digest("features", "models", "pipeline")
    facts = {"git_commit": commit, "code": code, "code_now": now}
    if code is None:
        said = "which code trained it is not known without the MLflow run."
        return Link("code", found=False, said=said, facts=facts)
    same = "the same as now" if code == now else "not the code of now"
    if commit == NO_COMMIT:
        said = f"code {code}, {same}; the project lay in no git repository, so no commit is known."
        return Link("code", found=code == now, said=said, facts=facts)
    known = subprocess.run(  # noqa: S603 - fixed arguments, and what git itself named
        ["git", "-C", str(folder), "cat-file", "-e", f"{commit}^{{commit}}"],  # noqa: S607
        capture_output=True,
        check=False,
    )
    there = known.returncode == 0
    said = f"git commit {commit}, code {code}, {same}."
    if not there:
        said = f"git commit {commit} is not in the repository here; its code was {code}, {same}."
    return Link("code", found=there, said=said, facts=facts)
