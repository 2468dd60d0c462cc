"""A project as the stages see it: parameters, what was asked for, and where things lie."""

import json
from collections.abc import Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from models.definition import AnyModel
from pipeline.cutoffs import Cutoffs
from pipeline.durable import write_json
from pipeline.left_out import LeftOutError
from pipeline.params import ModelParams, Params, ParamsError, Run, read_params, read_run


class Project(NamedTuple):
    """One project folder, read once.

    Attributes
    ----------
    folder : Path
        Holds `params.yaml`, `dvc.yaml` and `artifacts/`.
    params : Params
        What an experiment may change, this run's overrides included.
    run : Run
        What this run was asked for.
    """

    folder: Path
    params: Params
    run: Run

    @property
    def artifacts(self) -> Path:
        """Where everything that is produced lies."""
        return self.folder / "artifacts"


def open_project(folder: Path) -> Project:
    """Read a project whose run is settled; see `read_params` and `read_run` for errors."""
    run = read_run(folder)
    return Project(folder, read_params(folder, overrides=run.overrides), run)


def find_model(name: str) -> AnyModel:
    """Return the model declared in `models/NAME.py`, of whatever kind.

    Raises
    ------
    ParamsError
        If there is no such module, or it declares no model of that name.
    """
    try:
        model = getattr(import_module(f"models.{name}"), name, None)
    except ModuleNotFoundError:
        model = None
    if not isinstance(model, AnyModel):
        raise ParamsError(f"no model is called {name}. A model `x` is declared in models/x.py.")
    return model


def trained_folder(artifacts: Path, model: str) -> Path:
    """Return where the newest training of a model lies."""
    return artifacts / "trained" / model


class OutcomeWindow(NamedTuple):
    """Outcomes count in `[as_of + gap_days, as_of + gap_days + horizon_days)`."""

    gap_days: int
    horizon_days: int


def outcome_window(model: AnyModel, params: ModelParams) -> OutcomeWindow:
    """Return the window of a model: as declared, unless `params.yaml` says otherwise."""
    return OutcomeWindow(
        model.gap_days if params.gap_days is None else params.gap_days,
        model.horizon_days if params.horizon_days is None else params.horizon_days,
    )


def write_cutoffs(artifacts: Path, plans: Mapping[str, Any]) -> None:
    """Record the cut-offs of every model, or why it is left out, in `artifacts/cutoffs.json`."""
    write_json(
        artifacts / "cutoffs.json",
        {
            name: {"left_out": plan} if isinstance(plan, str) else plan._asdict()
            for name, plan in plans.items()
        },
    )


def read_cutoffs(artifacts: Path, model: str) -> Cutoffs:
    """Return the cut-offs that the snapshot stage chose for a model.

    Raises
    ------
    ParamsError
        If the stage has not run for it.
    LeftOutError
        If the data cannot teach the model.
    """
    path = artifacts / "cutoffs.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if model not in found:
        raise ParamsError(f"no snapshots were built for {model} yet. Start with `shortlist run`.")
    days = found[model]
    if "left_out" in days:
        raise LeftOutError(f"{model} is left out: {days['left_out']}")
    return Cutoffs(
        train=tuple(date.fromisoformat(day) for day in days["train"]),
        **{role: date.fromisoformat(days[role]) for role in ("tune", "calibrate", "test", "score")},
    )
