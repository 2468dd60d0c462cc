"""Rows to learn from and to be judged on: features of a snapshot with the labels that followed."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend

from features.definition import KEYS
from models.definition import Model
from pipeline.labels import label_folder
from pipeline.snapshot_store import read_snapshot


class NoExamplesError(ValueError):
    """Nobody was eligible, or nothing ever happened, in rows to learn from."""


class Examples(NamedTuple):
    """Eligible rows of one or more snapshots.

    Attributes
    ----------
    keys : DataFrame of shape (n_rows, n_keys)
        Customer, and product for pairs.
    X : DataFrame of shape (n_rows, n_features)
        The features that the model declares and the data deliver.
    y : array of shape (n_rows,)
        1 where it happened in the outcome window, else 0.
    """

    keys: pd.DataFrame
    X: pd.DataFrame
    y: np.ndarray


def together(*parts: Examples) -> Examples:
    """Put rows of several periods one after the other."""
    return Examples(
        pd.concat([part.keys for part in parts], ignore_index=True),
        pd.concat([part.X for part in parts], ignore_index=True),
        np.concatenate([part.y for part in parts]),
    )


def read_examples(
    connection: Backend,
    artifacts: Path,
    model: Model,
    cutoffs: Sequence[date],
    *,
    one_in: int = 1,
) -> Examples:
    """Read the labelled rows of a model at some cut-offs, ordered by cut-off and key.

    With `one_in`, only one of so many customers is read, always the same ones.

    Raises
    ------
    NoExamplesError
        If there is no row, or all labels are the same.
    """
    keys = list(KEYS[model.unit])
    frames = []
    for as_of in cutoffs:
        snapshot = read_snapshot(connection, artifacts, model.unit, as_of)
        labels = connection.read_parquet(label_folder(artifacts, model.name, as_of) / "*.parquet")
        names = [one.name for one in model.features if one.name in snapshot.columns]
        if one_in > 1:
            labels = labels.filter(labels.customer_id.hash().abs() % one_in == 0)
        joined = labels.inner_join(snapshot, keys).select(*keys, *names, "label")
        frames.append(joined.order_by(keys).to_pandas())
    rows = pd.concat(frames, ignore_index=True)
    y = rows.pop("label").to_numpy(dtype=np.int8)
    if len(np.unique(y)) < 2:  # noqa: PLR2004 - a yes and a no
        raise NoExamplesError(
            f"{model.name}: {len(y):,} eligible rows at {cutoffs[0]} to {cutoffs[-1]}, "
            f"{int(y.sum()):,} of them with the outcome. Learning needs some of both: deliver "
            "more history, or lengthen horizon_days."
        )
    return Examples(rows[keys], rows.drop(columns=keys), y)
