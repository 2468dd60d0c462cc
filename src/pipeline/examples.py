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
from pipeline.labels import label_folder, read_label_manifest
from pipeline.snapshot_store import read_snapshot

#: Into how many parts customers are dealt when some of them are drawn.
_PARTS = 1_000_000


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
    keep_rate : array of shape (n_rows,)
        Share of the rows without the outcome that was kept when a row was drawn, in (0, 1].
    """

    keys: pd.DataFrame
    X: pd.DataFrame
    y: np.ndarray
    keep_rate: np.ndarray

    def at(self, rows: np.ndarray) -> "Examples":
        """Return the rows at some positions, numbered anew."""
        return Examples(
            self.keys.iloc[rows].reset_index(drop=True),
            self.X.iloc[rows].reset_index(drop=True),
            self.y[rows],
            self.keep_rate[rows],
        )

    @property
    def weight(self) -> np.ndarray:
        """How many rows each one stands for, for learners that cannot correct for thinning."""
        return np.where(self.y == 1, 1.0, 1 / self.keep_rate)


def together(*parts: Examples) -> Examples:
    """Put rows of several periods one after the other."""
    return Examples(
        pd.concat([part.keys for part in parts], ignore_index=True),
        pd.concat([part.X for part in parts], ignore_index=True),
        np.concatenate([part.y for part in parts]),
        np.concatenate([part.keep_rate for part in parts]),
    )


def read_examples(
    connection: Backend,
    artifacts: Path,
    model: Model,
    cutoffs: Sequence[date],
    *,
    one_in: int = 1,
    thinned: bool = False,
) -> Examples:
    """Read the labelled rows of a model at some cut-offs, ordered by cut-off and key.

    With `one_in`, only one of so many customers is read, always the same ones. If `thinned`,
    as many rows without the outcome are left out as the model's sampling says.

    Raises
    ------
    NoExamplesError
        If there is no row, or all labels are the same.
    """
    keys = list(KEYS[model.unit])
    rate = keep_rate(artifacts, model, cutoffs) if thinned else 1.0
    frames = []
    for as_of in cutoffs:
        snapshot = read_snapshot(connection, artifacts, model.unit, as_of)
        labels = connection.read_parquet(label_folder(artifacts, model.name, as_of) / "*.parquet")
        names = [one.name for one in model.features if one.name in snapshot.columns]
        if one_in > 1:
            labels = labels.filter(labels.customer_id.hash().abs() % one_in == 0)
        if rate < 1:
            drawn = labels.customer_id.concat(as_of.isoformat()).hash().abs() % _PARTS
            labels = labels.filter((labels.label == 1) | (drawn < rate * _PARTS))
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
    return Examples(rows[keys], rows.drop(columns=keys), y, np.full(len(y), rate))


def keep_rate(artifacts: Path, model: Model, cutoffs: Sequence[date]) -> float:
    """Return the share of rows without the outcome that a model's sampling keeps, in (0, 1]."""
    if model.sampling is None:
        return 1.0
    stored = [read_label_manifest(artifacts, model.name, day) for day in cutoffs]
    return model.sampling.keep_rate(
        rows=sum(one["rows"] for one in stored), positives=sum(one["positives"] for one in stored)
    )


def read_auxiliary(connection: Backend, artifacts: Path, model: Model, as_of: date) -> pd.DataFrame:
    """Return the auxiliary labels at a cut-off, a column each, ordered by key."""
    keys = list(KEYS[model.unit])
    labels = connection.read_parquet(label_folder(artifacts, model.name, as_of) / "*.parquet")
    frame: pd.DataFrame = labels.order_by(keys).to_pandas()
    return frame[[one.name for one in model.auxiliary]]
