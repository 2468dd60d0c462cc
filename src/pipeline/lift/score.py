"""Say of everybody eligible at the scoring cut-off what each offer would change."""

from collections.abc import Callable
from datetime import datetime

import pandas as pd
from rich.console import Console

from models.definition import LiftModel
from models.effects.shipped import Learned
from pipeline.engine import engine
from pipeline.lift.cutoffs import read_lift_cutoffs
from pipeline.project import Project
from pipeline.score_set import (
    ScoreSet,
    UnknownScoreSetError,
    read_score_set,
    score_set_id,
    write_score_set,
)
from pipeline.snapshot_store import read_manifest, read_snapshot
from pipeline.versions import version_folder


def score(
    project: Project, model: LiftModel, number: str, *, clock: Callable[[], datetime]
) -> ScoreSet:
    """Write the score set of a version, unless it is there: one row per customer and offer."""
    artifacts = project.artifacts
    as_of = read_lift_cutoffs(artifacts, model.name).score
    manifest = read_manifest(artifacts, model.unit, as_of)
    data = manifest["version"]
    identity = score_set_id(model=model.name, version=number, as_of=as_of, data_fingerprint=data)
    try:
        return read_score_set(artifacts, model.name, identity)
    except UnknownScoreSetError:
        pass
    learned = Learned.load(version_folder(artifacts, model.name, number), model)
    with engine(artifacts) as connection:
        snapshot = read_snapshot(connection, artifacts, model.unit, as_of)
        eligible = snapshot.filter(model.eligible(snapshot))
        rows = eligible.select("customer_id", *learned.columns).order_by("customer_id").to_pandas()
    with Console(stderr=True).status(f"{model.name}: scoring {len(rows):,} rows"):
        scores = score_table(learned, rows)
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


def score_table(learned: Learned, rows: pd.DataFrame) -> pd.DataFrame:
    """Return `customer_id`, `arm`, `effect`, `low` and `high`, one row per customer and offer."""
    found = learned.effects(rows)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "customer_id": rows["customer_id"].to_numpy(),
                    "arm": arm,
                    "effect": found.value[arm].to_numpy(),
                    "low": found.low[arm].to_numpy(),
                    "high": found.high[arm].to_numpy(),
                }
            )
            for arm in learned.arms
        ],
        ignore_index=True,
    )
