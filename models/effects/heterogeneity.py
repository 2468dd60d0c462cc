"""Whether customers differ in what an offer changes: one by one, in groups, or not at all.

Two questions are asked in turn, of rows that the answer was not learned from:

1. Does the effect rise with the prediction? The slope through held-out predictions has to
   lie above 0 (`models.measures.effect_line`).
2. If not: do the groups of one declared column differ? That is a chi-squared test of equal
   averages, adjusted for the number of columns.

If neither shows anything, everybody is given the average effect: a difference that the
data do not show is noise, and acting on it costs money. Both questions together raise a
false alarm in 5 of 100 cases without any difference; the first has four of them. With
several offers, each has its share.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from models.learners.frame import FloatArray
from models.measures.gates import Line
from models.measures.policy import mean_interval

#: Probability of a false alarm of each question, over all offers.
FALSE_SLOPE, FALSE_SEGMENTS = 0.04, 0.01
#: A number is cut into so many groups of about equal size.
CUTS = 3
#: Most values of a text that are groups of their own; the rest are one together.
MOST_VALUES = 8
#: Fewest customers of a group.
FEWEST = 200

Kind = Literal["individual", "segments", "average"]


def slope_p_value(line: Line) -> float:
    """Return the one-sided p-value of the slope of held-out effects on predicted ones.

    Predictions are made crosswise, so folds judge each other: where the pattern that one fold
    teaches is found in another, the pattern of the other is found in the first. Every
    agreement is counted twice, and without any difference the slope varies by twice the
    variance that it has given the predictions. (With patterns b of K folds the sum is that of
    <b_j, b_k> over all ordered pairs, twice the sum over pairs.)
    """
    error = (line.slope.high - line.slope.low) / (2 * NormalDist().inv_cdf(0.975))
    error *= math.sqrt(2)
    if error <= 0:
        return 1.0
    return 1 - NormalDist().cdf(line.slope.value / error)


def is_individual(line: Line, *, offers: int) -> bool:
    """Tell whether effects are surely larger where they are predicted larger."""
    return slope_p_value(line) < FALSE_SLOPE / offers


@dataclass(frozen=True)
class Segment:
    """A group of customers and the average effect in it.

    Attributes
    ----------
    name : str
        The condition, in words.
    low, high : float, optional
        Values of a number from `low` on and below `high`; open where missing.
    texts : tuple of str
        Values of a text; empty for a number, and for the group of all others.
    effect, effect_low, effect_high : float
        Average effect, drawn towards the effect of all by as much as it may be noise, and
        its interval.
    customers : int
        Rows it was learned from.
    """

    name: str
    low: float | None
    high: float | None
    texts: tuple[str, ...]
    effect: float = 0.0
    effect_low: float = 0.0
    effect_high: float = 0.0
    customers: int = 0


@dataclass(frozen=True)
class SegmentRule:
    """The effect of an offer by groups of one column.

    Attributes
    ----------
    column : str
        What is asked.
    text : bool
        Whether it is a text.
    segments : tuple of Segment
        The groups; the last takes everybody whom no other takes, missing values included.
    p_value : float
        Of equal effects in all groups, adjusted for the number of columns asked.
    """

    column: str
    text: bool
    segments: tuple[Segment, ...]
    p_value: float

    def position(self, X: pd.DataFrame) -> NDArray[np.int64]:
        """Return the group of each row."""
        return _positions(X[self.column], self.segments)

    def effects(self, X: pd.DataFrame) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the effect of each row and both ends of its interval."""
        table = np.array([[s.effect, s.effect_low, s.effect_high] for s in self.segments])
        value, low, high = table[self.position(X)].T
        return value, low, high

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` needs."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Restore a rule."""
        segments = tuple(
            Segment(**{**one, "texts": tuple(one["texts"])}) for one in document["segments"]
        )
        return cls(document["column"], document["text"], segments, document["p_value"])


def find_segments(
    score: ArrayLike,
    X: pd.DataFrame,
    columns: Sequence[str],
    *,
    offers: int = 1,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> SegmentRule | None:
    """Return the column whose groups differ most surely in their average effect.

    Parameters
    ----------
    score : array-like of shape (n,)
        Doubly robust effect scores.
    X : DataFrame of shape (n, n_columns)
        What was known before.
    columns : sequence of str
        Columns that may be asked about.
    offers : int
        How many offers share the risk of a false alarm.
    cluster : array-like of shape (n,), optional
        The customer of each row.
    level : float
        Confidence level of the effects' intervals.

    Returns
    -------
    SegmentRule, optional
        None where no column's groups surely differ.

    Examples
    --------
    >>> X = pd.DataFrame({"member": ["gold", "plain"] * 500})
    >>> noise = np.random.default_rng(0).normal(size=1000)
    >>> rule = find_segments(np.tile([1.0, 0.0], 500) + noise, X, ["member"])
    >>> [segment.name for segment in rule.segments]
    ['member is gold', 'member is plain, or anything else']
    >>> find_segments(noise, X, ["member"]) is None
    True
    """
    from scipy.stats import chi2

    scores = np.asarray(score, dtype=np.float64)
    best: tuple[float, str, list[Segment]] | None = None
    asked = [name for name in columns if name in X]
    for name in asked:
        groups = _groups(X[name])
        code = _positions(X[name], groups)
        filled = [k for k in range(len(groups)) if (code == k).sum() >= FEWEST]
        if len(filled) < 2:  # noqa: PLR2004 - nothing to compare
            continue
        code, groups = _merged(code, groups, filled)
        mean, error = _means(scores, code, len(groups), cluster)
        center = float((mean / error**2).sum() / (1 / error**2).sum())
        distance = float((((mean - center) / error) ** 2).sum())
        p = min(1.0, float(chi2.sf(distance, len(groups) - 1)) * len(asked))
        if best is None or p < best[0]:
            best = (
                p,
                name,
                _shrunk(groups, code, mean=mean, error=error, center=center, level=level),
            )
    if best is None or best[0] >= FALSE_SEGMENTS / offers:
        return None
    p, name, segments = best
    return SegmentRule(name, not pd.api.types.is_numeric_dtype(X[name]), tuple(segments), p)


def _groups(column: pd.Series) -> list[Segment]:
    """Cut a column into groups; the last one takes the rest."""
    name = str(column.name)
    if not pd.api.types.is_numeric_dtype(column):
        common = column.value_counts().head(MOST_VALUES - 1).index
        groups = [Segment(f"{name} is {value}", None, None, (str(value),)) for value in common]
        return [*groups, Segment(f"any other {name}", None, None, ())]
    known = column.dropna().to_numpy(np.float64)
    if not len(known):
        return [Segment(f"any {name}", None, None, ())]
    cuts = np.unique(np.quantile(known, np.arange(1, CUTS) / CUTS, method="nearest"))
    cuts = cuts[cuts > known.min()]
    edges = [None, *map(float, cuts), None]
    groups = [Segment(_between(name, low, high), low, high, ()) for low, high in pairwise(edges)]
    return [*groups, Segment(f"no {name}", None, None, ())]


def _between(name: str, low: float | None, high: float | None) -> str:
    if low is None:
        return f"{name} below {high:g}" if high is not None else f"any {name}"
    return f"{name} {low:g} or more" if high is None else f"{name} {low:g} to below {high:g}"


def _positions(column: pd.Series, segments: Sequence[Segment]) -> NDArray[np.int64]:
    code = np.full(len(column), len(segments) - 1)
    if any(segment.texts for segment in segments) or not pd.api.types.is_numeric_dtype(column):
        text = column.astype("string")
        for number, segment in enumerate(segments[:-1]):
            code[text.isin(segment.texts).to_numpy(dtype=bool)] = number
        return code
    values = column.to_numpy(np.float64, na_value=np.nan)
    for number, segment in enumerate(segments[:-1]):
        low = -math.inf if segment.low is None else segment.low
        high = math.inf if segment.high is None else segment.high
        code[(values >= low) & (values < high)] = number
    return code


def _merged(
    code: NDArray[np.int64], groups: list[Segment], filled: list[int]
) -> tuple[NDArray[np.int64], list[Segment]]:
    """Give the rows of groups that are too small to the last one that is not."""
    kept = [groups[k] for k in filled]
    to = np.full(len(groups), len(kept) - 1)
    to[filled] = np.arange(len(kept))
    if filled[-1] != len(groups) - 1:
        kept[-1] = Segment(f"{kept[-1].name}, or anything else", None, None, ())
    return to[code], kept


def _means(
    score: FloatArray, code: NDArray[np.int64], count: int, cluster: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Return the mean score of each group and its standard error."""
    z = NormalDist().inv_cdf(0.975)
    found = []
    for number in range(count):
        inside = code == number
        own = None if cluster is None else np.asarray(cluster)[inside]
        estimate = mean_interval(score[inside], cluster=own)
        found.append((estimate.value, max((estimate.high - estimate.low) / (2 * z), 1e-12)))
    mean, error = np.array(found).T
    return mean, error


def _shrunk(
    groups: Sequence[Segment],
    code: NDArray[np.int64],
    *,
    mean: FloatArray,
    error: FloatArray,
    center: float,
    level: float,
) -> list[Segment]:
    """Draw each mean towards the common one (empirical Bayes, moments)."""
    between = max(0.0, float(np.mean((mean - center) ** 2 - error**2)))
    share = between / (between + error**2)
    half = NormalDist().inv_cdf((1 + level) / 2) * error
    return [
        Segment(
            one.name,
            one.low,
            one.high,
            one.texts,
            effect=float(center + part * (value - center)),
            effect_low=float(value - width),
            effect_high=float(value + width),
            customers=int((code == number).sum()),
        )
        for number, (one, value, width, part) in enumerate(
            zip(groups, mean, half, share, strict=True)
        )
    ]
