"""Which part of the catalogue the lists show: coverage, and how unequally."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def exposure_at(
    item: ArrayLike, score: ArrayLike, group: ArrayLike, *, k: int, catalogue: ArrayLike
) -> pd.Series:
    """Count in how many groups' first k each item of the catalogue is shown.

    Parameters
    ----------
    item : array-like of shape (n_rows,)
        The item that a row recommends; at most once per group.
    score : array-like of shape (n_rows,)
        Higher means ranked earlier; `-inf` means not recommended. Equal scores keep the
        order of the rows.
    group : array-like of shape (n_rows,)
        Whose ranking the row belongs to.
    k : int
        Length of the list that is shown, at least 1.
    catalogue : array-like of shape (n_items,)
        Everything that could have been shown, each once.

    Returns
    -------
    Series
        Number of groups that are shown the item, indexed by the catalogue in its order.

    Raises
    ------
    ValueError
        If `k` is below 1, the catalogue is empty or repeats an item, or an item is not in it.

    Examples
    --------
    >>> shown = exposure_at(
    ...     ["tea", "pot", "tea"], [3, 2, 1], ["ann", "ann", "bob"], k=1, catalogue=["pot", "tea"]
    ... )
    >>> shown.to_dict()
    {'pot': 0, 'tea': 2}
    """
    everything = pd.Index(np.asarray(catalogue))
    if k < 1:
        raise ValueError(f"k is {k}: a list shows at least 1 item.")
    if everything.empty or not everything.is_unique:
        raise ValueError("catalogue is empty or repeats an item: list each item once.")
    place = everything.get_indexer(pd.Index(np.asarray(item)))
    if (place < 0).any():
        raise ValueError(
            f"{(place < 0).sum()} rows recommend an item that the catalogue does not list: "
            "pass the whole catalogue."
        )
    points = np.asarray(score, dtype=float)
    ranked = pd.DataFrame({"group": np.asarray(group), "place": place, "points": points})
    ranked = ranked[points > -np.inf].sort_values("points", ascending=False, kind="stable")
    shown = ranked.loc[ranked.groupby("group").cumcount() < k, "place"]
    return pd.Series(np.bincount(shown, minlength=len(everything)), index=everything)


def coverage(exposure: ArrayLike) -> float:
    """Share of the catalogue that is shown to anybody.

    Parameters
    ----------
    exposure : array-like of shape (n_items,)
        How often each item of the catalogue is shown; see `exposure_at`.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> coverage([5, 0, 1, 0])
    0.5
    """
    return float((_checked(exposure) > 0).mean())


def gini_of_exposure(exposure: ArrayLike) -> float:
    r"""Gini coefficient of how often the items of a catalogue are shown.

    .. math:: \frac{\sum_{i=1}^{n} (2i - n - 1)\, x_{(i)}}{n \sum_{i=1}^{n} x_{(i)}}

    with the exposures :math:`x_{(1)} \le \dots \le x_{(n)}`, items never shown included.

    Parameters
    ----------
    exposure : array-like of shape (n_items,)
        How often each item of the catalogue is shown; see `exposure_at`.

    Returns
    -------
    float
        0 where every item is shown equally often; `1 - 1 / n_items` where one takes it all.

    Raises
    ------
    ValueError
        If nothing is shown.

    References
    ----------
    .. [1] Fleder, D. and Hosanagar, K. (2009). Blockbuster culture's next rise or fall: the
       impact of recommender systems on sales diversity. Management Science 55(5), 697-712.

    Examples
    --------
    >>> gini_of_exposure([3, 3, 3, 3]), gini_of_exposure([0, 0, 0, 9])
    (0.0, 0.75)
    """
    x = np.sort(_checked(exposure))
    n = len(x)
    if not x.any():
        raise ValueError("exposure is 0 throughout: nothing is shown, so nothing is unequal.")
    return float((2 * np.arange(1, n + 1) - n - 1) @ x / (n * x.sum()))


def _checked(exposure: ArrayLike) -> np.ndarray:
    x = np.asarray(exposure, dtype=float)
    if len(x) == 0 or not (x >= 0).all():
        raise ValueError(
            "exposure is empty, or has missing or negative values: pass one count per item."
        )
    return x
