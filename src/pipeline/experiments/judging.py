"""Judge an experiment on the untouched rows, and two of them against each other."""

from collections.abc import Mapping

import numpy as np

from pipeline.alarms import (
    MOST_ROWS,
    Alarm,
    columns_alarm,
    dominance_alarm,
    periods_alarm,
    permuted_alarm,
    sampled,
)
from pipeline.customers.train import fit
from pipeline.evaluation import Evaluation, Figure, judge
from pipeline.examples import together
from pipeline.experiments.fitting import Fitted
from pipeline.project import Project


def said_by(fitted: Fitted) -> dict[str, np.ndarray]:
    """Return what the model (`probability`) and each baseline say of the test rows."""
    X = fitted.roles.test.X
    said = {"probability": fitted.learner.predict_proba(X)[:, 1]}
    for baseline in fitted.model.baselines:
        columns = [one.name for one in baseline.features if one.name in X]
        said[baseline.name] = fitted.baselines[baseline.name].predict_proba(X[columns])[:, 1]
    return said


def evaluate_experiment(project: Project, fitted: Fitted, *, leaks: bool = True) -> Evaluation:
    """Judge what was learned as `shortlist run` does, baselines beside.

    Parameters
    ----------
    project : Project
        Whose limits and list size to use.
    fitted : Fitted
        What to judge.
    leaks : bool
        Whether to look for leaks too, which fits the model several times over. The alarms on
        single columns, on dominance, on periods and on permuted labels are asked; the two on
        stored snapshots have nothing to look at.
    """
    test, said = fitted.roles.test, said_by(fitted)
    measures, baselines, differences = _judged(
        project, fitted, said.pop("probability"), rivals=said
    )
    return Evaluation(
        model=fitted.model.name,
        as_of=fitted.roles.cutoffs.test,
        rows=len(test.y),
        positives=int(test.y.sum()),
        list_size=min(project.params.gate.list_size, len(test.y)),
        level=project.params.gate.level,
        measures=measures,
        baselines=baselines,
        differences=differences,
        alarms=_alarms(project, fitted) if leaks else (),
    )


def compare(
    project: Project, fitted: Fitted, rivals: Mapping[str, np.ndarray]
) -> dict[str, dict[str, Figure]]:
    """Return the paired differences, this model minus each rival, by rival and measure.

    Parameters
    ----------
    project : Project
        Whose list size, level and draws to use.
    fitted : Fitted
        The model.
    rivals : mapping of str to array of shape (n_test_rows,)
        What others say of the same rows.
    """
    own = said_by(fitted)["probability"]
    return _judged(project, fitted, own, rivals=rivals)[2]


def _judged(
    project: Project,
    fitted: Fitted,
    probability: np.ndarray,
    *,
    rivals: Mapping[str, np.ndarray],
) -> tuple[dict[str, Figure], dict[str, dict[str, Figure]], dict[str, dict[str, Figure]]]:
    test, gate = fitted.roles.test, project.params.gate
    return judge(
        test.y,
        probability,
        customers=test.keys["customer_id"],
        measures=fitted.model.measures,
        baselines=rivals,
        list_size=gate.list_size,
        level=gate.level,
        draws=gate.draws,
        seed=fitted.seed,
    )


def _alarms(project: Project, fitted: Fitted) -> tuple[Alarm, ...]:
    limits, roles, seed = project.params.leaks, fitted.roles, fitted.seed
    learning = {role: sampled(rows, seed=seed) for role, rows in roles.learning.items()}
    judged = sampled(roles.test, seed=seed)
    rows = roles.scored.sample(min(len(roles.scored), MOST_ROWS), random_state=seed)
    return (
        columns_alarm(
            sampled(together(*learning.values()), seed=seed),
            judged,
            limit=limits.column_auc,
            seed=seed,
        ),
        dominance_alarm(
            lambda **given: fit(fitted.model, **given),
            learning=learning,
            test=judged,
            limit=limits.dominance,
            seed=seed,
        ),
        periods_alarm(
            judged,
            scored=rows[list(judged.X.columns)],
            customers=rows["customer_id"],
            limit=limits.periods_auc,
            seed=seed,
        ),
        permuted_alarm(
            lambda **given: fit(fitted.model, **given),
            learning=learning,
            test=judged,
            level=limits.permuted_level,
            seed=seed,
        ),
    )
