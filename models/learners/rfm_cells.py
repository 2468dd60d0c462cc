"""The marketer's own baseline: customers in cells of recency, frequency and money."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from models.learners.binary import BinaryClassifier, both
from models.learners.encoder import FrameEncoder
from models.learners.frame import FloatArray, as_frame, as_outcomes, as_weights

DESCRIPTION = "model.json"


class RfmCells(BinaryClassifier):
    """Response rate of each cell, drawn towards the overall rate where the cell is small.

    Every column of X is cut into `bins` parts of equal mass, missing values apart; pass the
    three columns recency, frequency and money.

    Parameters
    ----------
    bins : int
        Parts per column; 5 gives the usual 125 cells.
    prior_rows : float
        Weight of the overall rate in each cell, in rows.

    References
    ----------
    .. [1] Hughes, A. M. (1994). Strategic Database Marketing. Probus.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"recency_days": [5, 10, 200, 300] * 100})
    >>> learner = RfmCells(bins=2).fit(X, [1, 0, 0, 0] * 100)
    >>> learner.predict_proba(X[:3])[:, 1].round(2)
    array([0.48, 0.48, 0.02])
    """

    def __init__(self, *, bins: int = 5, prior_rows: float = 20.0) -> None:
        self.bins = bins
        self.prior_rows = prior_rows

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, **_: Any) -> Self:
        """Learn limits and rates; rows for calibration are not needed."""
        frame = as_frame(X)
        outcome = as_outcomes(y, frame)
        weight = as_weights(sample_weight, len(frame))
        self.encoder_ = FrameEncoder().fit(frame)
        matrix = self.encoder_.transform(frame)
        self.limits_ = [self._limits(matrix[:, i]) for i in range(matrix.shape[1])]
        cells = self._cells(matrix)
        self.cells_, cell = np.unique(cells, return_inverse=True)
        self.rate_ = float(np.average(outcome, weights=weight))
        positives = np.bincount(cell, weights=weight * outcome) + self.prior_rows * self.rate_
        self.rates_ = positives / (np.bincount(cell, weights=weight) + self.prior_rows)
        return self._learned(X)

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probabilities of 0 and of 1, of shape (n, 2); a new cell gets the rate."""
        check_is_fitted(self, "rates_")
        cells = self._cells(self.encoder_.transform(X))
        position = np.minimum(np.searchsorted(self.cells_, cells), len(self.cells_) - 1)
        known = self.cells_[position] == cells
        probability = np.where(known, self.rates_[position], self.rate_)
        return both(probability)

    def save(self, folder: Path) -> None:
        """Write the cells as one JSON file."""
        check_is_fitted(self, "rates_")
        folder.mkdir(parents=True, exist_ok=True)
        document = {
            "parameters": self.get_params(),
            "encoder": self.encoder_.to_json(),
            "limits": [limits.tolist() for limits in self.limits_],
            "cells": self.cells_.tolist(),
            "rates": self.rates_.tolist(),
            "rate": self.rate_,
        }
        (folder / DESCRIPTION).write_text(json.dumps(document, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote."""
        document = json.loads((folder / DESCRIPTION).read_text("utf-8"))
        learner = cls(**document["parameters"])
        learner.encoder_ = FrameEncoder.from_json(document["encoder"])
        learner.limits_ = [np.asarray(limits) for limits in document["limits"]]
        learner.cells_ = np.asarray(document["cells"], dtype=np.int64)
        learner.rates_ = np.asarray(document["rates"])
        learner.rate_ = document["rate"]
        learner.classes_ = np.array([0, 1])
        return learner

    def _limits(self, values: FloatArray) -> FloatArray:
        known = values[~np.isnan(values)]
        if not known.size:
            return np.empty(0)
        inner = [at for _, at in pairwise(np.linspace(0, 1, self.bins + 1))][:-1]
        return np.unique(np.quantile(known, inner))

    def _cells(self, matrix: FloatArray) -> NDArray[np.int64]:
        """One number per combination of parts; part `bins` holds the missing values."""
        cell = np.zeros(len(matrix), dtype=np.int64)
        for position, limits in enumerate(self.limits_):
            values = matrix[:, position]
            part = np.where(np.isnan(values), self.bins, np.searchsorted(limits, values))
            cell = cell * (self.bins + 1) + part
        return cell
