"""How far the customers to be scored have moved away from those that were learned from."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from models.definition import Model
from models.learning import Classifier
from models.measures import bootstrap, psi, score_stability
from pipeline.evaluation import Figure
from pipeline.examples import read_examples
from pipeline.labels import eligible_rows, read_label_manifest
from pipeline.project import Project, read_cutoffs
from pipeline.report.curves import figure
from pipeline.snapshot_store import read_manifest, read_snapshot

#: Customers of each side that are looked at.
MOST_ROWS = 20_000
#: Up to the first a distribution is called stable, above the second moved.
STABLE, MOVED = 0.1, 0.25


class Moved(BaseModel):
    """A feature and its population stability index."""

    model_config = ConfigDict(frozen=True)

    feature: str
    psi: float


class Drift(BaseModel):
    """Stability of every feature, the least stable first, and of the score.

    Attributes
    ----------
    rows_then, rows_now : int
        Training rows and rows to be scored that were compared.
    mean_then, mean_now : float
        Mean probability of both.
    """

    model_config = ConfigDict(frozen=True)

    rows_then: int
    rows_now: int
    mean_then: float
    mean_now: float
    score: Figure
    features: list[Moved]


class Populations(NamedTuple):
    """Features of training rows, and of rows to be scored."""

    then: pd.DataFrame
    now: pd.DataFrame


def read_populations(connection: Backend, project: Project, model: Model) -> Populations:
    """Read a sample of customers at the training cut-offs, and one at the scoring cut-off."""
    artifacts = project.artifacts
    cutoffs = read_cutoffs(artifacts, model.name)
    stored = sum(read_label_manifest(artifacts, model.name, day)["rows"] for day in cutoffs.train)
    then = read_examples(
        connection, artifacts, model, cutoffs.train, one_in=max(1, stored // MOST_ROWS)
    ).X
    snapshot = read_snapshot(connection, artifacts, model.unit, cutoffs.score)
    count = read_manifest(artifacts, model.unit, cutoffs.score)["rows"]
    rows = eligible_rows(snapshot, model)
    one_in = max(1, count // MOST_ROWS)
    if one_in > 1:
        rows = rows.filter(rows.customer_id.hash().abs() % one_in == 0)
    return Populations(then, rows.select(*then.columns).to_pandas())


def drift_of(populations: Populations, learner: Classifier, *, seed: int) -> Drift:
    """Compare two populations, feature by feature and by what the model says of them."""
    then, now = populations
    moved = [
        Moved(feature=str(name), psi=float(psi(_values(then[name]), _values(now[name]))))
        for name in then
    ]
    before, after = (learner.predict_proba(rows)[:, 1] for rows in (then, now))
    stability = bootstrap(
        score_stability,
        np.repeat([0, 1], [len(before), len(after)]),
        np.concatenate([before, after]),
        draws=200,
        seed=seed,
    )
    return Drift(
        rows_then=len(then),
        rows_now=len(now),
        mean_then=float(before.mean()),
        mean_now=float(after.mean()),
        score=figure(stability),
        features=sorted(moved, key=lambda one: -one.psi),
    )


def _values(column: pd.Series) -> NDArray[Any]:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    return column.astype(object).where(column.notna(), None).to_numpy()
