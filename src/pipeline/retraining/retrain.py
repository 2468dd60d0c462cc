"""One unattended run: the newest data, what is due, the gate, the release, the record.

Every step finds out by itself what is done already, as in `pipeline.run`, so that a run that
was killed is simply started again.
"""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.aliases import mirror
from pipeline.arrivals.compare import compare
from pipeline.arrivals.profile import Profile, keep_profile, profile, read_profile
from pipeline.exit_codes import ExitCode, worst
from pipeline.fingerprint import digest, file_digest
from pipeline.left_out import untaught_reason
from pipeline.live_tables import accept_tables
from pipeline.overridden import train_overridden
from pipeline.params import Params, Run, read_params, require_sections
from pipeline.plan import scoring_cutoff
from pipeline.project import Project, open_project
from pipeline.publish import publish, rescore
from pipeline.quality import read_quality
from pipeline.release import read_release
from pipeline.retraining.cadence import Due, due_models
from pipeline.retraining.notify import notify
from pipeline.retraining.record import (
    ModelRecord,
    Record,
    UnderWay,
    begin,
    end,
    keep,
    live_sets,
    records,
)
from pipeline.run import (
    StageError,
    last_run,
    let_go,
    make_project,
    reproduce,
    settle,
    sole_run,
)

#: Ends after which the same inputs lead to the same end: nothing is left to do.
FINISHED = {
    ExitCode.RELEASED,
    ExitCode.NOTHING_TO_DO,
    ExitCode.GATE_REFUSED,
    ExitCode.DRIFT_ALARM,
}

Watch = Callable[[Project], Sequence[str]]


class _Came(NamedTuple):
    """What a run came to."""

    code: ExitCode
    said: str
    as_of: date | None = None
    models: dict[str, ModelRecord] = {}  # noqa: RUF012 - never changed
    findings: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    arrived: Profile | None = None


def retrain(
    folder: Path,
    *,
    clock: Callable[[], datetime],
    data: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    accept: str | None = None,
    watch: Watch = lambda _project: (),
    tell: Callable[[str], None] = lambda _: None,
) -> Record:
    """Bring what is live up to date with the newest data; return the record that was kept.

    Parameters
    ----------
    folder : Path
        The project. Where it holds no `params.yaml` or `dvc.yaml`, the standard ones are put.
    clock : callable
        Tells the time, with its zone.
    data : str, optional
        Where the tables are; the place of the last run if left out.
    overrides : mapping, optional
        Values above `params.yaml`, by dotted name; those of the last run if left out.
    accept : str, optional
        Why the data are taken in even where they differ beyond the declared limits.
    watch : callable
        Takes the project once everything is released; returns alarms, one sentence each.
    tell : callable
        Is told what a person should know.

    Raises
    ------
    BusyError
        If another run is under way.
    """
    folder = folder.resolve()
    make_project(folder)
    artifacts = folder / "artifacts"
    with sole_run(folder):
        before = last_run(folder)
        if overrides is None:
            overrides = before.overrides if before else {}
        params = read_params(folder, overrides=dict(overrides))
        begun, untold = begin(artifacts, read_release(artifacts), at=clock())
        if untold is not None:
            _notify(untold, params, tell)
        started = clock()
        run = settle(
            folder,
            data=data,
            as_of=None,
            overrides=overrides,
            clock=clock,
            laid_from=before.laid_from if before else None,
        )
        require_sections(folder)
        let_go(folder)
        params = read_params(folder, overrides=run.overrides)
        inputs = inputs_of(folder, run)
        came = _unchanged(artifacts, inputs, begun)
        try:
            came = came or _bring_up_to_date(
                folder, run, params, begun, clock=clock, accept=accept, watch=watch
            )
        except StageError as error:
            came = _Came(ExitCode(error.exit_code), str(error))
        record = Record(
            id=begun.id,
            started=started,
            ended=clock(),
            exit_code=came.code,
            said=came.said,
            resumed=begun.resumed,
            data=run.data,
            fingerprint=run.fingerprint,
            inputs=inputs,
            as_of=came.as_of,
            code=run.code,
            git_commit=_git_commit(folder),
            models=came.models,
            findings=came.findings,
            alarms=came.alarms,
            accepted=accept if came.findings and came.code != ExitCode.DATA_REFUSED else None,
            live=live_sets(read_release(artifacts)),
        )
        beside = {"arrived": came.arrived.model_dump(mode="json")} if came.arrived else {}
        keep(artifacts, record, **beside)
        _notify(record, params, tell)
        end(artifacts)
        return record


def inputs_of(folder: Path, run: Run) -> str:
    """Return a digest of all that a run follows from."""
    params = file_digest(folder / "params.yaml")
    return digest(run.data, run.fingerprint, run.code, run.overrides, run.tuned, params)


