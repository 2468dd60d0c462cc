"""Which rows and columns of a model are watched, and which earlier cut-offs are references."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from features.catalogue import catalogue
from features.codings import CODED
from models.definition import AnyModel, LiftModel, Model, PairModel, TimingModel
from pipeline.fingerprint import digest
from pipeline.labels import label_folder, read_label_manifest
from pipeline.snapshot_store import fingerprint_of, read_columns, read_manifest, read_snapshot


class Population(NamedTuple):
    """Rows of a model, cut-off by cut-off.

    Attributes
    ----------
    columns : tuple of str
        What the live version looks at and every row has.
    learned : tuple of date
        Cut-offs that the live version learned from.
    seen : tuple of date
        Those and the ones it was judged on.
    rows : callable
        Takes an engine and a cut-off, returns the rows with `customer_id`.
    fingerprint : callable
        Takes a cut-off, returns what its rows follow from; raises where there is none.
    note : str
        What is not watched, and why.
    """

    columns: tuple[str, ...]
    learned: tuple[date, ...]
    seen: tuple[date, ...]
    rows: Callable[[Backend, date], ir.Table]
    fingerprint: Callable[[date], str]
    note: str = ""


def population_of(artifacts: Path, model: AnyModel, training: dict[str, Any]) -> Population:
    """Return what is watched of a model; `training` is that of its live version.

    Columns in which everybody has the same value, such as the days to a festival, tell the
    cut-offs and no customers apart; they are not watched.
    """
    learned, seen = cutoffs_of(training["cutoffs"])
    if isinstance(model, TimingModel):
        return _of_dates(artifacts, model, training, learned, seen)
    calendar = catalogue("time")
    columns = tuple(name for name in training["features"] if name not in calendar)
    note = ""
    if isinstance(model, PairModel):
        customers = catalogue("customer")
        columns = tuple(name for name in columns if name in customers)
        note = (
            "Columns of products and of pairs are not stored, they are made block by block when "
            "pairs are scored: what moves in them shows in the scores."
        )
    if isinstance(model, LiftModel):
        # On the day of a campaign everybody has just been contacted: other days count too.
        seen = tuple(sorted({*seen, *_stored(artifacts)}))
    coded = any(name in CODED for name in columns)

    def rows(connection: Backend, as_of: date) -> ir.Table:
        read = read_snapshot if coded else read_columns
        table = read(connection, artifacts, "customer", as_of)
        if isinstance(model, Model | LiftModel):
            table = table.filter(model.eligible(table))
        return table

    return Population(
        columns,
        learned,
        seen,
        rows,
        lambda as_of: fingerprint_of(read_manifest(artifacts, "customer", as_of)),
        note,
    )


def everybody(
    artifacts: Path, *, newest: date, learned: tuple[date, ...], seen: tuple[date, ...]
) -> Population:
    """Return all customers with every feature that is built, whether or not a model uses it.

    A column that breaks upstream rings here, though no live model may look at it yet.
    """
    calendar = catalogue("time")
    features = read_manifest(artifacts, "customer", newest)["features"]
    return Population(
        tuple(sorted(name for name in features if name not in calendar)),
        learned,
        seen,
        lambda connection, as_of: read_columns(connection, artifacts, "customer", as_of),
        lambda as_of: fingerprint_of(read_manifest(artifacts, "customer", as_of)),
    )


def _stored(artifacts: Path) -> list[date]:
    """Return the cut-offs of the customer snapshots that are kept."""
    found = (artifacts / "snapshots" / "customer").glob("as_of=*/manifest.json")
    return [date.fromisoformat(path.parent.name.removeprefix("as_of=")) for path in found]


def _of_dates(
    artifacts: Path,
    model: TimingModel,
    training: dict[str, Any],
    learned: tuple[date, ...],
    seen: tuple[date, ...],
) -> Population:
    return Population(
        tuple(training["features"]),
        learned,
        seen,
        lambda connection, as_of: connection.read_parquet(
            label_folder(artifacts, model.name, as_of) / "*.parquet"
        ),
        lambda as_of: digest(*read_label_manifest(artifacts, model.name, as_of)["files"].values()),
    )


def cutoffs_of(roles: dict[str, Any]) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Return the cut-offs that were learned from, and those together with the test's."""

    def days(*names: str) -> tuple[date, ...]:
        given = [roles[name] for name in names if name in roles]
        every = {day for one in given for day in ([one] if isinstance(one, str) else one)}
        return tuple(sorted(date.fromisoformat(day) for day in every))

    return days("train", "tune", "calibrate"), days("train", "tune", "calibrate", "test")
