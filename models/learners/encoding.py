"""A frame of features as the matrix that trees are grown on, the same at every later time."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd


class Encoding(NamedTuple):
    """Which columns are expected, in which order, and the number of each category.

    Attributes
    ----------
    columns : tuple of str
        Names of the columns, in the order of the matrix.
    categories : mapping
        For each column of texts or categories, its values in the order of their numbers.
    """

    columns: tuple[str, ...]
    categories: Mapping[str, tuple[Any, ...]]

    @classmethod
    def of(cls, X: pd.DataFrame) -> Self:
        """Learn the columns and categories of a frame.

        Examples
        --------
        >>> Encoding.of(pd.DataFrame({"gap": [1.0], "city": ["Ghent"]})).categories
        {'city': ('Ghent',)}
        """
        categories = {
            str(name): tuple(pd.Categorical(X[name].dropna()).categories)
            for name in X.columns
            if not (pd.api.types.is_numeric_dtype(X[name]) or pd.api.types.is_bool_dtype(X[name]))
        }
        return cls(tuple(str(name) for name in X.columns), categories)

    @property
    def categorical(self) -> list[int]:
        """Positions of the columns that hold numbers of categories."""
        return [i for i, name in enumerate(self.columns) if name in self.categories]

    def matrix(self, X: pd.DataFrame) -> np.ndarray:
        """Return the columns as floats; what is missing, or a category never seen, is NaN.

        Raises
        ------
        ValueError
            If a column is absent; further columns are ignored.
        """
        absent = [name for name in self.columns if name not in X.columns]
        if absent:
            raise ValueError(
                f"X lacks {', '.join(absent)}: pass all the columns that the learner was fitted on."
            )
        matrix = np.empty((len(X), len(self.columns)))
        for i, name in enumerate(self.columns):
            if name in self.categories:
                codes = pd.Index(self.categories[name]).get_indexer(pd.Index(X[name]))
                matrix[:, i] = np.where(codes < 0, np.nan, codes)
            else:
                matrix[:, i] = X[name].to_numpy(dtype=float, na_value=np.nan)
        return matrix
