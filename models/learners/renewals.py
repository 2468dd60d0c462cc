"""How many events to expect when each of them opens a gap until the next."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

#: Rows for which another event is less likely than this are not followed further.
_NEGLIGIBLE = 1e-4

#: For rows, the number of events since today and the period in which the last of them came
#: (one number per row), the probabilities (n_rows, periods) that the next one follows after
#: 1, 2, ... periods.
OpenGap = Callable[[np.ndarray, int, np.ndarray, int], np.ndarray]


def event_by_period(hazard: np.ndarray) -> np.ndarray:
    """Return the probability that the event comes in each period: f(j) = h(j) S(j - 1).

    Examples
    --------
    >>> event_by_period(np.array([[0.5, 0.5, 1.0]]))
    array([[0.5 , 0.25, 0.25]])
    """
    survival = np.cumprod(1 - hazard, axis=1)
    before = np.concatenate([np.ones((len(hazard), 1)), survival[:, :-1]], axis=1)
    return np.asarray(before * hazard)


def expected_renewals(first: np.ndarray, open_gap: OpenGap, *, buckets: int) -> np.ndarray:
    r"""Return the expected number of events within the periods of `first`.

    With :math:`p_k(j)` the probability that the k-th event from now comes in period :math:`j`,

    .. math:: p_{k+1}(n) = \sum_{j < n} p_k(j)\, f_k(n - j \mid j), \qquad
        E[N] = \sum_k \sum_n p_k(n)

    where the gap :math:`f_k(\cdot \mid j)` that opens in period :math:`j` may depend on how many
    events came and when. It is worked out for some periods of opening only, the mean of each
    of `buckets` equal stretches; one for every period would be exact.

    Parameters
    ----------
    first : ndarray of shape (n_rows, periods)
        Probability that the next event comes in each period from now.
    open_gap : callable
        See `OpenGap`.
    buckets : int
        Number of stretches, at least 1.

    Returns
    -------
    ndarray of shape (n_rows,)

    Examples
    --------
    A fair coin thrown four times shows two heads.

    >>> def coin(rows, events, opening, periods):
    ...     return np.tile(0.5 ** np.arange(1, periods + 1), (len(rows), 1))
    >>> expected_renewals(coin([0], 0, 0, 4), coin, buckets=1).round(3)
    array([2.])
    """
    periods = first.shape[1]
    total = first.sum(axis=1)
    rows, p = np.arange(len(first)), first
    edges = np.unique(np.linspace(0, periods - 1, min(buckets, periods) + 1).astype(int))
    for events in range(1, periods):
        followed = p.sum(axis=1) > _NEGLIGIBLE
        rows, p = rows[followed], p[followed]
        if not len(rows):
            break
        following = np.zeros_like(p)
        for start, stop in pairwise(edges):
            inside = p[:, start:stop]
            weight = np.maximum(inside.sum(axis=1), np.finfo(float).tiny)
            opening = np.clip(inside @ np.arange(start + 1, stop + 1) / weight, start + 1, stop)
            gap = open_gap(rows, events, opening, periods - start - 1)
            for j in range(start, stop):  # column j is period j + 1
                following[:, j + 1 :] += p[:, [j]] * gap[:, : periods - j - 1]
        total[rows] += following.sum(axis=1)
        p = following
    return np.asarray(total)
