"""Say at the scoring cut-off when every customer's next purchase of each category is due."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pandas as pd
from rich.console import Console

from models.definition import TimingModel
from pipeline.engine import engine
from pipeline.fingerprint import digest
from pipeline.labels import files_as_built, read_label_manifest
from pipeline.project import Project, outcome_window
from pipeline.score_set import (
    ScoreSet,
    UnknownScoreSetError,
    read_score_set,
    score_set_id,
    write_score_set,
)
from pipeline.snapshot_store import fingerprint_of, read_manifest, read_snapshot
from pipeline.timing.cutoffs import read_timing_cutoffs
from pipeline.timing.rows import KEY
from pipeline.timing.watched import read_scored
from pipeline.versions import version_folder

#: Columns of days, and what they are called once they are dates.
_DATES = {"due_in_days": "due_on", "opens_in_days": "opens_on", "closes_in_days": "closes_on"}


def score(
    project: Project, model: TimingModel, number: str, *, clock: Callable[[], datetime]
) -> ScoreSet:
    """Write the score set of a version, unless it is there: a row per customer and category."""
    name, artifacts = model.name, project.artifacts
    as_of = read_timing_cutoffs(artifacts, name).score
    known = read_manifest(artifacts, "customer", as_of)
    rows_digest = digest(*files_as_built(read_label_manifest(artifacts, name, as_of)).values())
    data = digest(fingerprint_of(known), rows_digest)
    identity = score_set_id(model=name, version=number, as_of=as_of, data_fingerprint=data)
    try:
        return read_score_set(artifacts, name, identity)
    except UnknownScoreSetError:
        pass
    learner = type(model.learner(0)).load(version_folder(artifacts, name, number) / "learner")
    window = outcome_window(model, project.params.models[name])
    with engine(artifacts) as connection:
        rows = read_scored(connection, artifacts, name, as_of)
        snapshot = read_snapshot(connection, artifacts, "customer", as_of)
        members = snapshot.select("customer_id").to_pandas()["customer_id"]
    rows = rows[rows["customer_id"].isin(members)]
    with Console(stderr=True).status(f"{name}: scoring {len(rows):,} rows"):
        said = learner.predict(rows, **window._asdict())
    return write_score_set(
        dated(rows[KEY].join(said), as_of),
        artifacts=artifacts,
        model=name,
        version=number,
        as_of=as_of,
        unit=model.unit,
        base=known["rows"],
        data_fingerprint=data,
        created_at=clock(),
        time_zone=project.params.time_zone,
    )


def dated(said: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Turn days from the cut-off into dates; a window never opens before the cut-off.

    Examples
    --------
    >>> row = {"customer_id": "ann", "category": "ink", "probability": 0.4, "due_in_days": 5}
    >>> said = pd.DataFrame([row | {"opens_in_days": 2, "closes_in_days": 9}])
    >>> dated(said, date(2026, 1, 1))["due_on"].astype(str).tolist()
    ['2026-01-06']
    """
    days = {
        name: pd.Series([as_of + timedelta(days=int(n)) for n in said[column]], dtype=object)
        for column, name in _DATES.items()
    }
    kept = said[["customer_id", "category", "probability"]].reset_index(drop=True)
    return kept.assign(**days)
