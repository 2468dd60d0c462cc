"""The inner loops of `QuickScorer`. Imports numba, so import it only inside functions."""

import math

import numpy as np
from numba import njit
from numba.cpython.unsafe.numbers import trailing_zeros  # numba has no public name for it

from models.learners.quickscorer_forest import (
    NAN_LEFT,
    NAN_RIGHT,
    ZERO_LEFT,
    ZERO_RIGHT,
    Forest,
)

#: Rows that pass through all trees together; their features then stay in the cache.
BLOCK = 256

#: LightGBM takes whatever is no further from 0 than this (1e-35 as a float32) to be 0.
ZERO = 1.0000000180025095e-35


@njit(nogil=True, cache=True)
def score(X: np.ndarray, start: int, stop: int, out: np.ndarray, forest: Forest) -> None:
    """Write the sum of the leaves, added in tree order, for the rows from `start` to `stop`."""
    planes = np.zeros((len(forest.plane_feature), BLOCK), dtype=X.dtype)
    categories = np.zeros((len(forest.category_feature), BLOCK), dtype=np.int32)
    leaves_left = np.empty(BLOCK, dtype=forest.node_mask.dtype)
    total = np.empty(BLOCK, dtype=np.float64)
    everything = ~forest.node_mask.dtype.type(0)
    for first in range(start, stop, BLOCK):
        rows = min(BLOCK, stop - first)
        _load(X, first, rows, forest, planes, categories)
        total[:] = 0
        for tree in range(len(forest.leaf_start) - 1):
            leaves_left[:] = everything
            for node in range(forest.node_start[tree], forest.node_start[tree + 1]):
                x = planes[forest.node_plane[node]]
                threshold, mask = forest.node_threshold[node], forest.node_mask[node]
                # All of the block, also where the last one is not full: the number of turns
                # is then known, and the compiler needs no branch for the remainder.
                for r in range(BLOCK):
                    leaves_left[r] &= everything if x[r] <= threshold else mask
            for t in range(forest.table_start[tree], forest.table_start[tree + 1]):
                code = categories[forest.table_category[t]]
                masks = forest.table[forest.table_offset[t] :]
                for r in range(BLOCK):
                    leaves_left[r] &= masks[code[r]]
            values = forest.leaf_value[forest.leaf_start[tree] :]
            for r in range(BLOCK):
                total[r] += values[trailing_zeros(leaves_left[r])]  # type: ignore[call-arg]
        out[first : first + rows] = total[:rows]


@njit(nogil=True, cache=True)
def _load(  # noqa: PLR0917 -- numba knows no keyword-only arguments
    X: np.ndarray,
    first: int,
    rows: int,
    forest: Forest,
    planes: np.ndarray,
    categories: np.ndarray,
) -> None:
    """Turn a block of rows into one plane per feature and rule, and numbers of categories."""
    for p in range(len(forest.plane_feature)):
        feature, rule = forest.plane_feature[p], forest.plane_rule[p]
        for r in range(rows):
            planes[p, r] = _comparable(X[first + r, feature], rule)
    for c in range(len(forest.category_feature)):
        feature, count = forest.category_feature[c], forest.category_count[c]
        for r in range(rows):
            categories[c, r] = _category(X[first + r, feature], count)


@njit(nogil=True, cache=True)
def sigmoid(total: np.ndarray, slope: float) -> np.ndarray:
    """Return the probability; `exp` is that of the C library, as in LightGBM."""
    out = np.empty_like(total)
    for i in range(len(total)):
        out[i] = 1.0 / (1.0 + math.exp(-slope * total[i]))
    return out


@njit(inline="always")
def _comparable(value: float, rule: int) -> float:
    """Replace what is missing by what is sent to its side whatever the threshold.

    To the right that is NaN and not infinity: a threshold may be infinite itself, where
    a node sends nothing but missing values to the right.
    """
    x = float(value)
    if abs(x) <= ZERO:
        x = 0.0
    if np.isnan(x):
        if rule == NAN_LEFT:
            return -np.inf
        if rule == NAN_RIGHT:
            return np.nan
        x = 0.0
    if x == 0.0:
        if rule == ZERO_LEFT:
            return -np.inf
        if rule == ZERO_RIGHT:
            return np.nan
    return x


@njit(inline="always")
def _category(x: float, count: int) -> int:
    """Return the number of the category; `count` for one that goes right at every node."""
    if x > -1 and x < count:  # also false for NaN; the rest is cut towards 0, as in C++
        return int(x)
    return count
