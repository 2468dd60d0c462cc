"""Scores of a LightGBM model for many rows: the same bits, in a fraction of the time."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.learners.lightgbm_text import ModelText, parsed
from models.learners.quickscorer_forest import Forest, table_entries

if TYPE_CHECKING:
    from lightgbm import Booster

#: Rows from which on the kernel is worth compiling, once a process, and the trees worth reading.
WORTH_COMPILING = 20_000

#: A set of leaves is one machine word.
MAX_LEAVES = 64

#: Tables of categories beyond this (128 MB) would be slower than walking down the trees.
MAX_TABLE_ENTRIES = 16_000_000

#: Rows for each thread at a time: enough to be worth a task, few enough to share fairly.
_CHUNK = 16_384


class QuickScorer:
    """Predicts like `Booster.predict`, to the bit, by QuickScorer with bit vectors.

    Instead of walking down each tree, every node whose condition is false strikes out the
    leaves of its left side from a set that is one machine word; the first leaf left is the
    one that is reached. No branch depends on the data, so eight or sixteen rows pass at once.

    Missing values, zeros that count as missing, infinities and categories are treated as
    LightGBM does. Models with what the kernel does not know (more than 64 leaves, several
    classes, linear leaves, random forests, rare objectives) are predicted by LightGBM;
    `fallback` then says why.

    Parameters
    ----------
    model : Booster, Path or str
        A booster, the file of a saved one, or its text.

    Attributes
    ----------
    fallback : str or None
        Why LightGBM predicts, or None where the kernel does.
    features : int
        Number of columns expected.

    References
    ----------
    .. [1] Lucchese, C., Nardini, F. M., Orlando, S., Perego, R., Tonellotto, N. and Venturini,
       R. (2015). QuickScorer: a fast algorithm to rank documents with additive ensembles of
       regression trees. SIGIR '15, 73-82. Rows in blocks: V-QuickScorer, SIGIR '16, 833-836.

    Examples
    --------
    >>> import lightgbm
    >>> X = np.random.default_rng(0).normal(size=(500, 3))
    >>> data = lightgbm.Dataset(X, label=X[:, 0] > 0)
    >>> booster = lightgbm.train({"objective": "binary", "verbosity": -1}, data, 10)
    >>> bool((QuickScorer(booster).predict(X) == booster.predict(X)).all())
    True
    """

    fallback: str | None
    features: int

    def __init__(self, model: "Booster | Path | str") -> None:
        if isinstance(model, Path):
            text = model.read_text(encoding="utf-8")
        else:
            text = model if isinstance(model, str) else model.model_to_string()
        self._text = text
        self._model = parsed(text)
        self._booster: Booster | None = None
        self.features = self._model.features
        self.fallback = _unknown(self._model)
        self._forests: dict[np.dtype, Forest] = {}

    def predict(self, X: np.ndarray, *, raw_score: bool = False, threads: int = 1) -> np.ndarray:
        """Return the prediction for each row.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            float64 or float32, which is half the work; anything else is converted to float64.
            Categories are their numbers; missing is NaN.
        raw_score : bool
            Whether to return the sum of the leaves rather than a probability.
        threads : int
            Number of threads.

        Returns
        -------
        ndarray of shape (n_rows,)
            float64.

        Raises
        ------
        ValueError
            If X does not have the columns of the model.
        """
        if X.ndim != 2 or X.shape[1] != self.features:  # noqa: PLR2004 -- rows and columns
            raise ValueError(
                f"X has shape {X.shape}; the model expects {self.features} columns: "
                "pass the features it was trained on, in that order."
            )
        if X.dtype not in (np.float32, np.float64):
            X = X.astype(np.float64)
        if self.fallback is not None:
            return self._by_lightgbm(X, raw_score=raw_score, threads=threads)
        total = self._summed(X, threads)
        return total if raw_score else _transformed(total, self._model.objective)

    def _summed(self, X: np.ndarray, threads: int) -> np.ndarray:
        from models.learners.quickscorer_kernel import score

        if X.dtype not in self._forests:
            self._forests[X.dtype] = Forest.of(self._model.trees, X.dtype)
        forest = self._forests[X.dtype]
        total = np.empty(len(X))

        def chunk(start: int) -> None:
            score(X, start, min(start + _CHUNK, len(X)), total, forest)

        starts = range(0, len(X), _CHUNK)
        if threads == 1:
            for start in starts:
                chunk(start)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(chunk, starts))
        return total

    def _by_lightgbm(self, X: np.ndarray, *, raw_score: bool, threads: int) -> np.ndarray:
        from lightgbm import Booster

        if self._booster is None:
            self._booster = Booster(model_str=self._text)
        return np.asarray(self._booster.predict(X, raw_score=raw_score, num_threads=threads))


def summed(booster: "Booster", X: np.ndarray, *, threads: int) -> np.ndarray:
    """Return the sum of the leaves for each row, whichever way is quicker; the bits are the same.

    Parameters
    ----------
    booster : lightgbm.Booster
        Fitted.
    X : ndarray of shape (n_rows, n_features)
        As `QuickScorer.predict` takes it.
    threads : int
        Number of threads, or 0 for all.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    if len(X) < WORTH_COMPILING:
        return np.asarray(booster.predict(X, raw_score=True, num_threads=threads))
    return QuickScorer(booster).predict(X, raw_score=True, threads=threads or os.cpu_count() or 1)


def _unknown(model: ModelText) -> str | None:
    """Say what the kernel does not know about the model."""
    if model.trees_per_iteration != 1:
        return "several classes"
    if model.average:
        return "trees are averaged (random forest)"
    if model.objective not in _IDENTITY and model.objective.split(" ")[0] != "binary":
        return f"objective {model.objective}"
    if any(tree.linear for tree in model.trees):
        return "linear leaves"
    most = max((len(tree.leaf_value) for tree in model.trees), default=1)
    if most > MAX_LEAVES:
        return f"{most} leaves in a tree"
    entries = table_entries(model.trees)
    return f"{entries:,} entries for categories" if entries > MAX_TABLE_ENTRIES else None


#: Objectives whose prediction is the sum of the leaves.
_IDENTITY = {
    "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank",
    "rank_xendcg", "",
}  # fmt: skip


def _transformed(total: np.ndarray, objective: str) -> np.ndarray:
    if objective in _IDENTITY:
        return total
    from models.learners.quickscorer_kernel import sigmoid

    slope = dict(part.split(":") for part in objective.split(" ")[1:]).get("sigmoid", "1")
    return np.asarray(sigmoid(total, float(slope)))
