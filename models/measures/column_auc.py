"""How well each column by itself tells two kinds of rows apart."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from models.measures.sample import both_outcomes


def column_auc(y: ArrayLike, X: pd.DataFrame, *, seed: int = 0) -> pd.Series:
    """Area under the ROC curve of every column, taken as a score in its better direction.

    A column that comes near 1 against the outcome has probably seen it. Against "is a row to
    be scored" it means something else there than in the rows that were learned from.

    Missing values count as lowest or as highest, whichever separates more: a leak often is
    in whether a value is there at all. The values of a column that is no number are scored
    by their share of positives among the other half of the rows.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for one kind of row, 0 for the other; both have to occur.
    X : DataFrame of shape (n_rows, n_columns)
        Numbers, truth values, categories or texts, with or without missing values.
    seed : int
        Draws the halves.

    Returns
    -------
    Series of shape (n_columns,)
        By column, the most telling first, in [0, 1]; 0.5 tells nothing. A column that is no
        number may fall below that by chance.

    Raises
    ------
    MeasureError
        If all rows are of one kind.

    Examples
    --------
    >>> rows = pd.DataFrame({"age": [30, 40, 35, 45], "paid_by_card": [None, 1.0, None, 1.0]})
    >>> column_auc([0, 1, 0, 1], rows).to_dict()
    {'age': 1.0, 'paid_by_card': 1.0}
    >>> column_auc([0, 1, 1, 0], rows).to_dict()
    {'age': 0.5, 'paid_by_card': 0.5}
    """
    positive = np.asarray(y).astype(bool)
    both_outcomes(np.asarray(positive.sum()), np.asarray(len(positive)), "column_auc")
    half = np.random.default_rng(seed).permutation(len(positive)) % 2 == 0
    found = {
        str(name): _of_numbers(positive, column.to_numpy(dtype=float, na_value=np.nan))
        if pd.api.types.is_numeric_dtype(column)
        else _of_categories(positive, column, half)
        for name, column in X.items()
    }
    return pd.Series(found, dtype=float).sort_index().sort_values(ascending=False, kind="stable")


def _of_numbers(positive: NDArray[np.bool_], value: NDArray[np.float64]) -> float:
    present = ~np.isnan(value)
    above, pairs = _wins(positive[present], value[present])
    total = float(positive.sum()) * float((~positive).sum())
    known, unknown = positive[present], positive[~present]
    ties = float(unknown.sum()) * float((~unknown).sum()) / 2
    highest = float(unknown.sum()) * float((~known).sum())
    lowest = float(known.sum()) * float((~unknown).sum())
    both_ways = [won + missing for won in (above, pairs - above) for missing in (highest, lowest)]
    return (max(both_ways) + ties) / total


def _wins(positive: NDArray[np.bool_], value: NDArray[np.float64]) -> tuple[float, float]:
    """Return in how many pairs of two kinds the positive is higher, and of how many."""
    _, place, count = np.unique(value, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    positives = float(positive.sum())
    won = float(rank[positive].sum()) - positives * (positives + 1) / 2
    return won, positives * float((~positive).sum())


def _of_categories(
    positive: NDArray[np.bool_], column: pd.Series, half: NDArray[np.bool_]
) -> float:
    codes, values = pd.factorize(column, use_na_sentinel=False)
    score = np.empty(len(codes))
    for seen in (half, ~half):
        share = positive[seen].mean() if seen.any() else 0.5
        times = np.bincount(codes[seen], minlength=len(values)) + 1
        score[~seen] = (
            (np.bincount(codes[seen], weights=positive[seen], minlength=len(values)) + share)
            / times
        )[codes[~seen]]
    won, pairs = 0.0, 0.0
    for judged in (half, ~half):  # within a half: the halves have learned different levels
        above, of = _wins(positive[judged], score[judged])
        won, pairs = won + above, pairs + of
    return won / pairs if pairs else 0.5
