"""What some weeks differ from what the other weeks lead one to expect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from models.learners.frame import FloatArray
from models.learners.trial import TrialError
from models.measures.estimate import Estimate

#: Most autocorrelation that is believed; more of it looks like a trend.
MOST_MEMORY = 0.8
#: Fewest baseline weeks beyond the number of columns.
FEWEST_WEEKS = 8


@dataclass(frozen=True)
class WeeklyBaseline:
    """A regression of quiet weeks, with memory from week to week in what is left.

    Seasons and festivals multiply sales, so logarithms are explained.

    Attributes
    ----------
    design : array of shape (n_weeks, k)
        Columns that explain a week, all weeks.
    series : array of shape (n_weeks,)
        What happened, 0 or more.
    expected : array of shape (n_weeks,)
        What the baseline expects of every week.
    memory : float
        Correlation of what is left of a week with the next, in [0, 0.8].
    variance : float
        Variance of what is left, in logarithms.
    spread : array of shape (k, k)
        Covariance of the coefficients, over `variance`.
    freedom : int
        Quiet weeks less columns.
    """

    design: FloatArray
    series: FloatArray
    expected: FloatArray
    memory: float
    variance: float
    spread: FloatArray
    freedom: int

    @classmethod
    def fit(
        cls,
        design: FloatArray,
        series: FloatArray,
        *,
        quiet: NDArray[np.bool_],
        reference: FloatArray,
        least: float,
    ) -> Self:
        """Learn from the quiet weeks.

        Parameters
        ----------
        design, series
            As the attributes.
        quiet : array of shape (n_weeks,)
            Weeks to learn from.
        reference : array of shape (n_weeks,)
            What `series` is a multiple of, such as the same products in other stores; ones
            where there is none.
        least : float
            Added before taking logarithms, so that a week without sales has one: half of
            the smallest amount.

        Raises
        ------
        TrialError
            If there are too few of them.
        """
        columns = design[:, _independent(design[quiet])]
        seen, width = columns[quiet], columns.shape[1]
        freedom = int(quiet.sum()) - width
        if freedom < FEWEST_WEEKS:
            raise TrialError(
                f"{int(quiet.sum())} quiet weeks are too few to know what {width} columns "
                f"(level, trend, season, ...) lead one to expect; {width + FEWEST_WEEKS} are "
                f"needed. Pass more history"
            )
        inverse = np.linalg.inv(seen.T @ seen)
        # A margin may be below 0 in a week of giving away; a quiet one counts as none then.
        # So does one of the stores that they are compared with.
        reference = np.maximum(reference, 0.0)
        ratio = np.log((np.maximum(series[quiet], 0.0) + least) / (reference[quiet] + least))
        solution = inverse @ seen.T @ ratio
        rest = ratio - seen @ solution
        # The mean of a multiple is not the multiple at the mean logarithm. What is expected of
        # quiet weeks has to add up to what they sold: the mean of the ratios (Duan's smearing)
        # would count the noise of the reference as well, and expect too much.
        plain = np.exp(columns @ solution) * (reference + least)
        smearing = float((series[quiet] + least).sum() / plain[quiet].sum())
        expected = np.maximum(smearing * plain - least, 0.0)
        memory = _memory(rest, np.flatnonzero(quiet), freedom)
        at = np.flatnonzero(quiet)
        correlation = memory ** np.abs(at[:, None] - at[None, :])
        # Fitted columns take up some of the noise, more of it where noise has memory.
        hat = seen @ inverse @ seen.T
        left = float(np.trace(correlation) - np.trace(hat @ correlation))
        variance = float(rest @ rest) / max(left, 1.0)
        sandwich = inverse @ seen.T @ correlation @ seen @ inverse
        return cls(columns, series, expected, memory, variance, sandwich, freedom)

    def gap(self, weeks: NDArray[np.bool_]) -> "Gap":
        """Return what the given weeks add up to beyond the baseline.

        Weeks that sell more than expected are as much noisier: sales are counts.
        """
        at = np.flatnonzero(weeks)
        rise = np.ones(len(at))
        busy = self.expected[at] > 0
        rise[busy] = np.maximum(1.0, self.series[at][busy] / self.expected[at][busy])
        root = self.expected[at] * np.sqrt(rise)
        correlation = self.memory ** np.abs(at[:, None] - at[None, :])
        total = self.expected[at] @ self.design[at]
        return Gap(
            float((self.series - self.expected)[at].sum()),
            self.variance * float(root @ correlation @ root),
            math.sqrt(self.variance * float(total @ self.spread @ total)),
            self.freedom,
        )


class Gap(NamedTuple):
    """What some weeks add up to beyond the baseline, and two reasons to doubt it."""

    value: float
    noise: float
    """Variance of those weeks around what one has to expect of them."""
    doubt: float
    """Standard error of what one has to expect of them."""
    freedom: int
    """Quiet weeks less the columns fitted to them."""

    def times(self, factor: float) -> "Gap":
        """Return the gap in another unit."""
        return Gap(self.value * factor, self.noise * factor**2, self.doubt * factor, self.freedom)


def added(gaps: Sequence[Gap], *, level: float) -> Estimate:
    """Return the sum of gaps with its interval.

    Different weeks have noise of their own. What one has to expect of them was learned
    from the same quiet weeks, so those errors are taken to go the same way.
    """
    from scipy.stats import t

    value = sum(gap.value for gap in gaps)
    error = math.sqrt(sum(gap.noise for gap in gaps) + sum(gap.doubt for gap in gaps) ** 2)
    half = float(t.ppf((1 + level) / 2, gaps[0].freedom)) * error
    return Estimate(value, value - half, value + half)


def _independent(columns: FloatArray) -> list[int]:
    """Return positions of columns that are no combination of those before."""
    kept: list[int] = []
    for position in range(columns.shape[1]):
        tried = columns[:, [*kept, position]]
        scaled = tried / np.maximum(np.linalg.norm(tried, axis=0), 1e-12)
        if np.linalg.matrix_rank(scaled, tol=1e-8) == len(kept) + 1:
            kept.append(position)
    return kept


def _memory(rest: FloatArray, at: NDArray[np.int64], freedom: int) -> float:
    """Correlation of a week with the next, corrected for what the fit took away."""
    next_to = np.diff(at) == 1
    if not next_to.any() or not rest.any():
        return 0.0
    raw = float(rest[:-1][next_to] @ rest[1:][next_to] / (rest @ rest)) * len(rest) / next_to.sum()
    return float(np.clip(raw + (1 + 3 * raw) / freedom, 0.0, MOST_MEMORY))
