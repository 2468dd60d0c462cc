"""LightGBM's own text format, read as far as prediction needs it."""

from typing import NamedTuple

import numpy as np

#: Bits of `decision_type`; the two above them hold the missing type.
CATEGORICAL, DEFAULT_LEFT = 1, 2

#: Values of the missing type.
MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2


class Tree(NamedTuple):
    """One tree; children below 0 are leaves, numbered `-1 - child`.

    Attributes
    ----------
    feature, threshold, decision, left, right : ndarray of shape (n_nodes,)
        The split of each inner node; the threshold of a categorical one is the number of its
        set in `category_boundaries`.
    leaf_value : ndarray of shape (n_leaves,)
        What a leaf adds, shrinkage included.
    category_boundaries, category_bits : ndarray
        Words of 32 bits; set s has the words from boundary s to boundary s + 1, and a value
        goes left if its bit is set.
    linear : bool
        Whether leaves hold linear models.
    """

    feature: np.ndarray
    threshold: np.ndarray
    decision: np.ndarray
    left: np.ndarray
    right: np.ndarray
    leaf_value: np.ndarray
    category_boundaries: np.ndarray
    category_bits: np.ndarray
    linear: bool


class ModelText(NamedTuple):
    """A saved model: its trees in order, and what is done with their sum."""

    trees: tuple[Tree, ...]
    features: int
    trees_per_iteration: int
    objective: str
    average: bool


def parsed(text: str) -> ModelText:
    """Read what `Booster.save_model` wrote.

    Raises
    ------
    ValueError
        If the text is not such a model.
    """
    head, *parts = text.split("\nTree=")
    header = _fields(head)
    if not head.startswith("tree\n") or "max_feature_idx" not in header:
        raise ValueError("the text is not a model that LightGBM saved: it starts with `tree`.")
    if parts:
        parts[-1] = parts[-1].split("\nend of trees")[0]
    return ModelText(
        trees=tuple(_tree(_fields(part)) for part in parts),
        features=int(header["max_feature_idx"]) + 1,
        trees_per_iteration=int(header["num_tree_per_iteration"]),
        objective=header.get("objective", ""),
        average="average_output" in head.split("\n"),
    )


def _fields(part: str) -> dict[str, str]:
    lines = (line.partition("=") for line in part.split("\n"))
    return {name: value for name, sign, value in lines if sign}


def _tree(field: dict[str, str]) -> Tree:
    def numbers(name: str, dtype: type) -> np.ndarray:
        return np.array(field.get(name, "").split(), dtype=dtype)

    return Tree(
        feature=numbers("split_feature", np.int64),
        threshold=numbers("threshold", np.float64),
        decision=numbers("decision_type", np.int64),
        left=numbers("left_child", np.int64),
        right=numbers("right_child", np.int64),
        leaf_value=numbers("leaf_value", np.float64),
        category_boundaries=numbers("cat_boundaries", np.int64),
        category_bits=numbers("cat_threshold", np.uint32),
        linear=field.get("is_linear", "0").strip() == "1",
    )
