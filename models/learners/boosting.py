"""Gradient-boosted trees by LightGBM: the same rows and seed give the same trees."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from models.learners.frame import FloatArray, FrameError
from models.learners.quickscorer import WORTH_COMPILING, QuickScorer

#: Off whatever the number of threads: anything that may change a sum's order.
REPRODUCIBLE = {"deterministic": True, "force_col_wise": True, "verbosity": -1}


class Rows(NamedTuple):
    """Encoded rows: `offset` is what the way they were sampled adds to their log-odds."""

    matrix: FloatArray
    y: FloatArray
    weight: FloatArray
    offset: FloatArray

    def at(self, chosen: Any) -> "Rows":
        """Return some of the rows."""
        return Rows(*(column[chosen] for column in self))


@dataclass(frozen=True)
class Trees:
    """Boosters whose log-odds are averaged, on top of a common start.

    Attributes
    ----------
    boosters : tuple of lightgbm.Booster
        Fitted, on the same columns.
    start : float
        Log-odds before the first tree.
    """

    boosters: tuple[Any, ...]
    start: float

    def log_odds(self, matrix: FloatArray, *, threads: int | None = None) -> FloatArray:
        """Return the mean log-odds of each row."""
        total = np.zeros(len(matrix))
        if not len(matrix):  # LightGBM cannot score nobody
            return total
        if len(matrix) >= WORTH_COMPILING:
            for scorer in self._scorers:
                total += scorer.predict(
                    matrix, raw_score=True, threads=threads or os.cpu_count() or 1
                )
        else:
            for booster in self.boosters:
                total += booster.predict(matrix, raw_score=True, num_threads=threads or 0)
        return self.start + total / len(self.boosters)

    @cached_property
    def _scorers(self) -> tuple[QuickScorer, ...]:
        return tuple(QuickScorer(booster) for booster in self.boosters)

    def contributions(self, matrix: FloatArray, *, threads: int | None = None) -> FloatArray:
        """Return what each column adds, of shape (n, n_columns + 1); the base comes last."""
        total = np.zeros((len(matrix), matrix.shape[1] + 1))
        if not len(matrix):
            return total
        for booster in self.boosters:
            total += booster.predict(matrix, pred_contrib=True, num_threads=threads or 0)
        total /= len(self.boosters)
        total[:, -1] += self.start
        return total


def start_of(rows: Rows) -> float:
    """Log-odds of the weighted rate, without what the sampling added."""
    rate = np.clip(np.average(rows.y, weights=rows.weight), 1e-6, 1 - 1e-6)
    return float(np.log(rate / (1 - rate)) - np.average(rows.offset, weights=rows.weight))


def boost(
    rows: Rows,
    *,
    start: float,
    text: Sequence[int],
    parameters: Mapping[str, Any],
    trees: int,
    held_out: Rows | None = None,
    patience: int = 50,
) -> Any:
    """Train one booster.

    Parameters
    ----------
    rows : Rows
        What is learned from.
    start : float
        Log-odds before the first tree.
    text : sequence of int
        Positions of the columns that hold codes.
    parameters : mapping
        LightGBM parameters.
    trees : int
        Number of trees, or the most there may be with `held_out`.
    held_out : Rows, optional
        Training stops when their log loss has not fallen for `patience` trees; those after
        the best one are dropped.
    patience : int
        See `held_out`.

    Returns
    -------
    lightgbm.Booster
    """
    import lightgbm as lgb

    settings = settings_of(parameters)
    data = binned(rows, start=start, text=text, settings=settings)
    if held_out is None:
        return lgb.train(settings, data, num_boost_round=trees)
    held = binned(held_out, start=start, text=text, settings=settings, reference=data)
    return lgb.train(
        settings,
        data,
        num_boost_round=trees,
        valid_sets=[held],
        callbacks=[lgb.early_stopping(patience, verbose=False)],
    )


def settings_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return LightGBM parameters for a yes or no, learned reproducibly."""
    return {"objective": "binary", "metric": "binary_logloss", **REPRODUCIBLE, **parameters}


def monotone_constraints(monotone: Mapping[str, int], names: Sequence[str]) -> dict[str, list[int]]:
    """Return LightGBM's parameter for columns along which the outcome may only rise or fall.

    Raises
    ------
    FrameError
        If one of them is not among the columns.
    """
    unknown = sorted(set(monotone) - set(names))
    if unknown:
        raise FrameError(f"monotone names columns that X lacks: {', '.join(unknown)}")
    return {"monotone_constraints": [monotone.get(name, 0) for name in names]} if monotone else {}


def binned(
    rows: Rows,
    *,
    start: float,
    text: Sequence[int],
    settings: Mapping[str, Any],
    reference: Any = None,
) -> Any:
    """Return a LightGBM dataset; held-out rows share the bins of their `reference`."""
    import lightgbm as lgb

    return lgb.Dataset(
        rows.matrix,
        label=rows.y,
        weight=None if (rows.weight == 1).all() else rows.weight,
        init_score=start + rows.offset,
        categorical_feature=list(text),
        params=dict(settings),
        reference=reference,
    )
