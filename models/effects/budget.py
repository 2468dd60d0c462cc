"""Several offers under a budget: who gets which, for every budget at once.

Each customer may get one offer or none; each offer has a predicted value and a cost for
each customer. Choosing the best within a budget is a multiple-choice knapsack. Its linear
relaxation is solved exactly by a greedy walk: a customer's offers that lie on the upper
convex hull of value over cost are taken one step at a time, and all customers' steps in the
order of value gained per money spent. The walk passes every budget on its way, and at each
differs from the whole-number optimum by one customer's step at most.

References
----------
Sinha, P. and Zoltners, A. (1979). The multiple-choice knapsack problem. Operations Research
27, 503-515. Sverdrup, E., Wu, H., Athey, S. and Wager, S. (2025). Qini curves for
multi-armed treatment rules. Journal of Computational and Graphical Statistics.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.learners.frame import FloatArray
from models.learners.trial import TrialError

#: Stands for no offer among positions of arms.
NOBODY = -1


@dataclass(frozen=True)
class SpendPath:
    """Upgrades from no offer to better ones, in the order in which a growing budget buys them.

    Attributes
    ----------
    arms : tuple of str
        The offers.
    customers : int
        Number of customers.
    customer, before, after : array of shape (n_steps,)
        Whose step it is, and from which offer to which (positions in `arms`, -1 for none).
    cost, value : array of shape (n_steps,)
        What the step adds, in money and as predicted.
    mean_value, mean_cost : array of shape (n_arms,)
        Average predicted value and cost of each offer.
    """

    arms: tuple[str, ...]
    customers: int
    customer: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    cost: FloatArray
    value: FloatArray
    mean_value: FloatArray
    mean_cost: FloatArray

    def choose(self, budget: float) -> NDArray[np.str_]:
        """Return the offer of each customer within a budget; an empty text for none.

        Parameters
        ----------
        budget : float
            Money for all customers together. The walk stops before the first step that
            it does not cover.
        """
        steps = int(np.searchsorted(np.cumsum(self.cost), budget * (1 + 1e-12), side="right"))
        taken = np.full(self.customers, NOBODY)
        # Later steps of a customer overwrite earlier ones.
        taken[self.customer[:steps]] = self.after[:steps]
        names: NDArray[np.str_] = np.array([*self.arms, ""])[taken]
        return names

    def curve(self) -> pd.DataFrame:
        """Return predicted value at every budget.

        Returns
        -------
        DataFrame of shape (n_steps + 1, 2)
            `spend` and `value`, both for all customers together; concave.
        """
        return pd.DataFrame(
            {
                "spend": np.concatenate(([0.0], np.cumsum(self.cost))),
                "value": np.concatenate(([0.0], np.cumsum(self.value))),
            }
        )


def spend_path(value: pd.DataFrame, cost: pd.DataFrame | None = None) -> SpendPath:
    """Order the upgrades of all customers by value per money.

    Parameters
    ----------
    value : DataFrame of shape (n_customers, n_arms)
        Predicted value of each offer against none, before cost: the effect times the
        margin, less the cost of redemptions by those who would have bought anyway.
    cost : DataFrame of shape (n_customers, n_arms), optional
        Expected cost of each offer to each customer, 0 or more; 1 for all where left out,
        so that the budget is a number of contacts.

    Returns
    -------
    SpendPath
        Offers that gain nothing, or cost more than a better one, never occur.

    Raises
    ------
    TrialError
        If a cost is negative or a value missing.

    Examples
    --------
    Ann gains 3 from a mail that costs 1, and 5 from a gift that costs 4; Bob gains 1 or 6.

    >>> value = pd.DataFrame({"mail": [3.0, 1.0], "gift": [5.0, 6.0]})
    >>> path = spend_path(value, pd.DataFrame({"mail": [1.0, 1.0], "gift": [4.0, 4.0]}))
    >>> path.choose(1.0).tolist(), path.choose(5.0).tolist(), path.choose(8.0).tolist()
    (['mail', ''], ['mail', 'gift'], ['gift', 'gift'])
    """
    gains = value.to_numpy(np.float64)
    costs = np.ones_like(gains) if cost is None else cost[list(value.columns)].to_numpy(np.float64)
    if not np.isfinite(gains).all() or not np.isfinite(costs).all() or (costs < 0).any():
        raise TrialError(
            "value or cost is missing, or a cost is negative. Give each customer a value and a "
            "cost of 0 or more for each offer; money that comes back belongs into the value"
        )
    n, arms = gains.shape
    held = np.full(n, NOBODY)
    held_gain, held_cost = np.zeros(n), np.zeros(n)
    steps: list[tuple[NDArray[Any], ...]] = []
    for _ in range(arms):
        # What every offer would add to the one that is held by now.
        more = gains - held_gain[:, None]
        dearer = costs - held_cost[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where((more > 0) & (dearer >= 0), more / dearer, -np.inf)
        # The steepest is next on the hull; of equals, the one that gains most.
        best_slope = slope.max(axis=1)
        tied = slope == best_slope[:, None]
        best = np.where(tied, more, -np.inf).argmax(axis=1)
        moves = np.flatnonzero(best_slope > -np.inf)
        if not len(moves):
            break
        to = best[moves]
        steps.append((moves, held[moves], to, dearer[moves, to], more[moves, to]))
        held[moves], held_gain[moves], held_cost[moves] = to, gains[moves, to], costs[moves, to]
    nothing = (np.empty(0, dtype=np.int64),) * 3 + (np.empty(0),) * 2
    customer, before, after, extra, added = (
        (np.concatenate(part) for part in zip(*steps, strict=True)) if steps else nothing
    )
    with np.errstate(divide="ignore"):
        order = np.argsort(-(added / extra), kind="stable")
    return SpendPath(
        arms=tuple(str(name) for name in value.columns),
        customers=n,
        customer=customer[order],
        before=before[order],
        after=after[order],
        cost=extra[order],
        value=added[order],
        mean_value=gains.mean(axis=0),
        mean_cost=costs.mean(axis=0),
    )
