"""Score pairs at the scoring cut-off: the likeliest products of each customer, block by block."""

from collections.abc import Callable, Iterator
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.backends.duckdb import Backend
from rich.console import Console
from rich.progress import Progress

from models.definition import PairModel
from models.learning import Learner
from pipeline.engine import engine
from pipeline.fingerprint import digest
from pipeline.pairs.candidates import candidates, candidates_each
from pipeline.pairs.evaluate import load_learner
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import Moment, moments
from pipeline.project import Project, read_cutoffs
from pipeline.score_set import (
    ScoreSet,
    UnknownScoreSetError,
    read_score_set,
    score_set_id,
    write_score_set,
)
from pipeline.snapshot_store import fingerprint_of, read_manifest
from pipeline.state_store import state_versions
from pipeline.versions import version_folder

#: Pairs that are scored together: a few hundred MiB of features.
BLOCK_PAIRS = 500_000


def score(
    project: Project, model: PairModel, number: str, *, clock: Callable[[], datetime]
) -> ScoreSet:
    """Write the score set of a version at the scoring cut-off, unless it is there already.

    It holds the products that each customer is likeliest to buy, `model.kept` of them. All
    customers for one product are scored on demand; see `pipeline.pairs.targets`.
    """
    artifacts = project.artifacts
    as_of = read_cutoffs(artifacts, model.name).score
    manifest = read_manifest(artifacts, "customer", as_of)
    data = digest(fingerprint_of(manifest), state_versions(artifacts, as_of))
    identity = score_set_id(model=model.name, version=number, as_of=as_of, data_fingerprint=data)
    try:
        return read_score_set(artifacts, model.name, identity)
    except UnknownScoreSetError:
        pass
    learner = load_learner(model, version_folder(artifacts, model.name, number))
    with engine(artifacts, threads=1) as connection:
        (moment,) = moments(connection, project, model, [as_of])
        parts = list(best_products(connection, moment, model, learner))
    return write_score_set(
        pa.concat_tables(parts),
        artifacts=artifacts,
        model=model.name,
        version=number,
        as_of=as_of,
        unit=model.unit,
        base=manifest["rows"],
        data_fingerprint=data,
        created_at=clock(),
        time_zone=project.params.time_zone,
    )


def best_products(
    connection: Backend, moment: Moment, model: PairModel, learner: Learner
) -> Iterator[pa.Table]:
    """Yield the likeliest products of each customer, a block of customers at a time.

    Memory holds the pairs of one block, never customers times products.
    """
    count = len(moment.customers)
    each = candidates_each(moment, model, np.arange(min(200, count)))
    step = max(1, int(BLOCK_PAIRS / each))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{model.name}: scoring", total=count)
        for start in range(0, count, step):
            customers = np.arange(start, min(start + step, count))
            found = candidates(moment, model, customers)
            X = features_of(connection, moment, model, found.customer, found.product)
            probability = learner.predict_proba(X)[:, 1] if len(X) else np.empty(0)
            kept = first_of_each(found.customer, probability, model.kept)
            yield pa.Table.from_pandas(
                pd.DataFrame(
                    {
                        "customer_id": moment.customers.take(found.customer[kept]),
                        "product_id": moment.products.take(found.product[kept]),
                        "state": X[model.state.name].to_numpy()[kept],
                        "probability": probability[kept],
                    }
                ),
                schema=_SCHEMA,
                preserve_index=False,
            )
            progress.update(task, completed=int(customers[-1]) + 1)


_SCHEMA = pa.schema(
    {
        "customer_id": pa.string(),
        "product_id": pa.string(),
        "state": pa.string(),
        "probability": pa.float64(),
    }
)


def first_of_each(customer: np.ndarray, value: np.ndarray, most: int) -> np.ndarray:
    """Return the places of the highest values of each customer; ties go to the earlier row.

    Examples
    --------
    >>> first_of_each(np.array([0, 0, 0, 1]), np.array([0.1, 0.3, 0.2, 0.4]), 2).tolist()
    [1, 2, 3]
    """
    order = np.lexsort((-value, customer))
    begins = np.searchsorted(customer[order], customer[order])
    return np.asarray(order[np.arange(len(order)) - begins < most])
