"""Why scored rows have their scores: the version that scored them looks at them again."""

from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from features.catalogue import catalogue
from features.codings import CODED
from features.definition import KEYS, Coded, Feature
from models.learning import Explainer
from models.reasons import Reasons, reasons
from pipeline.engine import engine
from pipeline.project import find_model
from pipeline.score_set import ScoreSet
from pipeline.snapshot_store import SnapshotError, fingerprint_of, read_manifest, read_snapshot
from pipeline.versions import UnknownVersionError, training_of, version_folder

#: By how much the sum of the reasons may miss the score that was stored.
_CLOSE = 1e-6


class UnexplainedError(ValueError):
    """Scores cannot be explained any more, or never could."""


def explain(artifacts: Path, score_set: ScoreSet, rows: pa.Table) -> list[Reasons]:
    """Return the reasons of some rows of a score set, in their order.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    score_set : ScoreSet
        Whose rows they are.
    rows : pyarrow.Table of shape (n_rows, n_columns)
        Keys and `probability`, as stored.

    Raises
    ------
    UnexplainedError
        If the learner cannot explain, or is not stored any longer, if the snapshot that was
        scored is gone or another by now, or if the reasons do not add up to the scores.
    """
    name, number = score_set.model, score_set.version
    learner = _learner(artifacts, name, number)
    names = training_of(artifacts, name, number)["features"]
    X = _rows(artifacts, score_set, rows, names)
    points = learner.explain(X)
    if not np.allclose(points.sum(axis=1), rows["probability"].to_numpy(), rtol=0, atol=_CLOSE):
        raise UnexplainedError(
            f"the contributions of {name} version {number} do not add up to the scores of "
            f"{score_set.id}. `shortlist doctor` looks for damage."
        )
    known: dict[str, Feature | Coded] = {
        **catalogue("customer", "product", "time", "pair"),
        **CODED,
    }
    return reasons(points, X, known)


def _learner(artifacts: Path, name: str, number: str) -> Explainer:
    try:
        folder = version_folder(artifacts, name, number) / "learner"
        learner: object = type(find_model(name).learner(0)).load(folder)
    except UnknownVersionError as error:
        raise UnexplainedError(str(error)) from error
    except FileNotFoundError as error:
        lacks = Path(error.filename).name
        raise UnexplainedError(f"the learner of {name} version {number} lacks {lacks}") from error
    if not isinstance(learner, Explainer):
        raise UnexplainedError(f"the learner of {name} cannot explain")
    return learner


def _rows(artifacts: Path, score_set: ScoreSet, rows: pa.Table, names: list[str]) -> pd.DataFrame:
    """Read the features of the rows from the snapshot that was scored."""
    try:
        manifest = read_manifest(artifacts, score_set.unit, score_set.as_of)
    except SnapshotError as error:
        raise UnexplainedError(str(error)) from error
    if fingerprint_of(manifest) != score_set.data_fingerprint:
        raise UnexplainedError(
            f"the snapshot of {score_set.as_of} is not the one that was scored. `shortlist run` "
            "scores it."
        )
    keys = list(KEYS[score_set.unit])
    wanted = rows.select(keys).append_column("place", pa.array(range(len(rows)), pa.int64()))
    with engine(artifacts) as connection:
        snapshot = read_snapshot(connection, artifacts, score_set.unit, score_set.as_of)
        found = snapshot.select(*keys, *names).inner_join(ibis.memtable(wanted), keys)
        X: pd.DataFrame = connection.execute(found.order_by("place"))
    if len(X) != len(rows):
        raise UnexplainedError(
            f"{len(rows) - len(X):,} of {len(rows):,} rows are not in the snapshot of "
            f"{score_set.as_of}"
        )
    return X.loc[:, names]
