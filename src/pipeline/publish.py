"""From a finished training to what is live: register, gate, score, release.

None of this is a DVC stage, because DVC removes a stage's outputs before it runs it, and
what is live must never disappear. Every step finds out by itself what is done already, so
that an interrupted run is simply run again.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pipeline.alone import RUN_LOCK
from pipeline.durable import write_json
from pipeline.exit_codes import ExitCode
from pipeline.gate import Decision
from pipeline.kinds import kind_of
from pipeline.lock import exclusive
from pipeline.project import Project, find_model
from pipeline.registry import register
from pipeline.release import Released, UnreleasedModelError, read_release, release
from pipeline.score_set import ScoreSet, read_score_set
from pipeline.versions import Version, decision_of, version_folder


class RefusedError(ValueError):
    """The gate has not passed a version that is to go live by hand."""

    exit_code = ExitCode.GATE_REFUSED


class Published(NamedTuple):
    """What became of one training.

    Attributes
    ----------
    version : Version
        The version that the training is registered as.
    decision : Decision
        What the gate said of it.
    live : str, optional
        The version that is live now; none where a first champion was refused.
    score_set : ScoreSet, optional
        What that version said at the scoring cut-off.
    withdrawn : bool
        Whether something else would be live, had a person not stepped back from it.
    """

    version: Version
    decision: Decision
    live: str | None
    score_set: ScoreSet | None
    withdrawn: bool = False


def publish(project: Project, name: str, *, clock: Callable[[], datetime]) -> Published:
    """Register the newest training, let the gate decide, and release scores of the champion.

    A refused version never touches what is live: the champion scores the new snapshot and
    that score set is released. So it does where a person has stepped back from the version;
    only a person makes that one live again.
    """
    model = find_model(name)
    kind = kind_of(model)
    version = register(project, model)
    live = _live(project, name)
    champion = live.version if live else None
    decision = decision_of(project.artifacts, name, version.number)
    if decision is None:
        decision = kind.decide(project, model, version, champion)
        folder = version_folder(project.artifacts, name, version.number)
        write_json(folder / "decision.json", decision.model_dump(mode="json"))
    withdrawn = decision.passed and live is not None and version.number in live.withdrawn_versions
    winner = version.number if decision.passed and not withdrawn else champion
    if winner is None:
        return Published(version, decision, None, None)
    scored = _score(project, name, winner, clock)
    now = release(project.artifacts, name, version=winner, score_set=scored.id, at=clock()).live(
        name
    )
    if now.score_set != scored.id:
        scored, withdrawn = read_score_set(project.artifacts, name, now.score_set), True
    return Published(version, decision, now.version, scored, withdrawn)


def rescore(project: Project, name: str, *, clock: Callable[[], datetime]) -> ScoreSet | None:
    """Let the version that is live score the newest snapshot, and release that.

    Nothing is trained, and the gate is not asked. None where nothing is live.
    """
    live = _live(project, name)
    if live is None:
        return None
    scored = _score(project, name, live.version, clock)
    release(project.artifacts, name, version=live.version, score_set=scored.id, at=clock())
    return scored


def promote(
    project: Project,
    name: str,
    number: str,
    *,
    clock: Callable[[], datetime],
    reason: str | None = None,
) -> ScoreSet:
    """Make a version live by hand: score the newest snapshot with it and release that.

    Raises
    ------
    RefusedError
        If the gate has not passed the version and no reason is given.
    """
    require_gate(project.artifacts, name, number, reason=reason)
    if reason is not None:
        folder = version_folder(project.artifacts, name, number)
        write_json(folder / "promotion.json", {"reason": reason, "at": clock()})
    # Nobody tidies up between the two: scores that are not released yet look like garbage.
    with exclusive(project.artifacts / RUN_LOCK):
        scored = _score(project, name, number, clock)
        release(
            project.artifacts,
            name,
            version=number,
            score_set=scored.id,
            at=clock(),
            by_hand=True,
        )
    return scored


def require_gate(artifacts: Path, name: str, number: str, *, reason: str | None) -> None:
    """Make sure that the gate has passed a version, or that there is a reason to pass it over.

    Raises
    ------
    RefusedError
        If neither is so.
    """
    decision = decision_of(artifacts, name, number)
    if (decision is None or not decision.passed) and reason is None:
        refusals = "; ".join(decision.refusals()) if decision else "it was never asked"
        raise RefusedError(
            f"the gate has not passed version {number} of {name} ({refusals}). Give a reason "
            "(--reason) to make it live all the same."
        )


def _score(project: Project, name: str, number: str, clock: Callable[[], datetime]) -> ScoreSet:
    model = find_model(name)
    return kind_of(model).score(project, model, number, clock=clock)


def _live(project: Project, name: str) -> Released | None:
    try:
        return read_release(project.artifacts).live(name)
    except UnreleasedModelError:
        return None
