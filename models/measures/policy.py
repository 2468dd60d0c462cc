"""What a way of choosing arms is worth, from customers whose arm was drawn at random."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.measures.doubly_robust import Floats, arm_scores
from models.measures.estimate import Estimate
from models.measures.sample import MeasureError

Probability = pd.DataFrame | Mapping[str, float] | None


def policy_value(
    y: ArrayLike,
    chosen: ArrayLike,
    arm: ArrayLike,
    *,
    probability: Probability = None,
    expected: pd.DataFrame | None = None,
) -> float:
    """Mean outcome per customer if each had been given the arm `chosen` for them.

    Parameters
    ----------
    y : array-like of shape (n_customers,)
        Observed outcome.
    chosen : array-like of shape (n_customers,)
        The arm the policy gives, by name; it must not depend on `y`.
    arm : array-like of shape (n_customers,)
        The arm that was drawn, by name.
    probability, expected : optional
        See `models.measures.doubly_robust.arm_scores`.

    Returns
    -------
    float
        In the unit of `y`, per customer of the base.

    Raises
    ------
    MeasureError
        If the policy gives an arm that nobody drew.

    References
    ----------
    .. [1] Dudik, M., Langford, J. and Li, L. (2011). Doubly robust policy evaluation and
       learning. ICML, 1097-1104.

    Examples
    --------
    >>> arm = ["no", "mail", "no", "mail"]
    >>> policy_value([0, 1, 2, 3], chosen=["mail"] * 4, arm=arm)
    2.0
    """
    return float(values_of(arm_scores(y, arm, probability=probability, expected=expected), chosen))


def policy_value_interval(
    y: ArrayLike,
    chosen: ArrayLike,
    arm: ArrayLike,
    *,
    against: ArrayLike | None = None,
    probability: Probability = None,
    expected: pd.DataFrame | None = None,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> Estimate:
    """Value of a policy with its interval, or its lead over another policy.

    The lead is paired: customers to whom both give the same arm add nothing to its noise.

    Parameters
    ----------
    y, chosen, arm, probability, expected
        As in `policy_value`.
    against : array-like of shape (n_customers,), optional
        Arms given by another policy, such as one arm for all; the result is then the
        difference.
    cluster : array-like of shape (n_customers,), optional
        The customer of each row, where one has several.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    Estimate
        In the unit of `y`, per customer of the base.
    """
    scores = arm_scores(y, arm, probability=probability, expected=expected)
    each = taken_by(scores, chosen)
    if against is not None:
        each = each - taken_by(scores, against)
    return mean_interval(each, cluster=cluster, level=level)


def taken_by(scores: pd.DataFrame, chosen: ArrayLike) -> Floats:
    """Return each customer's score under the arm chosen for them; shape (n_customers,)."""
    wanted = np.asarray(chosen).astype(str)
    position = scores.columns.get_indexer(pd.Index(np.broadcast_to(wanted, (len(scores),))))
    if (position < 0).any():
        unknown = sorted(set(np.unique(wanted).tolist()) - set(scores.columns))
        raise MeasureError(
            f"the policy gives {unknown}, but customers only drew {list(scores.columns)}. An arm "
            f"that nobody drew cannot be valued."
        )
    return scores.to_numpy()[np.arange(len(scores)), position]


def values_of(scores: pd.DataFrame, chosen: ArrayLike) -> float:
    """Return the mean score under the chosen arms."""
    return float(taken_by(scores, chosen).mean())


class Comparison(NamedTuple):
    """A share of customers treated by a ranking, beside the plain alternatives."""

    ranking: Estimate
    """Gain of treating the best share."""
    everybody: Estimate
    """Lead of the ranking over treating all."""
    random: Estimate
    """Lead of the ranking over treating the same share at random."""
    propensity: Estimate | None
    """Lead of the ranking over treating the same share by probability to respond."""


def compare_policies(
    gain: ArrayLike,
    effect: ArrayLike,
    *,
    share: float,
    propensity: ArrayLike | None = None,
    contact_cost: float = 0.0,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> Comparison:
    """Value the best share of a ranking against all, nobody, random and propensity.

    Nobody treated gains 0, so `ranking` is also the lead over treating nobody.

    Parameters
    ----------
    gain : array-like of shape (n_customers,)
        Effect scores, see `models.measures.doubly_robust.effect_scores`.
    effect : array-like of shape (n_customers,)
        Predicted effect.
    share : float
        Share of customers treated, in (0, 1].
    propensity : array-like of shape (n_customers,), optional
        Predicted probability to respond.
    contact_cost : float
        Cost of treating a customer, in the unit of `gain`.
    cluster, level
        As in `policy_value_interval`.

    Returns
    -------
    Comparison
        Per customer of the base, in the unit of `gain`.

    Examples
    --------
    >>> compare_policies([3.0, 1.0, -1.0, 1.0], [4, 3, 1, 2], share=0.5).random.value
    0.5
    """
    net = np.asarray(gain, dtype=np.float64) - contact_cost

    def interval(each: Floats) -> Estimate:
        return mean_interval(each, cluster=cluster, level=level)

    best = best_share(effect, share)
    return Comparison(
        ranking=interval(net * best),
        everybody=interval(net * (best - 1)),
        random=interval(net * (best - share)),
        propensity=None
        if propensity is None
        else interval(net * (best - best_share(propensity, share))),
    )


def best_share(score: ArrayLike, share: float) -> Floats:
    """Return how much of each customer is among the best share: 1, 0, or part of a tie."""
    if not 0 < share <= 1:
        raise MeasureError(f"share is {share}; it has to lie in (0, 1], such as 0.1 for a tenth.")
    ranking = np.asarray(score, dtype=np.float64)
    _, block, count = np.unique(-ranking, return_inverse=True, return_counts=True)
    before = np.r_[0, np.cumsum(count)[:-1]]
    part = np.clip((share * len(ranking) - before) / count, 0.0, 1.0)
    return np.asarray(part[block], dtype=np.float64)


def mean_interval(
    each: ArrayLike, *, cluster: ArrayLike | None = None, level: float = 0.95
) -> Estimate:
    """Mean with a normal interval; rows of one cluster count as one observation.

    Examples
    --------
    >>> mean_interval([1.0, 2.0, 3.0]).value
    2.0
    """
    from statistics import NormalDist

    values = np.asarray(each, dtype=np.float64)
    mean = float(values.mean())
    off: Floats = values - mean
    if cluster is not None:
        off = np.bincount(pd.factorize(np.asarray(cluster))[0], weights=off).astype(np.float64)
    count = len(off)
    se = math.sqrt(float(off @ off) * count / max(count - 1, 1)) / len(values)
    half = NormalDist().inv_cdf((1 + level) / 2) * se
    return Estimate(mean, mean - half, mean + half)
