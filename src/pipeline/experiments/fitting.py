"""Fit a model and its baselines on the rows of an experiment."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.definition import Model
from models.learning import Classifier
from pipeline.customers.train import fit, fit_baseline
from pipeline.examples import together
from pipeline.experiments.live import champion_columns
from pipeline.experiments.rows import Roles, read_roles, with_model
from pipeline.project import Project
from pipeline.tuning import configured


@dataclass(frozen=True)
class Fitted:
    """What was learned in an experiment.

    Attributes
    ----------
    model : Model
        As configured: with what tuning and `params.yaml` say of its learner.
    learner : Classifier
        Fitted.
    baselines : mapping of str to Classifier
        The same of each baseline.
    roles : Roles
        The rows.
    seed : int
        Of learners and intervals.
    """

    model: Model
    learner: Classifier
    baselines: Mapping[str, Classifier]
    roles: Roles
    seed: int


def fit_experiment(project: Project, model: Model) -> Fitted:
    """Fit as `shortlist train` does, in memory; see `read_roles` for what is raised."""
    project = with_model(project, model)
    model = configured(model, project)
    seed = project.params.models[model.name].seed
    roles = read_roles(project, model, beside=champion_columns(project, model.name))
    learner = fit(
        model,
        train=roles.learning["train"],
        tune=roles.learning["tune"],
        calibrate=roles.learning["calibrate"],
        seed=seed,
    )
    every = together(*roles.learning.values())
    baselines = {one.name: fit_baseline(one, rows=every, seed=seed) for one in model.baselines}
    return Fitted(model, learner, baselines, roles, seed)
