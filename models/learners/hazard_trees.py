"""The trees of a hazard: grown from a line on person-periods, as many as held-out ones ask for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lightgbm import Booster

#: Rounds without a gain after which no more trees are tried.
_PATIENCE = 25


def grown(
    matrix: np.ndarray,
    event: np.ndarray,
    offset: np.ndarray,
    group: np.ndarray,
    *,
    categorical: Sequence[int],
    parameters: Mapping[str, Any],
    max_trees: int,
    folds: int,
) -> "Booster":
    """Grow trees that start from an offset; cross-validation says how many, 0 included.

    Parameters
    ----------
    matrix : array of shape (n_rows, n_columns)
        What the trees see.
    event : array of shape (n_rows,)
        0 or 1.
    offset : array of shape (n_rows,)
        Log-odds that the trees add to.
    group : array of shape (n_rows,)
        Rows of one group stay in one part; numbered from 0.
    categorical : sequence of int
        Columns that hold codes.
    parameters : mapping
        Those of LightGBM that differ from what holds here always; `seed` among them.
    max_trees, folds : int
        As in `HazardClassifier`.
    """
    import lightgbm

    settings = {
        "objective": "binary",
        "boost_from_average": False,
        "min_data_in_leaf": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **parameters,
    }
    data = lightgbm.Dataset(
        matrix,
        label=event,
        init_score=offset,
        categorical_feature=list(categorical),
        params=settings,
        free_raw_data=False,
    )
    if max_trees == 0:
        return lightgbm.Booster(settings, data)
    history = lightgbm.cv(
        settings,
        data,
        num_boost_round=max_trees,
        folds=_folds(group, folds, int(settings["seed"])),
        callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
    )
    losses = np.asarray(history["valid binary_logloss-mean"])
    of_line = float((np.logaddexp(0, offset) - event * offset).mean())
    trees = int(np.argmin([of_line, *losses]))
    if trees == 0:  # which `train` refuses
        return lightgbm.Booster(settings, data)
    return lightgbm.train(settings, data, num_boost_round=trees)


def _folds(group: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to train and to test on; no group is in both."""
    number = int(group.max()) + 1
    parts = min(folds, number)
    if parts < 2:  # noqa: PLR2004 -- something seen and something held out
        raise ValueError("groups names one customer only: at least 2 are needed to hold one out.")
    fold = np.random.default_rng(seed).permutation(number)[group] % parts
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(parts)]
