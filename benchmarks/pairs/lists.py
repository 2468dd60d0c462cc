"""The first products of each customer's ranking, and how good they are."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from models.measures.policy import mean_interval
from models.measures.ranking import ranking_by_group

#: Longest list that is judged.
LONGEST = 20
#: What is printed, by column of `ranking_by_group` and length of the list.
MEASURES = {"MAP@12": ("average_precision", 12), "recall@20": ("recall", LONGEST)}


class Purchases(NamedTuple):
    """What was bought after a cut-off; ordered by customer and product, a pair occurs once."""

    customer: np.ndarray
    product: np.ndarray

    def among(self, chosen: np.ndarray) -> "Purchases":
        """Keep some of them."""
        return Purchases(self.customer[chosen], self.product[chosen])


def first_products(scores: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Return the places of the highest scores of each row, -1 where too few are allowed.

    Examples
    --------
    >>> first_products(np.array([[0.1, 0.3, 0.2]]), np.array([[True, False, True]]))[0, :3]
    array([ 2,  0, -1])
    """
    masked = np.where(allowed, scores, -np.inf)
    place = max(masked.shape[1] - LONGEST, 0)
    least = np.partition(masked, place, axis=1)[:, place]
    row, product = np.nonzero((masked >= least[:, None]) & allowed & (masked > -np.inf))
    order = np.lexsort((product, -masked[row, product], row))
    row, product = row[order], product[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    best = np.full((len(masked), LONGEST), -1)
    kept = rank < LONGEST
    best[row[kept], rank[kept]] = product[kept]
    return best


def judged(lists: np.ndarray, customers: np.ndarray, bought: Purchases) -> pd.DataFrame:
    """Return each measure for each customer with a purchase.

    Parameters
    ----------
    lists : array of shape (n_customers, LONGEST)
        Products in the order in which they are shown, -1 for none.
    customers : array of shape (n_customers,)
        Whose they are, ascending; all who bought are among them.
    bought : Purchases
        What should be found, shown or not.
    """
    shown = lists >= 0
    who = np.broadcast_to(customers[:, None], lists.shape)[shown]
    what, points = lists[shown], np.broadcast_to(-np.arange(LONGEST, dtype=float), lists.shape)
    products = int(max(lists.max(), bought.product.max())) + 1
    key = who.astype(np.int64) * products + what
    wanted = bought.customer.astype(np.int64) * products + bought.product
    missed = wanted[~np.isin(wanted, key)]
    y = np.concatenate([np.isin(key, wanted), np.ones(len(missed), dtype=bool)])
    score = np.concatenate([points[shown], np.full(len(missed), -np.inf)])
    group = np.concatenate([who, missed // products])
    found = {k: ranking_by_group(y, score, group, k=k) for __, k in MEASURES.values()}
    return pd.DataFrame({name: found[k][column] for name, (column, k) in MEASURES.items()})


def with_interval(values: pd.Series, *, sign: bool = False) -> str:
    """Return a mean over customers with its 95 % interval."""
    one = mean_interval(values)
    form = "+.4f" if sign else ".4f"
    return f"{one.value:{form}} ({one.low:{form}} to {one.high:{form}})"
