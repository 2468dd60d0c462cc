"""Compare a version of a model of dates with what is live, and ask the gate."""

import numpy as np

from models.definition import TimingModel
from pipeline.engine import engine
from pipeline.evaluation import Figures, judge
from pipeline.gate import Decision, Kind
from pipeline.gate import decide as ask
from pipeline.project import Project, outcome_window
from pipeline.timing.cutoffs import read_timing_cutoffs
from pipeline.timing.watched import MOST_ROWS, read_watched
from pipeline.versions import Version, decision_of, evaluation_of, version_folder, versions


def decide_timing(
    project: Project, model: TimingModel, version: Version, champion: str | None
) -> Decision:
    """Ask the gate whether a version may go live, in the place of the champion if there is one."""
    artifacts, gate = project.artifacts, project.params.gate
    evaluation = evaluation_of(artifacts, model.name, version.number)
    if champion is None:
        return ask(evaluation, kind="first", rivals=evaluation.differences, params=gate)
    known = {one.number: one for one in versions(artifacts, model.name)}
    kind: Kind = "refresh" if known[champion].definition == version.definition else "changed"
    before = decision_of(artifacts, model.name, champion)
    differences, theirs = _against(project, model, version, champion)
    return ask(
        evaluation,
        kind=kind,
        rivals={f"version {champion}": differences},
        params=gate,
        against=champion,
        champion_calibrated=before is not None and before.calibrated,
        champion_level=theirs["observed_over_expected"].value,
    )


def _against(
    project: Project, model: TimingModel, version: Version, champion: str
) -> tuple[Figures, Figures]:
    """Return a version's measures minus the champion's, and the champion's, on the test rows."""
    artifacts, gate = project.artifacts, project.params.gate
    cutoffs = read_timing_cutoffs(artifacts, model.name)
    own = project.params.models[model.name]
    window = outcome_window(model, own)
    with engine(artifacts) as connection:
        test = read_watched(
            connection, artifacts, model.name, [cutoffs.test], cutoffs, most=MOST_ROWS
        )

    def says(number: str) -> np.ndarray:
        folder = version_folder(artifacts, model.name, number) / "learner"
        learner = type(model.learner(0)).load(folder)
        return learner.predict(test.X, **window._asdict())["probability"].to_numpy()

    _measures, rivals, differences = judge(
        test.bought_within(**window._asdict()),
        says(version.number),
        customers=test.keys["customer_id"],
        measures=model.measures,
        baselines={"champion": says(champion)},
        list_size=gate.list_size,
        level=gate.level,
        draws=gate.draws,
        seed=own.seed,
    )
    return differences["champion"], rivals["champion"]
