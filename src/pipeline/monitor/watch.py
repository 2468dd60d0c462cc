"""Look at everything that is live, keep what was found, and say what rings."""

import functools
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ibis.backends.duckdb import Backend

from models.definition import AnyModel, LiftModel, Model, TimingModel
from pipeline.engine import engine
from pipeline.evaluation import NoEvaluationError
from pipeline.events import read_events
from pipeline.fingerprint import digest
from pipeline.grain_store import Grains
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.monitor.alarms import (
    MonitoringAlarm,
    drift_alarms,
    realised_alarms,
    score_alarms,
    turnover_alarms,
)
from pipeline.monitor.drift import drift_of
from pipeline.monitor.effects import drawn_rows, judged_effects
from pipeline.monitor.outcomes import closes_on, realised_rows
from pipeline.monitor.population import cutoffs_of, everybody, population_of
from pipeline.monitor.realised import Realised, judged
from pipeline.monitor.record import (
    EVERYBODY,
    Record,
    history,
    read_record,
    with_since,
    write_record,
)
from pipeline.monitor.report import write_page
from pipeline.monitor.score_drift import earlier_score_sets, score_drift
from pipeline.monitor.summary import write_summary
from pipeline.monitor.turnover import turnover_of
from pipeline.project import OutcomeWindow, Project, find_model, outcome_window
from pipeline.release import Release, Released, UnreleasedModelError, read_release
from pipeline.score_set import ScoreSet, parts, read_score_set
from pipeline.snapshot_store import SnapshotError
from pipeline.versions import evaluation_of, training_of

#: Draws of the bootstrap behind the intervals.
DRAWS = 500


def watch(
    project: Project,
    *,
    clock: Callable[[], datetime],
    only: Sequence[str] = (),
    threads: int | None = None,
) -> list[Record]:
    """Look at what is live; return a record for all customers, and one for each model.

    Nothing that was looked at before is looked at again, unless its inputs have changed.
    Writes records, the summary that the service reports, and the page
    `artifacts/monitoring/report.html`.

    Parameters
    ----------
    project : Project
        Whose release to watch.
    clock : callable
        Tells the time, with its zone.
    only : sequence of str
        Models; all that are live if left out.
    threads : int, optional
        Of the engine.

    Raises
    ------
    UnreleasedModelError
        If nothing is live, or a model that is asked for is not.
    """
    artifacts = project.artifacts
    release = read_release(artifacts)
    names = list(only) or sorted(release.models)
    live = {name: release.live(name) for name in names}
    if not live:
        raise UnreleasedModelError("no model is live, so that nothing was promised. Start with "
                                   "`shortlist run`.")  # fmt: skip
    with engine(artifacts, threads=threads) as connection:
        records = [*_customers(connection, project, release, clock)]
        # Read once, and only if there is something to judge.
        grains = functools.cache(lambda: _grains(connection, project))
        records += [
            _model(connection, grains, project, live=one, name=name, clock=clock)
            for name, one in live.items()
        ]
    write_summary(artifacts)
    write_page(artifacts)
    return records


def _customers(
    connection: Backend, project: Project, release: Release, clock: Callable[[], datetime]
) -> Iterator[Record]:
    """Yield the record of all customers; none where no snapshot of them is kept."""
    artifacts, limits = project.artifacts, project.params.monitoring
    learned: set[date] = set()
    seen: set[date] = set()
    newest: set[date] = set()
    for name, live in release.models.items():
        newest.add(read_score_set(artifacts, name, live.score_set).as_of)
        if not isinstance(find_model(name), LiftModel):
            own = cutoffs_of(training_of(artifacts, name, live.version)["cutoffs"])
            learned |= set(own[0])
            seen |= set(own[1])
    as_of = max(newest)
    try:
        population = everybody(
            artifacts, newest=as_of, learned=tuple(sorted(learned)), seen=tuple(sorted(seen))
        )
        fingerprint = population.fingerprint(as_of)
    except SnapshotError:
        return
    made_from = _made_from(project, fingerprint, sorted(map(str, seen)))
    known = read_record(artifacts, EVERYBODY, as_of, "-")
    if known is not None and known.made_from == made_from:
        yield known
        return
    before = _before(artifacts, EVERYBODY, as_of)
    drift = drift_of(
        connection,
        artifacts,
        EVERYBODY,
        population,
        newest=as_of,
        watched={one.as_of: one.rang() for one in before},
        limits=limits,
    )
    alarms = list(drift_alarms(drift, limits, at=as_of))
    record = Record(
        subject=EVERYBODY,
        version="-",
        as_of=as_of,
        made_from=made_from,
        made_at=clock(),
        drift=drift,
        alarms=with_since(alarms, before[-1] if before else None),
    )
    write_record(artifacts, record)
    yield record


