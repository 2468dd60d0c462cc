"""From a finished training to what is live: register, gate, score, release.

None of this is a DVC stage, because DVC removes a stage's outputs before it runs it, and
what is live must never disappear. Every step finds out by itself what is done already, so
that an interrupted run is simply run again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np

from models.definition import Model
from pipeline.alone import RUN_LOCK
from pipeline.durable import write_json
from pipeline.engine import engine
from pipeline.evaluation import Figure, judge
from pipeline.examples import read_examples
from pipeline.gate import Decision, Kind, decide
from pipeline.lift.decide import decide_lift
from pipeline.lift.score import score as score_lift
from pipeline.lock import exclusive
from pipeline.project import Project, find_lift, find_model, read_cutoffs
from pipeline.registry import register
from pipeline.release import Released, UnreleasedModelError, read_release, release
from pipeline.score import score
from pipeline.score_set import ScoreSet, read_score_set
from pipeline.versions import (
    Version,
    decision_of,
    evaluation_of,
    training_of,
    version_folder,
    versions,
)


class RefusedError(ValueError):
    """The gate has not passed a version that is to go live by hand."""

    exit_code = 4


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
    lift = find_lift(name)
    version = register(project, lift or find_model(name))
    live = _live(project, name)
    champion = live.version if live else None
    decision = decision_of(project.artifacts, name, version.number)
    if decision is None:
        decision = (
            decide_lift(project, lift, version, champion)
            if lift
            else _decide(project, find_model(name), version, champion)
        )
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
    decision = decision_of(project.artifacts, name, number)
    folder = version_folder(project.artifacts, name, number)
    if (decision is None or not decision.passed) and reason is None:
        refusals = "; ".join(decision.refusals()) if decision else "it was never asked"
        raise RefusedError(
            f"the gate has not passed version {number} of {name} ({refusals}). Give a --reason "
            "to make it live all the same."
        )
    if reason is not None:
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


def _score(project: Project, name: str, number: str, clock: Callable[[], datetime]) -> ScoreSet:
    if (lift := find_lift(name)) is not None:
        return score_lift(project, lift, number, clock=clock)
    return score(project, find_model(name), number, clock=clock)


def _live(project: Project, name: str) -> Released | None:
    try:
        return read_release(project.artifacts).live(name)
    except UnreleasedModelError:
        return None


def _decide(project: Project, model: Model, version: Version, champion: str | None) -> Decision:
    evaluation = evaluation_of(project.artifacts, model.name, version.number)
    if champion is None:
        return decide(
            evaluation, kind="first", rivals=evaluation.differences, params=project.params.gate
        )
    known = {one.number: one for one in versions(project.artifacts, model.name)}
    kind: Kind = "refresh" if known[champion].definition == version.definition else "changed"
    before = decision_of(project.artifacts, model.name, champion)
    return decide(
        evaluation,
        kind=kind,
        rivals={f"version {champion}": _against(project, model, version, champion)},
        params=project.params.gate,
        against=champion,
        champion_calibrated=before is not None and before.calibrated,
    )


def _against(
    project: Project, model: Model, version: Version, champion: str
) -> Mapping[str, Figure]:
    """Measure a version against the champion, on the same untouched test rows."""
    artifacts, gate = project.artifacts, project.params.gate
    with engine(artifacts) as connection:
        test = read_examples(
            connection, artifacts, model, [read_cutoffs(artifacts, model.name).test]
        )

    def says(number: str) -> np.ndarray:
        folder = version_folder(artifacts, model.name, number) / "learner"
        names = training_of(artifacts, model.name, number)["features"]
        return type(model.learner(0)).load(folder).predict_proba(test.X[names])[:, 1]

    _measures, _baselines, differences = judge(
        test.y,
        says(version.number),
        customers=test.keys["customer_id"],
        measures=model.measures,
        baselines={"champion": says(champion)},
        list_size=gate.list_size,
        level=gate.level,
        draws=gate.draws,
        seed=project.params.models[model.name].seed,
    )
    return differences["champion"]
