"""A LightGBM model as flat arrays in which nodes strike out leaves."""

from typing import NamedTuple, Self

import numpy as np

from models.learners.lightgbm_text import (
    CATEGORICAL,
    DEFAULT_LEFT,
    MISSING_NAN,
    MISSING_ZERO,
    Tree,
)

#: What becomes of a missing value before it is compared with a threshold.
NAN_IS_ZERO, ZERO_LEFT, ZERO_RIGHT, NAN_LEFT, NAN_RIGHT = range(5)

#: Trees with no more leaves than this fit into half a machine word.
_SHORT = 32


class Forest(NamedTuple):
    """The arrays of the kernel.

    A **plane** holds a feature whose missing values are replaced by one rule, so that a
    node needs but one comparison. All categorical nodes of a tree on one feature are merged into
    a table: which leaves are left, by category.

    Attributes
    ----------
    plane_feature, plane_rule : ndarray of shape (n_planes,)
    category_feature, category_count : ndarray of shape (n_categorical,)
        Categorical features, and the first category that is in no set.
    node_start : ndarray of shape (n_trees + 1,)
        Where the numeric nodes of each tree begin.
    node_plane, node_threshold, node_mask : ndarray of shape (n_nodes,)
        A value that is not at most the threshold leaves only the leaves of the mask.
    table_start : ndarray of shape (n_trees + 1,)
        Where the tables of each tree begin.
    table_category, table_offset : ndarray of shape (n_tables,)
        Position among `category_feature`, and where the masks of category 0 lie in `table`.
    table : ndarray
        Masks by category; the last of each table is that of all further categories.
    leaf_start : ndarray of shape (n_trees + 1,)
    leaf_value : ndarray of shape (n_leaves,)
        From left to right within each tree.
    """

    plane_feature: np.ndarray
    plane_rule: np.ndarray
    category_feature: np.ndarray
    category_count: np.ndarray
    node_start: np.ndarray
    node_plane: np.ndarray
    node_threshold: np.ndarray
    node_mask: np.ndarray
    table_start: np.ndarray
    table_category: np.ndarray
    table_offset: np.ndarray
    table: np.ndarray
    leaf_start: np.ndarray
    leaf_value: np.ndarray

    @classmethod
    def of(cls, trees: tuple[Tree, ...], dtype: np.dtype) -> Self:
        """Lay out trees of at most 64 leaves for features of a type.

        For float32 each threshold is rounded down: no float32 lies between the two, so
        every comparison has the same outcome.
        """
        most = max((len(tree.leaf_value) for tree in trees), default=1)
        word = np.dtype(np.uint32 if most <= _SHORT else np.uint64)
        counts = _category_counts(trees)
        place = {feature: i for i, feature in enumerate(counts)}
        planes: dict[tuple[int, int], int] = {}
        nodes: list[tuple[int, float, int]] = []
        tables: list[tuple[int, np.ndarray]] = []
        node_start, table_start, leaves = [0], [0], [np.empty(0)]
        for tree in trees:
            order, spans = _left_to_right(tree)
            leaves.append(tree.leaf_value[order])
            by_feature: dict[int, np.ndarray] = {}
            for node, (first, middle) in enumerate(spans):
                struck = ((1 << (middle - first)) - 1) << first
                mask = ~struck & ((1 << 8 * word.itemsize) - 1)
                feature = int(tree.feature[node])
                if tree.decision[node] & CATEGORICAL:
                    full = np.full(counts[feature] + 1, ~word.type(0), dtype=word)
                    masks = by_feature.setdefault(feature, full)
                    masks[~_goes_left(tree, node, len(masks))] &= word.type(mask)
                else:
                    plane = (feature, _rule(int(tree.decision[node])))
                    number = planes.setdefault(plane, len(planes))
                    nodes.append((number, float(tree.threshold[node]), mask))
            tables += [(place[feature], masks) for feature, masks in by_feature.items()]
            node_start.append(len(nodes))
            table_start.append(len(tables))
        sizes = [len(masks) for _, masks in tables]
        return cls(
            plane_feature=np.array([feature for feature, _ in planes], dtype=np.int64),
            plane_rule=np.array([rule for _, rule in planes], dtype=np.int64),
            category_feature=np.array(list(counts), dtype=np.int64),
            category_count=np.array(list(counts.values()), dtype=np.int64),
            node_start=np.array(node_start),
            node_plane=np.array([number for number, _, _ in nodes], dtype=np.int64),
            node_threshold=_rounded_down(np.array([t for _, t, _ in nodes], dtype=float), dtype),
            node_mask=np.array([mask for _, _, mask in nodes], dtype=word),
            table_start=np.array(table_start),
            table_category=np.array([number for number, _ in tables], dtype=np.int64),
            table_offset=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])[:-1],
            table=np.concatenate([np.empty(0, dtype=word), *(masks for _, masks in tables)]),
            leaf_start=np.cumsum([len(values) for values in leaves]),
            leaf_value=np.concatenate(leaves),
        )


def table_entries(trees: tuple[Tree, ...]) -> int:
    """Return how many entries the tables of categories take together."""
    counts = _category_counts(trees)
    return sum(
        counts[int(feature)] + 1
        for tree in trees
        for feature in set(tree.feature[(tree.decision & CATEGORICAL) > 0])
    )


def _category_counts(trees: tuple[Tree, ...]) -> dict[int, int]:
    """For each categorical feature, the first category that no node sends left."""
    counts: dict[int, int] = {}
    for tree in trees:
        for node in np.flatnonzero(tree.decision & CATEGORICAL):
            feature = int(tree.feature[node])
            known = np.flatnonzero(_set(tree, int(node)))
            counts[feature] = max(counts.get(feature, 0), int(known[-1]) + 1 if len(known) else 0)
    return counts


def _set(tree: Tree, node: int) -> np.ndarray:
    """Return for each category whether the node sends it left."""
    number = int(tree.threshold[node])
    start, stop = tree.category_boundaries[number : number + 2]
    words = tree.category_bits[start:stop].astype("<u4")
    return np.unpackbits(words.view(np.uint8), bitorder="little").astype(bool)


def _goes_left(tree: Tree, node: int, length: int) -> np.ndarray:
    left = np.zeros(length, dtype=bool)
    known = _set(tree, node)[:length]
    left[: len(known)] = known
    left[-1] = False  # stands for all further categories, and for missing
    return left


def _rule(decision: int) -> int:
    missing, left = decision >> 2 & 3, decision & DEFAULT_LEFT
    if missing == MISSING_NAN:
        return NAN_LEFT if left else NAN_RIGHT
    if missing == MISSING_ZERO:
        return ZERO_LEFT if left else ZERO_RIGHT
    return NAN_IS_ZERO


def _left_to_right(tree: Tree) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the leaves from left to right, and for each node the span of its left leaves."""
    order: list[int] = []
    spans = [(0, 0)] * len(tree.feature)
    if not spans:
        return [0], spans
    # A node is visited twice: before its left side is laid out, and after it.
    waiting: list[tuple[int, int]] = [(0, -1)]
    while waiting:
        node, first = waiting.pop()
        if node < 0:
            order.append(-1 - node)
        elif first < 0:
            waiting += [(node, len(order)), (int(tree.left[node]), -1)]
        else:
            spans[node] = (first, len(order))
            waiting.append((int(tree.right[node]), -1))
    return order, spans


def _rounded_down(threshold: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(over="ignore"):
        rounded = threshold.astype(dtype)
    above = rounded.astype(np.float64) > threshold
    rounded[above] = np.nextafter(rounded[above], dtype.type(-np.inf))
    return rounded
