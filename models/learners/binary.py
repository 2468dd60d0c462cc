"""What all classifiers here share with scikit-learn: names, tags, and a class from a half up."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags

from models.learners.encoder import FrameEncoder
from models.learners.frame import FloatArray


class BinaryClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Base of classifiers of 0 and 1 on frames; `fit` leaves an encoder and ends in `_learned`."""

    encoder_: FrameEncoder

    @abstractmethod
    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probabilities of 0 and of 1, of shape (n, 2)."""

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return 1 where the probability is above a half; for lists, rank probabilities."""
        return (self.predict_proba(X)[:, 1] > 0.5).astype(np.int64)  # noqa: PLR2004 - a half

    def _learned(self, X: Any) -> Self:
        """Set what scikit-learn asks of a fitted classifier; names only where X had some."""
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = len(self.encoder_.columns)
        if isinstance(X, pd.DataFrame):
            self.feature_names_in_ = np.asarray(self.encoder_.names, dtype=object)
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.classifier_tags.multi_class = False
        return tags


def both(probability: FloatArray) -> FloatArray:
    """Return the probabilities of 0 and of 1, of shape (n, 2), from that of 1."""
    return np.column_stack([1 - probability, probability])
