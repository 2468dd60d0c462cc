"""A shallow tree that says in words who gets which offer.

It is the readable alternative to a list by predicted effect: at most three questions, each
about one column. It is not grown greedily: all trees of two levels over the given cut
points are compared, which finds pairs of columns of which neither helps alone.

References
----------
Athey, S. and Wager, S. (2021). Policy learning with observational data. Econometrica 89,
133-161.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.learners.encoder import FrameEncoder
from models.learners.frame import FloatArray, as_frame
from models.learners.trial import TrialError

#: Cut points of a number, at its quantiles; as many values of a text are asked about.
CUTS = 15
#: More rows than this hardly move a tree of two levels.
MOST_ROWS = 100_000


@dataclass(frozen=True)
class Question:
    """A yes-or-no question about one column."""

    column: str
    value: float | str
    """Yes if a number is at or below it, if a text equals it."""

    def __str__(self) -> str:
        """Return it as a condition; missing values answer no."""
        if isinstance(self.value, str):
            return f"{self.column} is {self.value!r}"
        return f"{self.column} <= {self.value:.4g}"


@dataclass(frozen=True)
class PolicyTree:
    """Who gets which offer.

    Attributes
    ----------
    question : Question, optional
        The question at this node; none at a leaf.
    yes, no : PolicyTree, optional
        What follows.
    arm : str
        The offer, if nobody asked further.
    value : float
        Mean score of those who reach this node, in training: it flatters.
    """

    arm: str
    value: float
    question: Question | None = None
    yes: "PolicyTree | None" = None
    no: "PolicyTree | None" = None

    def choose(self, X: Any) -> NDArray[np.str_]:
        """Return the offer of each row."""
        frame = as_frame(X)
        if self.question is None or self.yes is None or self.no is None:
            return np.full(len(frame), self.arm)
        answer = _answer(self.question, frame)
        return np.where(answer, self.yes.choose(frame), self.no.choose(frame))

    def __str__(self) -> str:
        """Return the tree as indented text."""
        return "\n".join(self._lines(""))

    def _lines(self, indent: str) -> Iterator[str]:
        if self.question is None or self.yes is None or self.no is None:
            yield f"{indent}{self.arm}"
            return
        yield f"{indent}if {self.question}:"
        yield from self.yes._lines(indent + "    ")  # noqa: SLF001 - a tree of its own kind
        yield f"{indent}else:"
        yield from self.no._lines(indent + "    ")  # noqa: SLF001 - a tree of its own kind


def fit_policy_tree(
    X: Any, scores: pd.DataFrame, *, depth: int = 2, fewest: int = 100, seed: int = 0
) -> PolicyTree:
    """Find the tree whose offers have the highest mean score.

    Parameters
    ----------
    X : DataFrame of shape (n, n_columns)
        Columns that may be asked about.
    scores : DataFrame of shape (n, n_arms)
        Doubly robust net value of each offer for each customer, a column of zeros for no
        offer among them if that is allowed.
    depth : int
        Levels of questions: 0, 1 or 2.
    fewest : int
        Fewest customers of a leaf.
    seed : int
        Chooses the rows where there are more than 100,000.

    Returns
    -------
    PolicyTree
        Its value on the same rows flatters; measure it on others with
        `models.measures.policy_value`.

    Raises
    ------
    TrialError
        If rows do not match, or the depth is not 0, 1 or 2.

    Examples
    --------
    >>> X = pd.DataFrame({"age": [20, 30, 60, 70]})
    >>> scores = pd.DataFrame({"none": [0.0] * 4, "app": [2.0, 2, -1, -1]})
    >>> print(fit_policy_tree(X, scores, depth=1, fewest=1))
    if age <= 30:
        app
    else:
        none
    """
    frame = as_frame(X)
    if len(frame) != len(scores) or depth not in (0, 1, 2):
        raise TrialError(
            f"X has {len(frame)} rows, scores {len(scores)}, depth is {depth}; pass one row of "
            f"scores per row of X, and a depth of 0, 1 or 2"
        )
    if len(frame) > MOST_ROWS:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(frame))[:MOST_ROWS])
        frame, scores = frame.iloc[chosen], scores.iloc[chosen]
    questions = list(_questions(frame))
    answers = np.zeros((len(questions), len(frame)), dtype=np.float32)
    for row, question in zip(answers, questions, strict=True):
        row[:] = _answer(question, frame)
    arms = tuple(str(name) for name in scores.columns)
    table = scores.to_numpy(np.float64)
    return _grown(questions, answers, table, arms, depth=depth, fewest=fewest)


def _grown(
    questions: list[Question],
    answers: NDArray[np.float32],
    table: FloatArray,
    arms: tuple[str, ...],
    *,
    depth: int,
    fewest: int,
) -> PolicyTree:
    total = table.sum(axis=0)
    best_arm = arms[int(total.argmax())]
    leaf = PolicyTree(best_arm, float(total.max()) / max(len(table), 1))
    if depth == 0 or not len(questions) or len(table) < 2 * fewest:
        return leaf
    if depth == 1:
        reached, value = _best_single(answers, table, fewest)
    else:
        reached, value = _best_pair(answers, table, fewest)
    if reached is None or value <= total.max() + 1e-9 * max(1.0, abs(total.max())):
        return leaf
    yes = answers[reached] > 0
    sides = [
        _grown(questions, answers[:, side], table[side], arms, depth=depth - 1, fewest=fewest)
        for side in (yes, ~yes)
    ]
    return PolicyTree(best_arm, value / len(table), questions[reached], *sides)


def _best_single(
    answers: NDArray[np.float32], table: FloatArray, fewest: int
) -> tuple[int | None, float]:
    """Return the question with the highest total, each side given its best offer."""
    yes = answers @ table
    count = answers.sum(axis=1)
    value = yes.max(axis=1) + (table.sum(axis=0) - yes).max(axis=1)
    value[(count < fewest) | (count > len(table) - fewest)] = -np.inf
    best = int(value.argmax())
    return (best if np.isfinite(value[best]) else None), float(value[best])


def _best_pair(
    answers: NDArray[np.float32], table: FloatArray, fewest: int
) -> tuple[int | None, float]:
    """Return the first question of the best tree of two levels.

    For every first question, the best second one on each side. The sums of all pairs of
    questions are one matrix product per offer.
    """
    n, arms = table.shape
    both = np.stack(
        [(answers * table[:, arm].astype(np.float32)) @ answers.T for arm in range(arms)]
    )
    pairs = answers @ answers.T
    yes, total = answers @ table, table.sum(axis=0)
    count = answers.sum(axis=1)
    value = np.zeros(len(answers))
    for side in (True, False):
        # Of those on this side of the first question (rows), who says yes to the second.
        inside = both if side else (yes.T[:, None, :] - both)
        held = yes.T if side else total[:, None] - yes.T
        of_second = pairs if side else count[None, :] - pairs
        size = count if side else n - count
        split = inside.max(axis=0) + (held[:, :, None] - inside).max(axis=0)
        split[(of_second < fewest) | (size[:, None] - of_second < fewest)] = -np.inf
        value += np.maximum(split.max(axis=1), held.max(axis=0))
    value[(count < fewest) | (count > n - fewest)] = -np.inf
    best = int(value.argmax())
    return (best if np.isfinite(value[best]) else None), float(value[best])


def _questions(frame: pd.DataFrame) -> Iterator[Question]:
    encoder = FrameEncoder(max_levels=CUTS, min_rows=1).fit(frame)
    matrix = encoder.transform(frame)
    for position, column in enumerate(encoder.columns):
        if column.kind == "text":
            yield from (Question(column.name, level) for level in column.levels)
            continue
        known = matrix[~np.isnan(matrix[:, position]), position]
        if len(known):
            cuts = np.quantile(known, np.arange(1, CUTS + 1) / (CUTS + 1), method="lower")
            yield from (Question(column.name, float(cut)) for cut in np.unique(cuts))


def _answer(question: Question, frame: pd.DataFrame) -> NDArray[np.bool_]:
    column = frame[question.column]
    if isinstance(question.value, str):
        return np.asarray(
            (column.astype("string") == question.value).fillna(value=False), dtype=bool
        )
    matrix = FrameEncoder().fit(frame[[question.column]]).transform(frame[[question.column]])
    return np.asarray(matrix[:, 0] <= question.value, dtype=bool)
