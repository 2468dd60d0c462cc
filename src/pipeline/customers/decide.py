"""Compare a version of a model of customers with what is live, and ask the gate."""

import numpy as np

from models.definition import Model
from pipeline.engine import engine
from pipeline.evaluation import Figures, judge
from pipeline.examples import read_examples
from pipeline.gate import Decision, Kind
from pipeline.gate import decide as ask
from pipeline.project import Project, read_cutoffs
from pipeline.versions import (
    Version,
    decision_of,
    evaluation_of,
    training_of,
    version_folder,
    versions,
)


def decide(project: Project, model: Model, version: Version, champion: str | None) -> Decision:
    """Ask the gate whether a version may go live, in the place of the champion if there is one."""
    evaluation = evaluation_of(project.artifacts, model.name, version.number)
    if champion is None:
        return ask(
            evaluation, kind="first", rivals=evaluation.differences, params=project.params.gate
        )
    known = {one.number: one for one in versions(project.artifacts, model.name)}
    kind: Kind = "refresh" if known[champion].definition == version.definition else "changed"
    before = decision_of(project.artifacts, model.name, champion)
    differences, theirs = _against(project, model, version, champion)
    return ask(
        evaluation,
        kind=kind,
        rivals={f"version {champion}": differences},
        params=project.params.gate,
        against=champion,
        champion_calibrated=before is not None and before.calibrated,
        champion_level=theirs["observed_over_expected"].value,
    )


def _against(
    project: Project, model: Model, version: Version, champion: str
) -> tuple[Figures, Figures]:
    """Return a version's measures minus the champion's, and the champion's, on the test rows."""
    artifacts, gate = project.artifacts, project.params.gate
    with engine(artifacts) as connection:
        test = read_examples(
            connection, artifacts, model, [read_cutoffs(artifacts, model.name).test]
        )

    def says(number: str) -> np.ndarray:
        folder = version_folder(artifacts, model.name, number) / "learner"
        names = training_of(artifacts, model.name, number)["features"]
        return type(model.learner(0)).load(folder).predict_proba(test.X[names])[:, 1]

    _measures, rivals, differences = judge(
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
    return differences["champion"], rivals["champion"]