def _model(
    connection: Backend,
    grains: Callable[[], Grains],
    project: Project,
    *,
    name: str,
    live: Released,
    clock: Callable[[], datetime],
) -> Record:
    artifacts, limits = project.artifacts, project.params.monitoring
    model = find_model(name)
    now = read_score_set(artifacts, name, live.score_set)
    training = training_of(artifacts, name, live.version)
    population = population_of(artifacts, model, training)
    earlier = list(earlier_score_sets(artifacts, name, live, before=now.as_of))
    made_from = _made_from(
        project, now.id, now.revision, [(one.id, one.revision) for one in earlier],
        population.fingerprint(now.as_of),
    )  # fmt: skip
    known = read_record(artifacts, name, now.as_of, live.version)
    if known is not None and known.made_from == made_from:
        return known
    before = _before(artifacts, name, now.as_of)
    drift = drift_of(
        connection,
        artifacts,
        name,
        population,
        newest=now.as_of,
        watched={one.as_of: one.rang() for one in before},
        limits=limits,
    )
    scores = score_drift(connection, artifacts, model, population, live=live, limits=limits)
    notes = [population.note] if population.note else []
    if scores is None:
        notes.append("Scores: there is no earlier score set to compare with yet.")
    realised, why = _realised(grains, project, model, earlier, known_before=now.as_of)
    if why:
        notes.append(why)
    turnover = None
    if earlier:
        size = project.params.gate.list_size
        turnover = turnover_of(artifacts, earlier[-1], now, size=size)
    else:
        notes.append("Turnover: there is no earlier score set to compare with yet.")
    alarms: list[MonitoringAlarm] = [
        *drift_alarms(drift, limits, at=now.as_of),
        *score_alarms(scores, limits, at=now.as_of),
        *realised_alarms(realised, limits, at=now.as_of),
        *turnover_alarms(turnover, limits, at=now.as_of),
    ]
    record = Record(
        subject=name,
        version=live.version,
        as_of=now.as_of,
        score_set=now.id,
        made_from=made_from,
        made_at=clock(),
        drift=drift,
        scores=scores,
        realised=realised,
        turnover=turnover,
        alarms=with_since(alarms, before[-1] if before else None),
        notes=notes,
    )
    write_record(artifacts, record)
    return record


def _realised(
    grains: Callable[[], Grains],
    project: Project,
    model: AnyModel,
    earlier: Sequence[ScoreSet],
    *,
    known_before: date,
) -> tuple[Realised | None, str]:
    """Return what came true of the newest score set that can be judged, or why none can."""
    artifacts, limits = project.artifacts, project.params.monitoring
    window = outcome_window(model, project.params.models[model.name])
    closed = [one for one in earlier if closes_on(one, window) <= known_before]
    if not closed:
        return None, (
            "Realised: no score set that was live is old enough for its outcome window of "
            f"{window.gap_days + window.horizon_days} days to have closed."
        )
    newest = closed[-1]
    if reason := _other_window(artifacts, model, newest, window):
        return None, reason
    base = Realised(
        version=newest.version,
        score_set=newest.id,
        as_of=newest.as_of,
        closed_on=closes_on(newest, window),
        rows=0,
        outcomes=0,
    )
    if isinstance(model, LiftModel):
        return _effects(project, model, grains(), newest, base=base, known_before=known_before)
    rows = realised_rows(
        grains(),
        model,
        newest,
        parts(artifacts, newest),
        window=window,
        known_before=known_before,
    )
    base = base.model_copy(update={"rows": len(rows), "outcomes": int(rows["label"].sum())})
    if not limits.fewest_outcomes <= base.outcomes < base.rows:
        return base.model_copy(
            update={"note": f"{base.outcomes} outcomes among {base.rows} rows are too few."}
        ), ""
    measures, bands = judged(
        rows,
        list_size=project.params.gate.list_size,
        level=limits.level,
        draws=DRAWS,
        seed=project.params.models[model.name].seed,
    )
    promised, note = {}, ""
    if isinstance(model, Model | TimingModel):
        try:
            tested = evaluation_of(artifacts, model.name, newest.version).measures
        except (NoEvaluationError, ValueError):
            tested = {}
        promised = {name: tested[name] for name in measures if name in tested}
    else:
        note = (
            "Only the products kept of each customer are judged; the test judges all that are "
            "on sale, so that its figures do not compare."
        )
    return base.model_copy(
        update={"measures": measures, "bands": bands, "promised": promised, "note": note}
    ), ""


def _other_window(
    artifacts: Path, model: AnyModel, score_set: ScoreSet, window: OutcomeWindow
) -> str:
    """Say so where a version was taught another outcome window than the one declared now."""
    if isinstance(model, LiftModel | TimingModel):
        return ""
    roles = training_of(artifacts, model.name, score_set.version)["cutoffs"]
    taught = (date.fromisoformat(roles["score"]) - date.fromisoformat(roles["test"])).days
    days = window.gap_days + window.horizon_days
    if taught == days:
        return ""
    return (
        f"Realised: version {score_set.version} was taught outcomes within {taught} days, and "
        f"params.yaml says {days} now: what it promised cannot be compared."
    )


def _effects(
    project: Project,
    model: LiftModel,
    grains: Grains,
    newest: ScoreSet,
    *,
    base: Realised,
    known_before: date,
) -> tuple[Realised | None, str]:
    rows = drawn_rows(
        grains,
        model,
        parts(project.artifacts, newest),
        since=newest.as_of,
        window=outcome_window(model, project.params.models[model.name]),
        known_before=known_before,
        time_zone=project.params.time_zone,
    )
    measures, bands = (
        judged_effects(rows, model, level=project.params.monitoring.level)
        if len(rows)
        else ({}, [])
    )
    if not measures:
        return None, (
            f"Realised: no campaign with a random control has drawn its arms since {newest.as_of} "
            "and closed its outcome window, so that nobody can tell what the offers changed."
        )
    return base.model_copy(
        update={
            "rows": len(rows),
            "outcomes": int(rows["label"].sum()),
            "measures": measures,
            "bands": bands,
        }
    ), ""


def _grains(connection: Backend, project: Project) -> Grains:
    """Return the rows of the tables; those that the last run kept are not made again."""
    artifacts = project.artifacts
    events = read_events(connection, artifacts / "tables", time_zone=project.params.time_zone)
    return Grains(connection, events, keep=artifacts / KEPT_GRAINS)


def _before(artifacts: Path, subject: str, as_of: date) -> list[Record]:
    return [one for one in history(artifacts, subject) if one.as_of < as_of]


def _made_from(project: Project, *parts: Any) -> str:
    limits = project.params.monitoring.model_dump()
    return digest(project.run.fingerprint, project.run.code, limits, *parts)
