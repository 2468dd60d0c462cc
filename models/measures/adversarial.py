"""Whether rows to be scored can be told from the rows that were learned from."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.measures.roc_auc import roc_auc

#: Small trees suffice to notice a difference, and take a second.
_TREES = {"num_leaves": 15, "min_data_in_leaf": 50, "learning_rate": 0.2, "verbosity": -1}
_ROUNDS = 40


def adversarial_auc(
    X: pd.DataFrame, is_scored: ArrayLike, *, groups: ArrayLike, seed: int = 0
) -> float:
    """Area under the ROC curve of a classifier that tells two samples of rows apart.

    Cross-fitted in two halves of customers, so that a customer who is in both samples is
    never recognised.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        The features of both samples.
    is_scored : array-like of shape (n_rows,)
        1 for rows to be scored, 0 for rows that were learned from.
    groups : array-like of shape (n_rows,)
        The customer of each row.
    seed : int
        Draws the halves.

    Returns
    -------
    float
        0.5 if the samples are alike, 1 if they have nothing in common.

    References
    ----------
    .. [1] Pan, J., Pham, V., Dorairaj, M., Chen, H. and Lee, J.-Y. (2020). Adversarial
       validation approach to concept drift problem. AdKDD 2020.
    """
    import lightgbm

    y = np.asarray(is_scored, dtype=float)
    codes, names = pd.factorize(np.asarray(groups))
    half = np.random.default_rng(seed).permutation(len(names))[codes] % 2 == 0
    matrix = np.column_stack([_numbers(column) for _, column in X.items()])
    settings = {"objective": "binary", "seed": seed, "deterministic": True, **_TREES}
    areas = []
    for seen in (half, ~half):
        booster = lightgbm.train(
            settings, lightgbm.Dataset(matrix[seen], label=y[seen]), num_boost_round=_ROUNDS
        )
        areas.append(float(roc_auc(y[~seen], booster.predict(matrix[~seen]))))
    return float(np.mean(areas))


def _numbers(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    return pd.factorize(column)[0].astype(float)
