"""Compare a version of a model of offers with what is live, and ask the gate."""

from collections.abc import Mapping

from models.definition import LiftModel
from models.effects.shipped import Learned
from pipeline.evaluation import Figure
from pipeline.gate import Decision, Kind
from pipeline.lift.gate import decide
from pipeline.lift.judge import effect_table
from pipeline.lift.policy import gained, recommended
from pipeline.lift.train import read_split
from pipeline.lift.training import read_training
from pipeline.project import Project
from pipeline.versions import Version, evaluation_of, version_folder, versions


def decide_lift(
    project: Project, model: LiftModel, version: Version, champion: str | None
) -> Decision:
    """Ask the gate whether a version may go live, in the place of the champion if there is one."""
    artifacts = project.artifacts
    evaluation = evaluation_of(artifacts, model.name, version.number)
    learned = Learned.load(version_folder(artifacts, model.name, version.number), model)
    params = project.params.gate
    if champion is None:
        return decide(
            evaluation, learned, kind="first", rivals=evaluation.differences, params=params
        )
    known = {one.number: one for one in versions(artifacts, model.name)}
    kind: Kind = "refresh" if known[champion].definition == version.definition else "changed"
    rival = {f"version {champion}": _against(project, model, version, champion, learned)}
    return decide(evaluation, learned, kind=kind, rivals=rival, params=params, against=champion)


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
