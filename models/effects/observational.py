"""When nobody drew lots: overlap, trimming, negative control and sensitivity.

Without a draw, a difference between arms is an effect only if all that drove both choice
and outcome is among the columns. Nothing here can show that. It shows where arms cannot be
compared at all, and how much would have to be hidden to explain the effect away. Reports
on such data are stamped "observational".
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from models.learners.trial import TrialError
from models.measures.estimate import Estimate
from models.measures.policy import mean_interval


def overlap_table(probability: pd.DataFrame, arm: ArrayLike, *, bins: int = 10) -> pd.DataFrame:
    """Count, per arm and range of fitted probability, who was in the arm and who was not.

    Parameters
    ----------
    probability : DataFrame of shape (n, n_arms)
        Fitted probability of each arm, in [0, 1].
    arm : array-like of shape (n,)
        The arm of each customer.
    bins : int
        Number of ranges of equal width.

    Returns
    -------
    DataFrame
        `arm`, `low`, `high`, `inside`, `outside`, one row per arm and range. A range with
        many on one side and nobody on the other holds customers who cannot be compared.

    Examples
    --------
    >>> chance = pd.DataFrame({"a": [0.1, 0.9], "no": [0.9, 0.1]})
    >>> table = overlap_table(chance, ["no", "a"], bins=2)
    >>> table.query("arm == 'a'")[["inside", "outside"]].values.tolist()
    [[0, 1], [1, 0]]
    """
    names = np.asarray(arm).astype(str)
    edges = np.linspace(0, 1, bins + 1)
    rows: list[dict[str, object]] = []
    for name in probability.columns:
        part = np.clip(np.searchsorted(edges, probability[name], side="right") - 1, 0, bins - 1)
        inside = np.bincount(part[names == name], minlength=bins)
        outside = np.bincount(part[names != name], minlength=bins)
        rows.extend(
            {"arm": name, "low": edges[i], "high": edges[i + 1], "inside": a, "outside": b}
            for i, (a, b) in enumerate(zip(inside, outside, strict=True))
        )
    return pd.DataFrame(rows)


class Trimmed(NamedTuple):
    """Customers who can be compared."""

    kept: NDArray[np.bool_]
    """True for customers who stay; shape (n,)."""
    dropped: int
    """How many are left out. The effect then speaks of the others only."""


def trim(probability: pd.DataFrame, *, least: float = 0.05) -> Trimmed:
    """Leave out customers who had almost no chance of some arm.

    Parameters
    ----------
    probability : DataFrame of shape (n, n_arms)
        Fitted probability of each arm.
    least : float
        Least probability of every arm, in [0, 1).

    Returns
    -------
    Trimmed

    Raises
    ------
    TrialError
        If nobody would be left.

    References
    ----------
    .. [1] Crump, R. K., Hotz, V. J., Imbens, G. W. and Mitnik, O. A. (2009). Dealing with
       limited overlap in estimation of average treatment effects. Biometrika 96, 187-199.

    Examples
    --------
    >>> trim(pd.DataFrame({"a": [0.5, 0.99], "no": [0.5, 0.01]})).dropped
    1
    """
    kept = (probability >= least).all(axis=1).to_numpy()
    if not kept.any():
        raise TrialError(
            f"no customer had a chance of {least:g} or more of every arm: the arms are different "
            f"kinds of customers, and what they did cannot be compared"
        )
    return Trimmed(kept, int((~kept).sum()))


class NegativeControl(NamedTuple):
    """Effect on an outcome that the offer cannot have changed."""

    effect: Estimate
    passed: bool
    """Whether the interval covers 0; if not, something hidden drives choice and outcome."""


def negative_control(
    scores: ArrayLike, *, cluster: ArrayLike | None = None, level: float = 0.95
) -> NegativeControl:
    """Look for an effect where there can be none.

    Parameters
    ----------
    scores : array-like of shape (n,)
        Effect scores (`models.measures.effect_scores`) of the untouched outcome, with the
        same probabilities as the real one.
    cluster, level
        As in `models.measures.policy.mean_interval`.

    Returns
    -------
    NegativeControl
    """
    effect = mean_interval(scores, cluster=cluster, level=level)
    return NegativeControl(effect, effect.low <= 0 <= effect.high)


class Sensitivity(NamedTuple):
    """How strong a hidden cause would have to be, in [0, 1]; small values are fragile."""

    to_zero: float
    """Share of what is left of choice and of outcome that it explains if the effect is 0."""
    to_insignificance: float
    """The same, if the interval of the effect only just touches 0."""


def sensitivity_value(effect: Estimate, *, customers: int, level: float = 0.95) -> Sensitivity:
    r"""Return the robustness value of an effect.

    A hidden cause that explains less than this share of the remaining variance of both the
    choice and the outcome cannot have produced the effect. With `f = |t| / sqrt(n)` it is
    :math:`(\sqrt{f^4 + 4 f^2} - f^2) / 2`.

    Parameters
    ----------
    effect : Estimate
        An effect with its interval at `level`.
    customers : int
        Number of customers it comes from.
    level : float
        Confidence level of the interval, in (0, 1).

    Returns
    -------
    Sensitivity

    References
    ----------
    .. [1] Cinelli, C. and Hazlett, C. (2020). Making sense of sensitivity: extending
       omitted variable bias. JRSS B 82, 39-67.

    Examples
    --------
    >>> value = sensitivity_value(Estimate(0.02, 0.01, 0.03), customers=10_000)
    >>> round(value.to_zero, 3), round(value.to_insignificance, 3)
    (0.038, 0.019)
    """
    from statistics import NormalDist

    critical = NormalDist().inv_cdf((1 + level) / 2)
    error = (effect.high - effect.low) / (2 * critical)
    t = abs(effect.value) / error

    def value_of(f: float) -> float:
        return (math.sqrt(f**4 + 4 * f**2) - f**2) / 2

    root = math.sqrt(customers)
    return Sensitivity(value_of(t / root), value_of(max(0.0, t - critical) / root))


def clipped(probability: pd.DataFrame, *, least: float = 0.01) -> tuple[pd.DataFrame, int]:
    """Raise small fitted probabilities to `least`, and count the customers it concerns."""
    low: NDArray[np.bool_] = probability.to_numpy() < least
    return probability.clip(lower=least), int(low.any(axis=1).sum())
