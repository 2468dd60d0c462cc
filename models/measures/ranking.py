"""How good the first k of each customer's ranking are: MAP, recall, NDCG and hit rate.

All take three aligned arrays: was it bought, how was it scored, whose ranking is it. A
purchase that no candidate route retrieved is a row with a score of `-inf`: it can never be
among the first k, yet it counts as something that should have been found. Whoever leaves
such rows out measures the ranking of the candidates and not what a customer is shown.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def ranking_by_group(y: ArrayLike, score: ArrayLike, group: ArrayLike, *, k: int) -> pd.DataFrame:
    """Value of each measure for each group; the measures below are means of its columns.

    An interval by customer resamples these rows, which already are one per customer: far
    cheaper than to rank anew in every draw.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 where the item was bought, 0 otherwise.
    score : array-like of shape (n_rows,)
        Higher means ranked earlier; `-inf` means not recommended. Equal scores keep the
        order of the rows, so sort the input by item before you compare two models.
    group : array-like of shape (n_rows,)
        Whose ranking the row belongs to: a customer, or a customer at a cut-off.
    k : int
        Length of the list that is shown, at least 1.

    Returns
    -------
    DataFrame
        One row per group that bought anything, sorted by group, with the columns
        `average_precision`, `recall`, `ndcg` and `hit`, each in [0, 1].

    Raises
    ------
    ValueError
        If the arrays differ in length, `k` is below 1, a score is missing, an outcome is
        neither 0 nor 1, or no group bought anything.

    Examples
    --------
    >>> ranking_by_group([0, 1, 1], [0.9, 0.8, 0.7], ["ann", "ann", "bob"], k=2)
         average_precision  recall     ndcg  hit
    ann                0.5     1.0  0.63093  1.0
    bob                1.0     1.0  1.00000  1.0
    """
    bought, points, codes, names = _checked(y, score, group, k)
    order = np.lexsort((-points, codes))  # stable: equal scores keep the order of the rows
    bought, points, codes = bought[order], points[order], codes[order]
    first = np.searchsorted(codes, np.arange(len(names)))
    position = np.arange(len(codes)) - first[codes]
    found = bought * (position < k) * (points > -np.inf)

    running = np.cumsum(found)
    found_before_group = (running - found)[first]
    precision = (running - found_before_group[codes]) / (position + 1)
    discount = 1 / np.log2(position + 2)

    relevant = np.bincount(codes, weights=bought)
    found_in_group = np.bincount(codes, weights=found)
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(k) + 2))])
    reachable = np.minimum(relevant, k).astype(int)
    with np.errstate(invalid="ignore"):  # 0 / 0 of groups that bought nothing: left out below
        values = pd.DataFrame(
            {
                "average_precision": np.bincount(codes, weights=found * precision) / reachable,
                "recall": found_in_group / relevant,
                "ndcg": np.bincount(codes, weights=found * discount) / ideal[reachable],
                "hit": (found_in_group > 0).astype(float),
            },
            index=names,
        )
    return values[relevant > 0]


def mean_average_precision_at(
    y: ArrayLike, score: ArrayLike, group: ArrayLike, *, k: int, weight: ArrayLike | None = None
) -> float:
    r"""Mean average precision of the first k (MAP@k): what the H&M contest was judged by.

    .. math:: \frac{1}{|G|} \sum_{g \in G} \frac{1}{\min(m_g, k)} \sum_{i=1}^{k} P_g(i)\,b_g(i)

    where :math:`G` are the groups that bought anything, :math:`m_g` what they bought,
    :math:`b_g(i)` whether the i-th item was bought, :math:`P_g(i)` the share bought among
    the first i. Dividing by :math:`\min(m_g, k)` lets a perfect list reach 1 when more was
    bought than fits into it.

    Parameters are those of `ranking_by_group`, and `weight` of shape (n_rows,): how often a
    group counts, the same on each of its rows.

    Returns
    -------
    float
        In [0, 1]; 1 means that every list shows nothing but purchases, or all of them first.

    References
    ----------
    .. [1] H&M Personalized Fashion Recommendations, Kaggle (2022), evaluation page.

    Examples
    --------
    >>> mean_average_precision_at([0, 1, 1], [0.9, 0.8, 0.7], ["ann", "ann", "bob"], k=12)
    0.75
    """
    return _mean(ranking_by_group(y, score, group, k=k)["average_precision"], group, weight)


def recall_at(
    y: ArrayLike, score: ArrayLike, group: ArrayLike, *, k: int, weight: ArrayLike | None = None
) -> float:
    r"""Share of a group's purchases that are among its first k, averaged over groups.

    .. math:: \frac{1}{|G|} \sum_{g \in G} \frac{1}{m_g} \sum_{i=1}^{k} b_g(i)

    It divides by all purchases, so a group with more than k of them stays below 1. With
    scores of any finite constant it is the recall of a candidate route, cut at k.

    Parameters are those of `ranking_by_group`, and `weight` of shape (n_rows,): how often a
    group counts, the same on each of its rows.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    A purchase that was never retrieved counts as missed.

    >>> recall_at([1, 1], [0.9, float("-inf")], ["ann", "ann"], k=20)
    0.5
    """
    return _mean(ranking_by_group(y, score, group, k=k)["recall"], group, weight)


def ndcg_at(
    y: ArrayLike, score: ArrayLike, group: ArrayLike, *, k: int, weight: ArrayLike | None = None
) -> float:
    r"""Normalised discounted cumulative gain of the first k, averaged over groups.

    .. math::

        \frac{1}{|G|} \sum_{g \in G}
        \frac{\sum_{i=1}^{k} b_g(i) / \log_2(i + 1)}{\sum_{i=1}^{\min(m_g, k)} 1 / \log_2(i + 1)}

    Parameters are those of `ranking_by_group`, and `weight` of shape (n_rows,): how often a
    group counts, the same on each of its rows.

    Returns
    -------
    float
        In [0, 1]; 1 when all that was bought comes first.

    References
    ----------
    .. [1] Järvelin, K. and Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR
       techniques. ACM Transactions on Information Systems 20(4), 422-446.

    Examples
    --------
    >>> round(ndcg_at([0, 1], [0.9, 0.8], ["ann", "ann"], k=10), 4)
    0.6309
    """
    return _mean(ranking_by_group(y, score, group, k=k)["ndcg"], group, weight)


def hit_rate_at(
    y: ArrayLike, score: ArrayLike, group: ArrayLike, *, k: int, weight: ArrayLike | None = None
) -> float:
    """Share of the groups that bought anything whose first k hold at least one purchase.

    Parameters are those of `ranking_by_group`, and `weight` of shape (n_rows,): how often a
    group counts, the same on each of its rows.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> hit_rate_at([0, 1, 1], [0.9, 0.8, 0.7], ["ann", "ann", "bob"], k=1)
    0.5
    """
    return _mean(ranking_by_group(y, score, group, k=k)["hit"], group, weight)


def _mean(values: pd.Series, group: ArrayLike, weight: ArrayLike | None) -> float:
    if weight is None:
        return float(values.mean())
    by_group = pd.Series(np.asarray(weight, dtype=float)).groupby(np.asarray(group)).first()
    counts = by_group.loc[values.index]
    return float((values * counts).sum() / counts.sum()) if counts.any() else float("nan")


def _checked(
    y: ArrayLike, score: ArrayLike, group: ArrayLike, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, pd.Index]:
    bought = np.asarray(y, dtype=float)
    points = np.asarray(score, dtype=float)
    codes, names = pd.factorize(np.asarray(group), sort=True)
    if not len(bought) == len(points) == len(codes):
        raise ValueError(
            f"y has {len(bought)} rows, score {len(points)} and group {len(codes)}: "
            "pass one of each per row."
        )
    if k < 1:
        raise ValueError(f"k is {k}: a list shows at least 1 item.")
    if (codes < 0).any() or np.isnan(points).any():
        raise ValueError(
            f"{(codes < 0).sum()} groups and {np.isnan(points).sum()} scores are missing. "
            "Give what is not recommended a score of -inf."
        )
    if not np.isin(bought, (0, 1)).all():
        raise ValueError("y holds values other than 0 and 1: 1 is a purchase, 0 is none.")
    if not bought.any():
        raise ValueError("y holds no 1: without a purchase no ranking can be judged.")
    return bought, points, codes, pd.Index(names)
