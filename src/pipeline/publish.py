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
from pipeline.lift.score import score as score_lift
from pipeline.lock import exclusive
from pipeline.project import Project, find_lift, find_model, read_cutoffs
from pipeline.registry import register
from pipeline.release import UnreleasedModelError, read_release, release
from pipeline.score import score
from pipeline.score_set import ScoreSet
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
    """

    version: Version
    decision: Decision
    live: str | None
    score_set: ScoreSet | None


def publish(project: Project, name: str, *, clock: Callable[[], datetime]) -> Published:
    """Register the newest training, let the gate decide, and release scores of the champion.

    A refused version never touches what is live: the champion scores the new snapshot and
    that score set is released.
    """
    if (lift := find_lift(name)) is not None:
        from pipeline.lift.publish import publish as publish_lift

        return publish_lift(project, lift, clock=clock)
    model = find_model(name)
    version = register(project, model)
    champion = champion_of(project, name)
    decision = decision_of(project.artifacts, name, version.number)
    if decision is None:
        decision = _decide(project, model, version, champion)
        folder = version_folder(project.artifacts, name, version.number)
        write_json(folder / "decision.json", decision.model_dump(mode="json"))
    winner = version.number if decision.passed else champion
    if winner is None:
        return Published(version, decision, None, None)
    scored = score(project, model, winner, clock=clock)
    release(project.artifacts, name, version=winner, score_set=scored.id, at=clock())
    return Published(version, decision, winner, scored)


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
        if (lift := find_lift(name)) is not None:
            scored = score_lift(project, lift, number, clock=clock)
        else:
            scored = score(project, find_model(name), number, clock=clock)
        release(project.artifacts, name, version=number, score_set=scored.id, at=clock())
    return scored


def champion_of(project: Project, name: str) -> str | None:
    """Return the version that is live; none where nothing is."""
    try:
        return read_release(project.artifacts).live(name).version
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
