"""Whether what was scored is still what it was."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.definition import AnyModel, LiftModel, PairModel, TimingModel
from pipeline.fingerprint import digest
from pipeline.labels import files_as_built, read_label_manifest
from pipeline.project import find_model
from pipeline.score_set import ScoreSet
from pipeline.snapshot_store import fingerprint_of, read_manifest
from pipeline.state_store import state_versions


class OtherDataError(ValueError):
    """What lies there now is not what was scored."""


def require_scored_data(artifacts: Path, score_set: ScoreSet) -> None:
    """Refuse to go on unless the snapshot is the one that was scored.

    Raises
    ------
    SnapshotError
        If there is none.
    OtherDataError
        If it was built again since, from other data.
    """
    model = find_model(score_set.model)
    manifest = read_manifest(artifacts, "customer", score_set.as_of)
    try:
        found = _fingerprint(artifacts, model, score_set, manifest)
    except FileNotFoundError as error:
        raise OtherDataError(
            f"what was scored at {score_set.as_of} is not there any more: "
            f"{Path(error.filename).name}"
        ) from error
    if found != score_set.data_fingerprint:
        raise OtherDataError(
            f"the snapshot of {score_set.as_of} was built again since, from other data ({found}) "
            f"than were scored ({score_set.data_fingerprint}). A backup of then holds the old one."
        )


def _fingerprint(
    artifacts: Path, model: AnyModel, score_set: ScoreSet, manifest: Mapping[str, Any]
) -> str:
    """Return what the score set's own kind of model calls its data."""
    if isinstance(model, LiftModel):
        return str(manifest["version"])
    known = fingerprint_of(manifest)
    if isinstance(model, PairModel):
        return digest(known, state_versions(artifacts, score_set.as_of))
    if isinstance(model, TimingModel):
        rows = files_as_built(read_label_manifest(artifacts, model.name, score_set.as_of))
        return digest(known, digest(*rows.values()))
    return known
