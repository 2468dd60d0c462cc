"""Score everybody who is eligible at the scoring cut-off, with a registered version."""

from collections.abc import Callable
from datetime import date, datetime

import pyarrow as pa
from rich.console import Console

from features.definition import KEYS
from models.definition import Model
from pipeline.engine import engine
from pipeline.labels import eligible_rows
from pipeline.project import Project, read_cutoffs
from pipeline.score_set import (
    ScoreSet,
    UnknownScoreSetError,
    read_score_set,
    score_set_id,
    write_score_set,
)
from pipeline.snapshot_store import fingerprint_of, read_manifest, read_snapshot
from pipeline.versions import training_of, version_folder


def score(
    project: Project, model: Model, number: str, *, clock: Callable[[], datetime]
) -> ScoreSet:
    """Write the score set of a version at the scoring cut-off, unless it is there already.

    Eligibility is the model's own rule, the one its training rows went through.
    """
    artifacts = project.artifacts
    as_of = read_cutoffs(artifacts, model.name).score
    manifest = read_manifest(artifacts, model.unit, as_of)
    # What went in names the set.
    data = fingerprint_of(manifest)
    identity = score_set_id(model=model.name, version=number, as_of=as_of, data_fingerprint=data)
    try:
        return read_score_set(artifacts, model.name, identity)
    except UnknownScoreSetError:
        pass
    with Console(stderr=True).status(f"{model.name}: scoring {manifest['rows']:,} rows"):
        scores = scores_of_everybody(project, model, number, as_of)
    return write_score_set(
        scores,
        artifacts=artifacts,
        model=model.name,
        version=number,
        as_of=as_of,
        unit=model.unit,
        base=manifest["rows"],
        data_fingerprint=data,
        created_at=clock(),
        time_zone=project.params.time_zone,
    )


def scores_of_everybody(project: Project, model: Model, number: str, as_of: date) -> pa.Table:
    """Return key and probability of everybody eligible, by the engine of the project."""
    artifacts = project.artifacts
    keys = list(KEYS[model.unit])
    names = training_of(artifacts, model.name, number)["features"]
    folder = version_folder(artifacts, model.name, number) / "learner"
    load = type(model.learner(0)).load
    if project.params.snapshots.engine == "spark":
        # Imported here: Spark is an extra that few have.
        from pipeline.spark.score import score_on_spark
        from pipeline.spark.session import spark

        with spark(artifacts) as opened:
            snapshot = read_snapshot(opened.ibis, artifacts, model.unit, as_of)
            rows = eligible_rows(snapshot, model).select(*keys, *names)
            return score_on_spark(opened, rows, keys=keys, load=load, folder=folder)
    with engine(artifacts) as connection:
        snapshot = read_snapshot(connection, artifacts, model.unit, as_of)
        rows = eligible_rows(snapshot, model).select(*keys, *names).order_by(keys).to_pandas()
    probability = load(folder).predict_proba(rows[names])[:, 1]
    return pa.Table.from_pandas(rows[keys].assign(probability=probability), preserve_index=False)
