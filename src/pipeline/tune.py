"""Look for better parameters of a model's learner, on a later period than it learns from."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState
from sqlalchemy.pool import NullPool

from models.definition import Model, Span
from models.learners.tree_trials import TreeTrials
from pipeline.engine import engine
from pipeline.examples import read_examples
from pipeline.fingerprint import definition_digest, digest
from pipeline.lock import exclusive
from pipeline.project import Project, find_model, read_cutoffs
from pipeline.snapshot_store import read_manifest
from pipeline.tuning import Tuning, keep_tuning, tuning_folder, with_parameters

#: Trials before any is given up early, and drawn at random before the sampler learns.
UNPRUNED, RANDOM = 5, 10
_LOCK = ".lock"


class NotTunableError(ValueError):
    """A model declares nothing to look for."""


def tune(
    project: Project,
    name: str,
    *,
    trials: int,
    timeout_s: float | None = None,
    progress: Callable[[int, float], None] = lambda _trials, _best: None,
) -> Tuning:
    """Try parameters of a model's learner until so many trials are done; keep the best.

    Trees learn from the training snapshots and are judged by their log loss on the tuning
    snapshot, which lies later; neither the calibration nor the test snapshot is looked at.
    Every trial is stored as it ends: a study that was killed goes on where it stopped, and one
    that is done does nothing. Other data, features or spans begin a new study.

    Parameters
    ----------
    project : Project
        Whose snapshots and labels to use.
    name : str
        The model.
    trials : int
        How many trials there shall be in all, the declared parameters included.
    timeout_s : float, optional
        Begin no further trial after so many seconds.
    progress : callable
        Told the number of finished trials and the lowest log loss.

    Raises
    ------
    NotTunableError
        If the model declares no parameters to look for.
    LeftOutError, ParamsError
        If there is no snapshot to learn from.
    """
    model = find_model(name)
    if not isinstance(model, Model) or not model.search:
        raise NotTunableError(f"{name} declares nothing to tune. Give its Model a `search`.")
    folder = tuning_folder(project.artifacts, name)
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / _LOCK):
        study = _study(project, model, folder)
        seed = project.params.models[name].seed
        if len(_over(study)) < trials:
            prepared = _prepared(project, model, seed)

            def objective(trial: optuna.Trial) -> float:
                def report(trees: int, loss: float) -> None:
                    trial.report(loss, trees)
                    if trial.should_prune():
                        raise optuna.TrialPruned

                return prepared.loss(_drawn(trial, model), report=report)

            study.optimize(
                objective,
                n_trials=trials - len(_over(study)),
                timeout=timeout_s,
                callbacks=[lambda study, _: progress(len(_over(study)), _best(study))],
            )
        found = _summary(study, model, read_cutoffs(project.artifacts, name).tune)
        keep_tuning(project.artifacts, found)
    return found


def study_storage(folder: Path) -> optuna.storages.RDBStorage:
    """Return where the studies of a model are kept; connections are closed as they are left."""
    return optuna.storages.RDBStorage(
        f"sqlite:///{folder.resolve()}/study.db", engine_kwargs={"poolclass": NullPool}
    )


def _study(project: Project, model: Model, folder: Path) -> optuna.Study:
    """Open or begin the study of these data, features and spans."""
    logging.getLogger("alembic").setLevel(logging.ERROR)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seed = project.params.models[model.name].seed
    study = optuna.create_study(
        storage=study_storage(folder),
        study_name=_identity(project, model),
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED, n_warmup_steps=20),
    )
    # Nobody else is at work here, so what still runs was killed.
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    # A sampler that begins anew would draw the same trials again.
    study.sampler = optuna.samplers.TPESampler(
        n_startup_trials=RANDOM, seed=seed + len(study.get_trials(deepcopy=False))
    )
    if not _over(study):
        declared = model.learner(seed).get_params()
        study.enqueue_trial({one: declared[one] for one in model.search}, skip_if_exists=True)
    return study


def _identity(project: Project, model: Model) -> str:
    cutoffs = read_cutoffs(project.artifacts, model.name)
    days = (*cutoffs.train, cutoffs.tune)
    snapshots = [read_manifest(project.artifacts, model.unit, day)["version"] for day in days]
    features = [definition_digest(one) for one in model.features]
    spans = {name: vars(span) for name, span in model.search.items()}
    window = project.params.models[model.name].model_dump(mode="json")
    return digest(model.name, days, snapshots, features, spans, window)


def _prepared(project: Project, model: Model, seed: int) -> TreeTrials:
    cutoffs = read_cutoffs(project.artifacts, model.name)
    with engine(project.artifacts) as connection:
        train = read_examples(connection, project.artifacts, model, cutoffs.train, thinned=True)
        held = read_examples(connection, project.artifacts, model, [cutoffs.tune])
    own = project.params.models[model.name].learner
    learner: Any = with_parameters(model, own).learner(seed)
    return TreeTrials(
        learner, train.X, train.y, keep_rate=train.keep_rate, X_held=held.X, y_held=held.y
    )


def _drawn(trial: optuna.Trial, model: Model) -> dict[str, float]:
    return {name: _draw(trial, name, span) for name, span in model.search.items()}


def _draw(trial: optuna.Trial, name: str, span: Span) -> float:
    if span.whole:
        return trial.suggest_int(name, int(span.low), int(span.high), log=span.log)
    return trial.suggest_float(name, span.low, span.high, log=span.log)


def _over(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Return the trials that count: those that came to their end, and those given up early."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _best(study: optuna.Study) -> float:
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return min((trial.value for trial in done if trial.value is not None), default=float("nan"))


def _summary(study: optuna.Study, model: Model, as_of: Any) -> Tuning:
    over = _over(study)
    declared = float(over[0].value or float("nan"))
    better = study.best_trial.number != over[0].number
    return Tuning(
        model=model.name,
        parameters=dict(study.best_params) if better else {},
        log_loss=float(study.best_value),
        declared_log_loss=declared,
        trials=sum(trial.state == TrialState.COMPLETE for trial in over),
        pruned=sum(trial.state == TrialState.PRUNED for trial in over),
        as_of=as_of,
    )
