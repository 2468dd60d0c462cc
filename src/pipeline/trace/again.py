"""One customer's scores computed again, from the snapshot and the version that made them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.definition import AnyModel, LiftModel, Model, PairModel, TimingModel
from models.effects.shipped import Learned
from pipeline.engine import engine
from pipeline.labels import eligible_rows
from pipeline.lift.score import score_table
from pipeline.pairs.evaluate import load_learner
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import read_moment
from pipeline.pairs.targets import UnknownProductError, targets
from pipeline.project import OutcomeWindow, find_model, open_project
from pipeline.score_set import ScoreSet
from pipeline.snapshot_store import SnapshotError, read_snapshot
from pipeline.state_store import read_state
from pipeline.timing.rows import KEY
from pipeline.timing.score import dated
from pipeline.timing.watched import read_scored
from pipeline.trace.scored_data import OtherDataError, require_scored_data
from pipeline.versions import UnknownVersionError, training_of, version_folder


class NotAgainError(ValueError):
    """A score cannot be computed again: what it was computed from is gone."""


def scored_again(
    artifacts: Path,
    score_set: ScoreSet,
    customer_id: str,
    *,
    window: OutcomeWindow,
    products: tuple[str, ...] = (),
) -> pd.DataFrame:
    """Score a customer as the score set was scored; columns are those of the model's sets.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    score_set : ScoreSet
        Names the version and the snapshot.
    customer_id : str
        Who.
    window : OutcomeWindow
        Of the outcome, as trained; only dates of repurchase ask for it.
    products : tuple of str
        Of a model of pairs, which products.

    Returns
    -------
    DataFrame
        No row for who was not eligible.

    Raises
    ------
    NotAgainError
        If the version, its learner, the snapshot or the state beside it is gone, or another by
        now.
    """
    model = find_model(score_set.model)
    try:
        require_scored_data(artifacts, score_set)
        folder = version_folder(artifacts, model.name, score_set.version)
        if isinstance(model, PairModel):
            return _pairs(artifacts, model, score_set, customer_id, products)
        if isinstance(model, TimingModel):
            return _dates(artifacts, model, score_set, customer_id, window)
        return _customers(artifacts, model, score_set, customer_id, folder)
    except (SnapshotError, OtherDataError, UnknownVersionError) as error:
        raise NotAgainError(str(error)) from error
    except FileNotFoundError as error:
        lacks = Path(str(error.filename)).name
        raise NotAgainError(
            f"version {score_set.version} of {model.name} lacks {lacks}. Restore it from a backup."
        ) from error


def for_product_again(
    artifacts: Path,
    score_set: ScoreSet,
    *,
    product_id: str | None,
    attributes: Mapping[str, Any] | None,
) -> pd.DataFrame:
    """Rank everybody for one product again, as a list for it did; see `targets` for columns.

    Raises
    ------
    NotAgainError
        If the version, the snapshot or the product is gone, or another by now.
    """
    model = find_model(score_set.model)
    assert isinstance(model, PairModel)  # noqa: S101 - no other kind ranks for a product
    try:
        require_scored_data(artifacts, score_set)
        return targets(
            open_project(artifacts.absolute().parent),
            model,
            score_set.version,
            product_id=product_id,
            attributes=attributes,
            as_of=score_set.as_of,
        ).customers
    except (SnapshotError, OtherDataError, UnknownVersionError, UnknownProductError) as error:
        raise NotAgainError(str(error)) from error


def _customers(
    artifacts: Path, model: AnyModel, score_set: ScoreSet, customer_id: str, folder: Path
) -> pd.DataFrame:
    assert isinstance(model, Model | LiftModel)  # noqa: S101 - the other kinds went elsewhere
    of_offers = Learned.load(folder, model) if isinstance(model, LiftModel) else None
    names = (
        of_offers.columns
        if of_offers
        else training_of(artifacts, model.name, score_set.version)["features"]
    )
    with engine(artifacts) as connection:
        snapshot = read_snapshot(connection, artifacts, model.unit, score_set.as_of)
        eligible = (
            eligible_rows(snapshot, model)
            if isinstance(model, Model)
            else snapshot.filter(model.eligible(snapshot))
        )
        own = eligible.filter(eligible.customer_id == customer_id)
        rows = own.select("customer_id", *names).to_pandas()
    if of_offers:
        return score_table(of_offers, rows)
    if not len(rows):
        return pd.DataFrame({"customer_id": [], "probability": []})
    learner: Any = type(model.learner(0)).load(folder / "learner")
    probability = learner.predict_proba(rows[names])[:, 1]
    return pd.DataFrame({"customer_id": rows["customer_id"], "probability": probability})


def _dates(
    artifacts: Path,
    model: TimingModel,
    score_set: ScoreSet,
    customer_id: str,
    window: OutcomeWindow,
) -> pd.DataFrame:
    folder = version_folder(artifacts, model.name, score_set.version)
    learner: Any = type(model.learner(0)).load(folder / "learner")
    with engine(artifacts) as connection:
        everybody = read_scored(connection, artifacts, model.name, score_set.as_of)
    rows = everybody[everybody["customer_id"] == customer_id]
    said = learner.predict(rows, **window._asdict())
    return dated(rows[KEY].join(said), score_set.as_of)


def _pairs(
    artifacts: Path,
    model: PairModel,
    score_set: ScoreSet,
    customer_id: str,
    products: tuple[str, ...],
) -> pd.DataFrame:
    learner = load_learner(model, version_folder(artifacts, model.name, score_set.version))
    with engine(artifacts, threads=1) as connection:
        state = read_state(connection, artifacts, score_set.as_of)
        moment = read_moment(connection, artifacts, model, state, score_set.as_of, remember=False)
        place = int(moment.customers.get_indexer(pd.Index([customer_id]))[0])
        wanted = moment.products.get_indexer(pd.Index(products))
        if place < 0 or (wanted < 0).any():
            what = "customer" if place < 0 else "product"
            raise NotAgainError(f"the snapshot of {score_set.as_of} knows no such {what} any more.")
        who = np.full(len(wanted), place, dtype=np.int32)
        X = features_of(connection, moment, model, who, wanted.astype(np.int32))
    return pd.DataFrame(
        {
            "customer_id": customer_id,
            "product_id": list(products),
            "state": X[model.state.name].to_numpy(),
            "probability": learner.predict_proba(X)[:, 1],
        }
    )
