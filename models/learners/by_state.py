"""One model of all rows, calibrated apart in each of a few states."""

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import clone

from models.learners.binary import BinaryClassifier, both
from models.learners.calibrators import Calibrator, Identity, calibrate, expit, from_json
from models.learners.frame import FloatArray, FrameError, as_frame, as_offset, as_outcomes
from models.learners.propensity import PropensityClassifier

#: Outcomes below which a state keeps the calibration of all rows.
LEAST_POSITIVES = 50
_FILE = "states.json"


class StateCalibrated(BinaryClassifier):
    """A pooled classifier whose probabilities are set right in each state.

    All rows teach the trees, so that states with few rows learn from the others; what is
    left of the difference in level is corrected on later rows, state by state. Probabilities
    then compare across states: an upgrade of 4 % is as likely as a repeat of 4 %.

    Parameters
    ----------
    column : str
        Column of X that holds the state, a text.
    pooled : PropensityClassifier, optional
        Learns from all rows; a plain one where it is left out.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> X = pd.DataFrame({"state": random.choice(["NEW", "REPEAT"], 4000)})
    >>> y = random.random(4000) < np.where(X["state"] == "NEW", 0.1, 0.4)
    >>> learner = StateCalibrated(column="state").fit(X, y, X_cal=X, y_cal=y)
    >>> learner.predict_proba(pd.DataFrame({"state": ["NEW", "REPEAT"]}))[:, 1].round(1)
    array([0.1, 0.4])
    """

    def __init__(self, *, column: str, pooled: PropensityClassifier | None = None) -> None:
        self.column = column
        self.pooled = pooled

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        X_cal: Any,
        y_cal: Any,
        keep_rate: Any = 1.0,
        keep_rate_cal: Any = 1.0,
    ) -> Self:
        """Learn from rows `X`, and calibrate on later rows `X_cal`.

        Parameters are those of `PropensityClassifier.fit`.
        """
        frame = as_frame(X)
        if self.column not in frame:
            raise FrameError(f"X has no column {self.column}, by which states are told apart")
        pooled = PropensityClassifier() if self.pooled is None else clone(self.pooled)
        self.pooled_ = pooled.fit(
            frame, y, X_cal=X_cal, y_cal=y_cal, keep_rate=keep_rate, keep_rate_cal=keep_rate_cal
        )
        self.encoder_ = self.pooled_.encoder_
        later = as_frame(X_cal, list(frame.columns))
        outcome = as_outcomes(y_cal, later, name="y_cal")
        offset = as_offset(keep_rate_cal, len(later))
        raw = self.pooled_.predict_log_odds(later)
        self.states_: dict[str, Calibrator] = {}
        for state, rows in _rows_by(later[self.column]).items():
            if LEAST_POSITIVES <= outcome[rows].sum() < len(rows):
                self.states_[state] = calibrate(
                    raw[rows], outcome[rows], method="beta", offset=offset[rows]
                )
        return self._learned(X)

    def settled(self) -> Self:
        """Return an unfitted copy with what early stopping decided; see `PropensityClassifier`."""
        copy: Self = clone(self)
        copy.set_params(pooled=self.pooled_.settled())
        return copy

    def predict_log_odds(self, X: Any) -> FloatArray:
        """Return calibrated log-odds, shape (n_rows,)."""
        frame = as_frame(X, self.pooled_.encoder_.names)
        raw = self.pooled_.predict_log_odds(frame)
        for state, rows in _rows_by(frame[self.column]).items():
            raw[rows] = self.states_.get(state, Identity())(raw[rows])
        return raw

    def predict_proba(self, X: Any) -> FloatArray:
        """Return an array of shape (n_rows, 2): probabilities of 0 and of 1."""
        return both(expit(self.predict_log_odds(X)))

    def save(self, folder: Path) -> None:
        """Write what was learned as text."""
        self.pooled_.save(folder)
        document = {
            "column": self.column,
            "states": {state: one.to_json() for state, one in self.states_.items()},
        }
        (folder / _FILE).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote."""
        document = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        pooled = PropensityClassifier.load(folder)
        learner = cls(column=document["column"], pooled=clone(pooled))
        learner.pooled_, learner.encoder_ = pooled, pooled.encoder_
        learner.states_ = {name: from_json(one) for name, one in document["states"].items()}
        return learner._learned(pd.DataFrame(columns=pooled.encoder_.names))


def _rows_by(column: pd.Series) -> dict[str, np.ndarray]:
    """Return the positions of the rows of each state."""
    places = column.groupby(column, observed=True).indices
    return {str(name): np.asarray(rows) for name, rows in places.items()}
