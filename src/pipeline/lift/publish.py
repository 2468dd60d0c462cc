"""From a finished training of what offers change to what is live."""

from collections.abc import Callable, Mapping
from datetime import datetime

from models.definition import LiftModel
from models.effects.shipped import Learned
from pipeline.durable import write_json
from pipeline.evaluation import Figure
from pipeline.gate import Decision, Kind
from pipeline.lift.gate import decide
from pipeline.lift.judge import effect_table
from pipeline.lift.policy import gained, recommended
from pipeline.lift.score import score
from pipeline.lift.train import read_split
from pipeline.lift.training import read_training
from pipeline.project import Project
from pipeline.publish import Published, champion_of
from pipeline.registry import register
from pipeline.release import release
from pipeline.versions import Version, decision_of, evaluation_of, version_folder, versions


def publish(project: Project, model: LiftModel, *, clock: Callable[[], datetime]) -> Published:
    """Register the newest training, let the gate decide, and release scores of the champion."""
    artifacts = project.artifacts
    version = register(project, model)
    champion = champion_of(project, model.name)
    decision = decision_of(artifacts, model.name, version.number)
    if decision is None:
        decision = _decide(project, model, version, champion)
        folder = version_folder(artifacts, model.name, version.number)
        write_json(folder / "decision.json", decision.model_dump(mode="json"))
    winner = version.number if decision.passed else champion
    if winner is None:
        return Published(version, decision, None, None)
    scored = score(project, model, winner, clock=clock)
    release(artifacts, model.name, version=winner, score_set=scored.id, at=clock())
    return Published(version, decision, winner, scored)


def _decide(project: Project, model: LiftModel, version: Version, champion: str | None) -> Decision:
    artifacts = project.artifacts
    evaluation = evaluation_of(artifacts, model.name, version.number)
    learned = Learned.load(version_folder(artifacts, model.name, version.number), model)
    if champion is None:
        return decide(evaluation, learned, kind="first", rivals=evaluation.differences)
    known = {one.number: one for one in versions(artifacts, model.name)}
    kind: Kind = "refresh" if known[champion].definition == version.definition else "changed"
    rival = {f"version {champion}": _against(project, model, version, champion, learned)}
    return decide(evaluation, learned, kind=kind, rivals=rival, against=champion)


def _against(
    project: Project, model: LiftModel, version: Version, champion: str, learned: Learned
) -> Mapping[str, Figure]:
    """Measure the policy of a version against that of the champion, on the same rows."""
    from models.measures.policy import mean_interval

    artifacts = project.artifacts
    training = read_training(version_folder(artifacts, model.name, version.number))
    seed = project.params.models[model.name].seed
    rows = read_split(project, model, training["campaigns"], seed).test
    before = Learned.load(version_folder(artifacts, model.name, champion), model)
    effects = learned.effects(rows.X).value
    scores = effect_table(
        learned, rows, model, effects=effects, probability=learned.probability(rows.X)
    )
    net = learned.value * scores - [learned.offers[arm].cost for arm in learned.arms]
    ours = gained(recommended(learned, effects), net)
    theirs = gained(recommended(before, before.effects(rows.X).value), net)
    found = mean_interval(
        ours - theirs, cluster=rows.facts["customer_id"], level=project.params.gate.level
    )
    return {"policy_value": Figure(value=found.value, low=found.low, high=found.high)}
