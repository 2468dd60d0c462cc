"""Whether the scores themselves have moved."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from ibis.backends.duckdb import Backend

from features.definition import KEYS
from models.definition import AnyModel, Model
from pipeline.fingerprint import digest
from pipeline.garbage import stored_score_sets
from pipeline.monitor.counts import BINS, Bins, Counted, count_rows, count_values, lay_bins
from pipeline.monitor.keep import read_bins, read_counts, write_bins, write_counts
from pipeline.monitor.limits import MonitoringParams
from pipeline.monitor.moved import Moved, moved_columns
from pipeline.monitor.population import Population
from pipeline.release import Released
from pipeline.score_set import (
    DamagedScoreSetError,
    ScoreSet,
    UnknownScoreSetError,
    parts,
    read_score_set,
)
from pipeline.snapshot_store import SnapshotError
from pipeline.versions import training_of, version_folder

#: Customers of a reference that are scored anew.
MOST_ROWS = 20_000
SCORE = "score"


def score_drift(
    connection: Backend,
    artifacts: Path,
    model: AnyModel,
    population: Population,
    *,
    live: Released,
    limits: MonitoringParams,
) -> Moved | None:
    """Compare the live scores with those of earlier cut-offs; none where there are none.

    A model of customers scores a part of the customers of each of its references anew, so
    that the version is the same. Others are compared with the score sets that were live.
    """
    newest = read_score_set(artifacts, model.name, live.score_set)
    subject = f"{model.name}/scores"
    column = f"{SCORE}-{live.version}" if isinstance(model, Model) else SCORE
    past = (
        _scored_anew(connection, artifacts, model, population, live.version, before=newest.as_of)
        if isinstance(model, Model)
        else _score_sets(connection, artifacts, model.name, live, before=newest.as_of)
    )
    references = {day: Counted(sum(counts), {SCORE: counts}) for day, counts in past.items()}
    bins = read_bins(artifacts, subject).get(column)
    if not references or bins is None:
        return None
    rows = connection.read_parquet([str(path) for path in parts(artifacts, newest)])
    counted = count_rows(connection, rows.select(**{SCORE: rows[newest.value]}), {SCORE: bins})
    (found,) = moved_columns(counted, references, limits)
    return found


def earlier_score_sets(
    artifacts: Path, model: str, live: Released, *, before: date
) -> Iterator[ScoreSet]:
    """Yield one score set for each earlier cut-off, in time order: the one that was live."""
    released = {one.score_set for one in (live, *live.previous)}
    by_day: dict[date, ScoreSet] = {}
    for name, identity in stored_score_sets(artifacts):
        if name != model or identity not in released:
            continue
        try:
            found = read_score_set(artifacts, model, identity)
        except (UnknownScoreSetError, DamagedScoreSetError):
            continue
        known = by_day.get(found.as_of)
        if found.as_of < before and (known is None or known.created_at < found.created_at):
            by_day[found.as_of] = found
    yield from (by_day[day] for day in sorted(by_day))


def _score_sets(
    connection: Backend, artifacts: Path, model: str, live: Released, *, before: date
) -> dict[date, list[int]]:
    subject, found = f"{model}/scores", {}
    for one in earlier_score_sets(artifacts, model, live, before=before):
        rows = connection.read_parquet([str(path) for path in parts(artifacts, one)])
        rows = rows.select("customer_id", **{SCORE: rows[one.value]})
        bins = read_bins(artifacts, subject)
        if SCORE not in bins:
            bins |= lay_bins(connection, rows, [SCORE])
            write_bins(artifacts, subject, bins)
        made_from = digest(one.id, one.revision, bins[SCORE].model_dump())
        counted = read_counts(artifacts, subject, one.as_of, made_from=made_from)
        if counted is None:
            counted = count_rows(connection, rows, {SCORE: bins[SCORE]})
            write_counts(artifacts, subject, one.as_of, counted, made_from=made_from)
        found[one.as_of] = counted.columns[SCORE]
    return found


def _scored_anew(
    connection: Backend,
    artifacts: Path,
    model: Model,
    population: Population,
    version: str,
    *,
    before: date,
) -> dict[date, list[int]]:
    subject, column = f"{model.name}/scores", f"{SCORE}-{version}"
    learner = type(model.learner(0)).load(
        version_folder(artifacts, model.name, version) / "learner"
    )
    names = training_of(artifacts, model.name, version)["features"]
    found = {}
    for day in sorted(one for one in population.seen if one < before):
        try:
            fingerprint = population.fingerprint(day)
        except SnapshotError:
            continue
        bins = read_bins(artifacts, subject)
        laid = bins.get(column)
        made_from = digest(version, fingerprint, laid.model_dump() if laid else None)
        counted = read_counts(artifacts, subject, day, made_from=made_from)
        if counted is None:
            rows = population.rows(connection, day)
            one_in = max(1, int(rows.count().execute()) // MOST_ROWS)
            if one_in > 1:
                rows = rows.filter(rows.customer_id.hash().abs() % one_in == 0)
            frame = rows.select(*KEYS[model.unit], *names).order_by(KEYS[model.unit]).to_pandas()
            said = np.asarray(learner.predict_proba(frame[names])[:, 1], dtype=np.float64)
            if laid is None:
                shares = np.arange(1, BINS) / BINS
                edges = np.unique(np.quantile(said, shares, method="inverted_cdf"))
                laid = Bins(edges=tuple(float(edge) for edge in edges))
                write_bins(artifacts, subject, bins | {column: laid})
                made_from = digest(version, fingerprint, laid.model_dump())
            counts = count_values(said, laid.edges or ())
            counted = Counted(len(said), {SCORE: counts})
            write_counts(artifacts, subject, day, counted, made_from=made_from)
        found[day] = counted.columns[SCORE]
    return found
