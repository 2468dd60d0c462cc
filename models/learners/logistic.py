"""The baseline that every model has to beat: penalised logistic regression."""

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from models.learners.binary import BinaryClassifier, both
from models.learners.calibrators import expit
from models.learners.encoder import FrameEncoder
from models.learners.frame import FloatArray, as_frame, as_outcomes, as_weights
from models.learners.linear import LinearModel

DESCRIPTION = "model.json"


class LogisticBaseline(BinaryClassifier):
    """Logistic regression on any frame: logged and standardised numbers, text by value.

    Parameters
    ----------
    penalty : float
        Ridge on the coefficients; the inverse of scikit-learn's `C`.
    seed : int
        Chooses 100,000 rows where there are more.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"channel": ["app", "app", "shop", "shop"] * 50})
    >>> learner = LogisticBaseline().fit(X, [1, 0, 0, 0] * 50)
    >>> learner.predict_proba(X[:3])[:, 1].round(2)
    array([0.48, 0.48, 0.02])
    """

    def __init__(self, *, penalty: float = 1.0, seed: int = 0) -> None:
        self.penalty = penalty
        self.seed = seed

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, **_: Any) -> Self:
        """Learn from rows and outcomes; rows for calibration are not needed."""
        frame = as_frame(X)
        outcome = as_outcomes(y, frame)
        self.encoder_ = FrameEncoder().fit(frame)
        self.linear_ = LinearModel.fit(
            self.encoder_.transform(frame),
            outcome,
            self.encoder_.columns,
            weight=as_weights(sample_weight, len(frame)),
            offset=np.zeros(len(frame)),
            penalty=self.penalty,
            seed=self.seed,
        )
        return self._learned(X)

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probabilities of 0 and of 1, of shape (n, 2)."""
        check_is_fitted(self, "linear_")
        return both(expit(self.linear_.log_odds(self.encoder_.transform(X))))

    def save(self, folder: Path) -> None:
        """Write the model as one JSON file."""
        check_is_fitted(self, "linear_")
        folder.mkdir(parents=True, exist_ok=True)
        document = {
            "parameters": self.get_params(),
            "encoder": self.encoder_.to_json(),
            "linear": self.linear_.to_json(),
        }
        (folder / DESCRIPTION).write_text(json.dumps(document, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read back what `save` wrote."""
        document = json.loads((folder / DESCRIPTION).read_text("utf-8"))
        learner = cls(**document["parameters"])
        learner.encoder_ = FrameEncoder.from_json(document["encoder"])
        learner.linear_ = LinearModel.from_json(document["linear"])
        return learner._learned(None)
