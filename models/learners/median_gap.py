"""The plainest forecast of the next purchase: what is usual in the category."""

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


class MedianGap:
    """Median time between purchases of a category; the baseline of every timing model.

    Open gaps count as censored (Kaplan-Meier): leaving them out would keep just those who
    came back quickly. Where fewer than half ever come back, the median of the closed gaps
    stands in, and categories with fewer than `min_gaps` closed gaps get the overall median.

    Parameters
    ----------
    min_gaps : int
        Closed gaps a category needs for a median of its own.

    Attributes
    ----------
    overall_ : float
        Median gap of all categories together, in periods.
    by_category_ : Series
        Median gap in periods, by category.

    Examples
    --------
    >>> gaps = MedianGap(min_gaps=2).fit(
    ...     category=["tea", "tea", "tea", "pot"], event=[1, 1, 0, 1], elapsed=[4, 6, 9, 50]
    ... )
    >>> gaps.predict(["tea", "pot", "cup"], elapsed=[1, 0, 0])
    array([5., 6., 6.])
    """

    overall_: float
    by_category_: pd.Series

    def __init__(self, *, min_gaps: int = 20) -> None:
        self.min_gaps = min_gaps

    def fit(self, category: ArrayLike, event: ArrayLike, elapsed: ArrayLike) -> Self:
        """Find the medians.

        Parameters
        ----------
        category : array-like of shape (n_gaps,)
            What was bought.
        event, elapsed : array-like of shape (n_gaps,)
            As for `HazardClassifier.fit`.

        Returns
        -------
        MedianGap
            This object, fitted.

        Raises
        ------
        ValueError
            If no gap is closed.
        """
        gaps = pd.DataFrame(
            {
                "category": np.asarray(category),
                "event": np.asarray(event, dtype=float),
                "elapsed": np.asarray(elapsed, dtype=float),
            }
        )
        if not gaps["event"].any():
            raise ValueError("event is 0 throughout: without a closed gap there is no median.")
        self.overall_ = _median(gaps)
        closed = gaps.groupby("category")["event"].sum()
        known = closed.index[closed >= self.min_gaps]
        own = {name: _median(part) for name, part in gaps.groupby("category") if name in known}
        self.by_category_ = pd.Series(own, dtype=float)
        return self

    def predict(self, category: ArrayLike, elapsed: ArrayLike) -> np.ndarray:
        """Return in how many periods the next purchase is due; 0 where it is overdue.

        Parameters
        ----------
        category : array-like of shape (n_rows,)
            What was bought; one never seen gets the overall median.
        elapsed : array-like of shape (n_rows,)
            Periods since it was bought.

        Returns
        -------
        ndarray of shape (n_rows,)
            In periods from today, at least 0.
        """
        median = self.by_category_.reindex(np.asarray(category)).fillna(self.overall_)
        return np.asarray(np.maximum(median.to_numpy() - np.asarray(elapsed, dtype=float), 0.0))


def _median(gaps: pd.DataFrame) -> float:
    """First time by which at least half have come back, by the product-limit estimate."""
    ordered = gaps.sort_values(["elapsed", "event"], ascending=[True, False], kind="stable")
    event = ordered["event"].to_numpy()
    survival = np.cumprod(1 - event / np.arange(len(event), 0, -1))
    half = survival <= 0.5 + 1e-12  # rounding of a product
    if half.any():
        return float(ordered["elapsed"].to_numpy()[half.argmax()])
    return float(ordered.loc[ordered["event"] == 1, "elapsed"].median())
