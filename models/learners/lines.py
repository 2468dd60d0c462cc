"""Penalised lines: logistic for outcomes of 0 and 1, least squares for all others."""

import numpy as np
from numpy.typing import NDArray

from models.learners.frame import FloatArray
from models.learners.linear import ROWS
from models.learners.newton import fit_logistic


def fit_line(
    columns: FloatArray, y: FloatArray, *, logistic: bool, ridge: float, seed: int
) -> FloatArray:
    """Return the intercept and the coefficients; of a random 200,000 rows at most.

    Parameters
    ----------
    columns : array of shape (n, p)
        Standardised columns.
    y : array of shape (n,)
        Outcomes or effect scores.
    logistic : bool
        Whether `y` is 0 or 1 and the line runs in log-odds.
    ridge : float
        Penalty on squared coefficients. Without `logistic` it is on the scale of `y`
        divided by its standard deviation, so that units do not matter.
    seed : int
        Chooses the rows where there are too many.

    Returns
    -------
    array of shape (p + 1,)
        The intercept first.

    Examples
    --------
    >>> x = np.array([[-1.0], [0.0], [1.0], [0.0]])
    >>> fit_line(x, 2 * x[:, 0] + 1, logistic=False, ridge=0.0, seed=0)
    array([1., 2.])
    """
    chosen = thinned(len(y), seed=seed)
    if len(chosen) < len(y):
        columns, y = columns[chosen], y[chosen]
    if logistic and 0 < y.mean() < 1:
        return fit_logistic(columns, y, penalty=ridge)
    mean = columns.mean(axis=0)
    centred = columns - mean
    gram = centred.T @ centred
    gram[np.diag_indices(len(gram))] += ridge + 1e-9 * len(y)
    slope = np.linalg.solve(gram, centred.T @ (y - y.mean()))
    return np.concatenate(([y.mean() - mean @ slope], slope))


def thinned(count: int, *, seed: int) -> NDArray[np.int64]:
    """Return the positions of all rows, or of a random 200,000 of them, in order."""
    if count <= ROWS:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:ROWS])
