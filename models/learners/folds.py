"""Held-out parts of training rows, whole groups at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.learners.frame import FloatArray, FrameError

FOLDS = 5


def folds_of(
    y: FloatArray, *, groups: Any = None, seed: int = 0, folds: int = FOLDS
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the positions of seen and of held-out rows, for each of the parts.

    Outcomes are spread evenly. There are fewer parts where an outcome is rarer than `folds`.

    Parameters
    ----------
    y : array of shape (n,)
        Outcomes, 0 or 1.
    groups : array-like of shape (n,), optional
        The customer of each row; a customer is never split.
    seed : int
        Shuffles.
    folds : int
        Number of parts.

    Raises
    ------
    FrameError
        If groups are not one per row or fewer than 2, or an outcome occurs only once.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    rarest = int(min(y.sum(), (1 - y).sum()))
    parts = min(folds, rarest)
    if parts < 2:  # noqa: PLR2004 - something seen and something held out
        raise FrameError(
            f"outcome {int(y.sum() <= len(y) / 2)} occurs in one row only; "
            "at least 2 rows of each outcome are needed to hold one out, or pass X_cal and y_cal"
        )
    if groups is None:
        splitter = StratifiedKFold(parts, shuffle=True, random_state=seed)
        yield from splitter.split(y, y)
        return
    codes, names = pd.factorize(np.asarray(groups))
    if codes.shape != y.shape or (codes < 0).any():
        raise FrameError(
            f"groups has shape {codes.shape} and {int((codes < 0).sum())} missing values; "
            f"name the customer of each of the {len(y)} rows"
        )
    parts = min(parts, len(names))
    if parts < 2:  # noqa: PLR2004 - something seen and something held out
        raise FrameError("groups names one customer only; at least 2 are needed to hold one out")
    splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
    yield from splitter.split(y, y, codes)
