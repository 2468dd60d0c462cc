"""A model of customers tried out in memory: nothing that is stored or live changes."""

from pipeline.experiments.champion import NoChampionError, against_champion
from pipeline.experiments.fitting import Fitted, fit_experiment
from pipeline.experiments.judging import compare, evaluate_experiment, said_by
from pipeline.experiments.rows import NotAnExperimentError, Roles, read_roles
from pipeline.experiments.tracking import log_experiment, log_trained

__all__ = [
    "Fitted",
    "NoChampionError",
    "NotAnExperimentError",
    "Roles",
    "against_champion",
    "compare",
    "evaluate_experiment",
    "fit_experiment",
    "log_experiment",
    "log_trained",
    "read_roles",
    "said_by",
]
