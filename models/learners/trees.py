"""Small boosted trees, many times over parts of the same rows: columns are binned once."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.learners.boosting import REPRODUCIBLE
from models.learners.frame import FloatArray
from models.learners.surfaces import TreeSurface

#: Standard errors by which the best two parts of a node have to differ.
SURE = 8**0.5


@dataclass(frozen=True, kw_only=True)
class Growing:
    """How trees are grown: few and small, because effects are small and noisy."""

    trees: int
    leaves: int
    learning_rate: float
    min_leaf: int
    text: tuple[int, ...]
    threads: int
    seed: int


@dataclass(frozen=True)
class Bins:
    """Rows whose columns LightGBM has binned; any part of them is grown on at once.

    Binning looks at columns only, never at outcomes, so folds may share it. It takes as
    long as growing a hundred small trees.

    Attributes
    ----------
    matrix : array of shape (n, n_columns)
        Encoded columns.
    growing : Growing
        How trees are grown.
    """

    matrix: FloatArray
    growing: Growing
    _data: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        import lightgbm as lgb

        data = lgb.Dataset(
            self.matrix,
            categorical_feature=list(self.growing.text),
            params=self._parameters(len(self.matrix)),
            free_raw_data=True,
        )
        object.__setattr__(self, "_data", data.construct())

    def grow(
        self,
        rows: NDArray[np.int64],
        target: FloatArray,
        *,
        logistic: bool = False,
        weight: FloatArray | None = None,
        surely: bool = False,
    ) -> TreeSurface:
        """Return trees for the target of some of the rows.

        Parameters
        ----------
        rows : array of shape (m,)
            Positions, rising.
        target : array of shape (m,)
            What is learned.
        logistic : bool
            Whether it is 0 or 1.
        weight : array of shape (m,), optional
            How much each row counts.
        surely : bool
            Whether nodes are split only where their parts surely differ; growing ends where
            nothing does. Effects are small beside the noise, which else is what they learn.
        """
        import lightgbm as lgb

        growing = self.growing
        parameters = self._parameters(len(rows)) | {
            "objective": "binary" if logistic else "regression"
        }
        data = self._data.subset(rows, params=parameters).construct()
        data.set_label(target)
        data.set_weight(weight)
        if surely:
            parameters["min_gain_to_split"] = SURE**2 * _noise(target, weight)
        booster = lgb.train(parameters, data, num_boost_round=growing.trees)
        return TreeSurface(booster, (), logistic, growing.threads)

    def _parameters(self, rows: int) -> dict[str, Any]:
        return {
            "num_leaves": self.growing.leaves,
            "learning_rate": self.growing.learning_rate,
            # A leaf holds at most a tenth of the rows of a small sample.
            "min_data_in_leaf": max(5, min(self.growing.min_leaf, rows // 10)),
            "feature_pre_filter": False,  # so that parts may have other leaves than the whole
            "bin_construct_sample_cnt": 50_000,
            "num_threads": self.growing.threads,
            "seed": self.growing.seed,
            **REPRODUCIBLE,
        }


def _noise(target: FloatArray, weight: FloatArray | None) -> float:
    """Return the variance of a row of weight 1: a split gains so much by chance alone."""
    each = np.ones(len(target)) if weight is None else weight
    off = target - np.average(target, weights=each)
    return float(np.mean(each * off**2))
