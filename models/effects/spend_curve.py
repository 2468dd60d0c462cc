"""Qini of several offers: what a spend path really gains, against the same money at random."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.effects.budget import SpendPath, spend_path
from models.learners.frame import FloatArray
from models.measures.estimate import Estimate
from models.measures.uplift_bootstrap import cell_sums, customer_groups

#: Spends at which curves are compared.
GRID = 101


class SpendCurve(NamedTuple):
    """What a spend path gains on customers it was not learned from."""

    area: Estimate
    """Multi-armed Qini: mean lead over random spending, over all budgets of the path; per
    customer of the base and in the unit of the scores."""
    curve: pd.DataFrame
    """`spend`, `gain`, `low`, `high` and `random`, per customer of the base."""


def multi_arm_qini(
    path: SpendPath,
    scores: pd.DataFrame,
    *,
    cluster: ArrayLike | None = None,
    draws: int = 1000,
    groups: int = 1000,
    bins: int = 200,
    level: float = 0.95,
    seed: int = 0,
) -> SpendCurve:
    """Value a spend path by doubly robust scores, at every budget.

    The comparison spends the same money on customers drawn at random, on the offers whose
    predicted averages make the best use of it. With one offer of the same cost to all, the
    area is the Qini of `models.measures.qini`, up to the share that the path reaches.

    Parameters
    ----------
    path : SpendPath
        Planned from predictions.
    scores : DataFrame of shape (n_customers, n_arms)
        Doubly robust value of each offer against none, of the same customers, in money or
        outcome units, before cost. See `models.measures.arm_scores`.
    cluster : array-like of shape (n_customers,), optional
        The customer of each row, where one has several.
    draws, groups, bins, level, seed
        As in `models.measures.bootstrap_uplift`.

    Returns
    -------
    SpendCurve

    References
    ----------
    .. [1] Sverdrup, E., Wu, H., Athey, S. and Wager, S. (2025). Qini curves for multi-armed
       treatment rules. Journal of Computational and Graphical Statistics.

    Examples
    --------
    >>> truth = pd.DataFrame({"mail": [3.0, 1.0], "gift": [5.0, 6.0]})
    >>> path = spend_path(truth, pd.DataFrame({"mail": [1.0, 1.0], "gift": [4.0, 4.0]}))
    >>> multi_arm_qini(path, truth, draws=50).curve["gain"].iloc[-1]
    np.float64(5.5)
    """
    table = np.column_stack([scores[list(path.arms)].to_numpy(np.float64), np.zeros(len(scores))])
    gained = table[path.customer, path.after] - table[path.customer, path.before]
    n, steps = len(table), len(gained)
    random = np.random.default_rng(seed)
    group, count = customer_groups(n, cluster, groups=groups, random=random)
    weights = random.poisson(1.0, size=(draws, count)).astype(np.float64)
    size = np.bincount(group, minlength=count)
    bin_of = np.arange(steps) * min(bins, max(steps, 1)) // max(steps, 1)
    shape = (count, int(bin_of.max()) + 1 if steps else 1)
    of_step = group[path.customer]
    total = np.maximum(weights @ size, 1.0)[:, None]  # no draw of a few customers is empty
    spent = weights @ cell_sums(of_step, bin_of, path.cost, shape=shape) / total
    gains = weights @ cell_sums(of_step, bin_of, gained, shape=shape) / total

    grid = np.linspace(0, path.cost.sum() / n, GRID)
    lottery = _lottery(path)
    by_group = np.column_stack([np.bincount(group, column, minlength=count) for column in table.T])
    random_gain = _random(lottery, weights @ by_group / total, grid)
    drawn = _at(np.cumsum(spent, axis=1), np.cumsum(gains, axis=1), grid)
    exact = _at(np.cumsum(path.cost)[None] / n, np.cumsum(gained)[None] / n, grid)[0]
    at_random = _random(lottery, table.mean(axis=0)[None], grid)[0]

    tail = [(1 - level) / 2, (1 + level) / 2]
    # Draws are centred on the binned curve; their spread belongs around the exact one.
    low, high = np.quantile(drawn, tail, axis=0) + exact - drawn.mean(axis=0)
    lead = (drawn - random_gain).mean(axis=1)
    area = float((exact - at_random).mean())
    ends = np.quantile(lead, tail) + area - lead.mean()
    curve = pd.DataFrame(
        {"spend": grid, "gain": exact, "low": low, "high": high, "random": at_random}
    )
    return SpendCurve(Estimate(area, float(ends[0]), float(ends[1])), curve)


def _lottery(path: SpendPath) -> SpendPath:
    """Plan for the average customer: what one would do who knew averages only."""
    names = list(path.arms)
    return spend_path(
        pd.DataFrame([path.mean_value], columns=names),
        pd.DataFrame([path.mean_cost], columns=names),
    )


def _random(lottery: SpendPath, means: FloatArray, grid: FloatArray) -> FloatArray:
    """Gain of random spending in every draw; `means` has shape (draws, n_arms + 1)."""
    gained = means[:, lottery.after] - means[:, lottery.before]
    spent = np.broadcast_to(np.cumsum(lottery.cost), gained.shape)
    return _at(spent, np.cumsum(gained, axis=1), grid)


def _at(spent: FloatArray, gained: FloatArray, grid: FloatArray) -> FloatArray:
    """Read curves at given spends; flat after their end."""
    return np.array(
        [
            np.interp(grid, np.concatenate(([0.0], x)), np.concatenate(([0.0], y)))
            for x, y in zip(spent, gained, strict=True)
        ]
    )