def _unchanged(artifacts: Path, inputs: str, begun: UnderWay) -> _Came | None:
    """Return that there is nothing to do, where the last run ended well with the same inputs."""
    last = next(iter(records(artifacts)[-1:]), None)
    same = last is not None and last.inputs == inputs and last.exit_code in FINISHED
    if last is None or not same or begun.resumed:
        return None
    said = f"nothing has changed since {last.id}, when data as of {last.as_of} were taken in"
    models = {
        name: ModelRecord(due=False, why=said, live=one.live, score_set=one.score_set)
        for name, one in last.models.items()
    }
    return _Came(ExitCode.NOTHING_TO_DO, said, last.as_of, models)


def _bring_up_to_date(
    folder: Path,
    run: Run,
    params: Params,
    begun: UnderWay,
    *,
    clock: Callable[[], datetime],
    accept: str | None,
    watch: Watch,
) -> _Came:
    artifacts = folder / "artifacts"
    reproduce(folder, "validate")
    before = read_profile(artifacts)
    arrived = profile(
        artifacts / "tables",
        time_zone=params.time_zone,
        quality=read_quality(artifacts / "quality"),
        since=before,
    )
    findings = tuple(compare(arrived, before, params.retrain.limits)) if before else ()
    if findings and accept is None:
        return _Came(
            ExitCode.DATA_REFUSED,
            "the data differ from those of the last run beyond the declared limits",
            findings=findings,
            arrived=arrived,
        )
    as_of = scoring_cutoff(None, arrived.span())
    found = due_models(
        artifacts,
        params.models,
        params=params.retrain,
        as_of=as_of,
        release=read_release(artifacts),
    )
    laid_from = {
        name: one.laid_from for name, one in found.items() if not one.train and one.laid_from
    }
    settle(
        folder,
        data=run.data,
        as_of=None,
        overrides=run.overrides,
        clock=lambda: run.requested_at,
        laid_from=laid_from,
    )
    if any(one.train or one.rescore for one in found.values()):
        _reproduce(folder, [name for name, one in found.items() if one.train])
    accept_tables(artifacts)
    keep_profile(artifacts, arrived)
    project = open_project(folder)
    models = {name: _release(project, name, one, clock) for name, one in found.items()}
    mirror(artifacts)
    alarms = tuple(watch(project))
    refused = [name for name, one in models.items() if one.passed is False]
    changed = live_sets(read_release(artifacts)) != begun.live
    trained = any(one.did == "trained" for one in models.values())
    code = worst(
        [
            ExitCode.RELEASED if changed or trained else ExitCode.NOTHING_TO_DO,
            *([ExitCode.GATE_REFUSED] if refused else []),
            *([ExitCode.DRIFT_ALARM] if alarms else []),
        ]
    )
    return _Came(code, _said(code, refused), as_of, models, findings, alarms, arrived)


def _reproduce(folder: Path, trained: Sequence[str]) -> None:
    """Build what is needed, and train what is due."""
    from yaml import safe_load

    listed = safe_load((folder / "params.yaml").read_text(encoding="utf-8"))["models"] or {}
    targets = [f"evaluate@{name}" for name in trained if name in listed]
    reproduce(folder, *(targets or ["snapshot"]))
    if any(name not in listed for name in trained):
        train_overridden(open_project(folder))


def _release(project: Project, name: str, due: Due, clock: Callable[[], datetime]) -> ModelRecord:
    """Release what is due of a model; return what became of it."""
    told = ModelRecord(due=due.train, why=due.why, missed=due.missed)
    if (due.train or due.rescore) and (reason := untaught_reason(project.artifacts, name)):
        return told.model_copy(update={"did": "left out", "why": reason})
    if due.train:
        published = publish(project, name, clock=clock)
        told = told.model_copy(
            update={
                "did": "trained",
                "trained_version": published.version.number,
                "passed": published.decision.passed,
                "refusals": tuple(published.decision.refusals()),
            }
        )
    elif due.rescore and rescore(project, name, clock=clock) is not None:
        told = told.model_copy(update={"did": "rescored"})
    live = read_release(project.artifacts).models.get(name)
    if live is None:
        return told
    return told.model_copy(update={"live": live.version, "score_set": live.score_set})


def _said(code: ExitCode, refused: Sequence[str]) -> str:
    if code == ExitCode.GATE_REFUSED:
        return f"the gate refused {', '.join(refused)}; what was live before stays live"
    return {
        ExitCode.RELEASED: "what was due is released",
        ExitCode.DRIFT_ALARM: "what was due is done, and an alarm was raised",
    }.get(code, "nothing was due")


def _notify(record: Record, params: Params, tell: Callable[[str], None]) -> None:
    given = params.retrain
    document = record.model_dump_json(indent=2)
    for problem in notify(document, command=given.notify, webhook=given.webhook):
        tell(problem)


def _git_commit(folder: Path) -> str:
    found = subprocess.run(  # noqa: S603 - fixed arguments
        ["git", "-C", str(folder), "rev-parse", "HEAD"],  # noqa: S607 - git as installed
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.stdout.strip() or "none"
