"""Decide whether a model of pairs may go live: by what it shows customers first.

Rankings are compared on the same customers of the untouched test cut-off by MAP@12, with all
that they bought counted, retrieved or not. A first champion has to be surely better than each
plain ranking; a changed definition surely better than the champion; a scheduled refresh of the
same definition not worse by more than the declared margin. The level stands in the decision,
state by state on the page, and does not decide against a plain ranking, which has no level at
all; a challenger's is held against the champion's as for models of customers.
"""

from collections.abc import Mapping

from models.definition import PairModel
from pipeline.engine import engine
from pipeline.evaluation import Evaluation, Figure
from pipeline.gate import Check, Decision, Kind, level_check
from pipeline.pairs.evaluate import judged_pairs, load_learner
from pipeline.pairs.judge import ranking_figures
from pipeline.pairs.moment import moments
from pipeline.pairs.plan import read_bought
from pipeline.params import GateParams
from pipeline.project import Project, read_cutoffs
from pipeline.versions import Version, evaluation_of, version_folder, versions

#: The measure that decides.
DECIDES = "map_at_12"


def decide(project: Project, model: PairModel, version: Version, champion: str | None) -> Decision:
    """Ask the gate whether a version may go live, in the place of the champion if there is one."""
    evaluation = evaluation_of(project.artifacts, model.name, version.number)
    if champion is None:
        return asked(
            evaluation, kind="first", rivals=evaluation.differences, params=project.params.gate
        )
    known = {one.number: one for one in versions(project.artifacts, model.name)}
    kind: Kind = "refresh" if known[champion].definition == version.definition else "changed"
    differences, champion_level = _against(project, model, version, champion)
    return asked(
        evaluation,
        kind=kind,
        rivals={f"version {champion}": differences},
        params=project.params.gate,
        against=champion,
        champion_level=champion_level,
    )


def asked(
    evaluation: Evaluation,
    *,
    kind: Kind,
    rivals: Mapping[str, Mapping[str, Figure]],
    params: GateParams,
    against: str | None = None,
    champion_level: float | None = None,
) -> Decision:
    """Apply the gate; parameters are those of `pipeline.gate.decide`."""
    margin = params.refresh_margin if kind == "refresh" else 0.0
    ranks = [
        Check(
            name=f"MAP@12 minus that of {rival}",
            expected=f"surely above {0 - margin:g}",
            found=differences[DECIDES],
            passed=differences[DECIDES].low > -margin,
        )
        for rival, differences in rivals.items()
    ]
    leaks = [
        Check(
            name=alarm.title(),
            expected=alarm.expected,
            found=Figure(value=alarm.found, low=alarm.found, high=alarm.found),
            passed=not alarm.rings,
        )
        for alarm in evaluation.alarms
    ]
    low, high = params.calibration_low, params.calibration_high
    level = evaluation.measures.get("observed_over_expected")
    bands = (
        [
            Check(
                name="observed_over_expected",
                expected=f"in [{low:g}, {high:g}], interval no wider than that",
                found=level,
                passed=low <= level.value <= high and level.high - level.low <= high - low,
                required=False,
            )
        ]
        if level is not None
        else []
    )
    levels = (
        [level_check(level, champion_level, params)]
        if level is not None and champion_level is not None
        else []
    )
    checks = (*ranks, *bands, *levels, *leaks)
    return Decision(
        kind=kind,
        against=against,
        passed=all(check.passed for check in checks if check.required),
        calibrated=bool(bands) and all(band.passed for band in bands),
        checks=checks,
    )


def _against(
    project: Project, model: PairModel, version: Version, champion: str
) -> tuple[Mapping[str, Figure], float]:
    """Return a version's rankings minus the champion's on the test customers, and its level."""
    artifacts = project.artifacts
    cutoffs = read_cutoffs(artifacts, model.name)
    seed = project.params.models[model.name].seed
    with engine(artifacts, threads=1) as connection:
        (moment,) = moments(connection, project, model, [cutoffs.test])
        bought = read_bought(project, model, moment)
        ours, theirs = (
            judged_pairs(
                connection,
                moment,
                model,
                load_learner(model, version_folder(artifacts, model.name, number)),
                bought,
                seed=seed,
            )[0]
            for number in (version.number, champion)
        )
    beside = ours._replace(plain={"champion": theirs.probability})
    _, _, differences = ranking_figures(beside, level=project.params.gate.level)
    expected = max(float(theirs.probability.sum()), 1e-12)
    return differences["champion"], float(theirs.bought[: theirs.candidates].sum()) / expected
