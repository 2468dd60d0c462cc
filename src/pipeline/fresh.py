"""The score of one customer now, from the tables, as a run of today would give it."""

from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from features.catalogue import catalogue
from features.codings import CODED
from models.definition import AnyModel, LiftModel, Model
from pipeline.by_customer import tables_by_customer
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.live_tables import tables_folder
from pipeline.project import Project
from pipeline.snapshot_table import seen, snapshot_table
from pipeline.versions import training_of, version_folder


class NotFreshError(ValueError):
    """A model cannot score one customer alone."""


class UnknownCustomerError(ValueError):
    """The tables know no such customer at the cut-off."""


def fresh_scores(
    project: Project, model: AnyModel, number: str, customer_id: str, *, as_of: date
) -> pd.DataFrame:
    """Score one customer at a cut-off with what the tables say before it.

    The features are those of a snapshot of that cut-off, from the same functions, on the rows
    of this customer alone; so the score is that of a batch.

    Parameters
    ----------
    project : Project
        Whose tables to read.
    model : Model or LiftModel
        The model.
    number : str
        Its version.
    customer_id : str
        The customer.
    as_of : date
        The cut-off: what was known before that day began.

    Returns
    -------
    DataFrame
        Columns of the model's score set; no row for who is not eligible.

    Raises
    ------
    NotFreshError
        If the model needs other customers: it is of pairs or dates, or has codings.
    UnknownCustomerError
        If nobody of that id was known.
    """
    model, names = _alone(project, model, number)
    copies = tables_by_customer(project.artifacts)
    row = _row(project, model, names, customer_id, as_of=as_of, copies=copies)
    row = row.loc[row["eligible"], ["customer_id", *names]].reset_index(drop=True)
    return _scored(project, model, number, row, names)


def load_fresh(project: Project, model: AnyModel, number: str, *, as_of: date) -> None:
    """Load what the first fresh score of a model would wait for: libraries, engine, learner.

    Nobody is scored: a customer without an id is looked for, and not found.

    Raises
    ------
    NotFreshError
        If the model cannot score one customer alone.
    """
    model, names = _alone(project, model, number)
    with suppress(UnknownCustomerError):
        _row(project, model, names, "", as_of=as_of, copies={})
    if isinstance(model, Model):
        _learner(project, model, number)


def _alone(project: Project, model: AnyModel, number: str) -> tuple[Model | LiftModel, list[str]]:
    """Return a model that needs nobody but the customer, and the columns that a version takes."""
    if not isinstance(model, Model | LiftModel):
        raise NotFreshError(
            f"{model.name} scores customers with products or categories, which takes what others "
            "bought. Ask for its stored scores, without fresh."
        )
    names = _columns(project, model, number)
    coded = sorted({*names} & {*CODED})
    if coded:
        raise NotFreshError(
            f"{model.name} uses {coded[0]}, which is learned from all customers. Ask for its "
            "stored scores, without fresh."
        )
    return model, names


def _columns(project: Project, model: Model | LiftModel, number: str) -> list[str]:
    if isinstance(model, LiftModel):
        return list(_learned(project, model, number).columns)
    return list(training_of(project.artifacts, model.name, number)["features"])


def _scored(
    project: Project, model: Model | LiftModel, number: str, row: pd.DataFrame, names: list[str]
) -> pd.DataFrame:
    if isinstance(model, LiftModel):
        from pipeline.lift.score import score_table

        return score_table(_learned(project, model, number), row)
    if row.empty:
        return pd.DataFrame({"customer_id": [], "probability": []})
    learner = _learner(project, model, number)
    return row[["customer_id"]].assign(probability=learner.predict_proba(row[names])[:, 1])


def _learner(project: Project, model: Model, number: str) -> Any:
    folder = version_folder(project.artifacts, model.name, number) / "learner"
    return type(model.learner(0)).load(folder)


def _learned(project: Project, model: LiftModel, number: str) -> Any:
    from models.effects.shipped import Learned

    return Learned.load(version_folder(project.artifacts, model.name, number), model)


def _row(
    project: Project,
    model: Model | LiftModel,
    names: list[str],
    customer_id: str,
    *,
    as_of: date,
    copies: dict[str, Path],
) -> pd.DataFrame:
    """Return the features of a customer, and whether it is eligible: one row."""
    every = catalogue("customer", "time")
    known = {*names, *_asked_by(model)}
    with engine(project.artifacts, threads=1) as connection:
        events = read_events(
            connection,
            tables_folder(project.artifacts),
            time_zone=project.params.time_zone,
            instead=copies,
        )
        own = {
            name: table.filter(table.customer_id == customer_id)
            if "customer_id" in table.columns
            else table
            for name, table in events.items()
        }
        grains = Grains(connection, own)
        with seen(grains, [as_of]) as at:
            table = snapshot_table(at, features=[every[name] for name in sorted(known)])
            told = table.mutate(eligible=model.eligible(table).fill_null(False))  # noqa: FBT003 - a null is no
            frame: pd.DataFrame = connection.to_pandas(told)
    if frame.empty:
        raise UnknownCustomerError(
            f"no such customer was known before {as_of}. Look at the id, or deliver the tables."
        )
    return frame


class _Recorder:
    """Stands for a snapshot, and notes which columns it is asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.names.add(name)
        return getattr(ibis._, name)


def _asked_by(model: Model | LiftModel) -> set[str]:
    """Return the columns that the rule of eligibility looks at."""
    recorder = _Recorder()
    model.eligible(recorder)
    return recorder.names
