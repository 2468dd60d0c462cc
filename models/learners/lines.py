"""Penalised lines: logistic for outcomes of 0 and 1, least squares for all others."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.learners.frame import FloatArray
from models.learners.linear import ROWS
from models.learners.newton import fit_logistic

#: Ridges that are tried for terms that may or may not matter. A term of a column with
#: standard deviation 1 is a priori of size 1 / sqrt(ridge): 0.3 down to 0.01 in log-odds,
#: or in standard deviations of what is left of the outcome.
RIDGES = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0)
#: Ridge of terms that are not in question.
WEAK = 0.1
#: A ridge whose evidence is below this share of the whole is left out.
LEAST_EVIDENCE = 0.02


class Believed(NamedTuple):
    """A solution and how much it is believed."""

    weight: float
    solution: FloatArray


def fit_line(
    columns: FloatArray,
    y: FloatArray,
    *,
    logistic: bool,
    ridge: float,
    start: FloatArray | None = None,
) -> FloatArray:
    """Return the intercept and the coefficients.

    Parameters
    ----------
    columns : array of shape (n, p)
        Standardised columns.
    y : array of shape (n,)
        Outcomes or effect scores.
    logistic : bool
        Whether `y` is 0 or 1 and the line runs in log-odds.
    ridge : float
        Penalty on squared coefficients, the sum of squares being that of `y` itself.
    start : array of shape (p + 1,), optional
        Where a logistic fit begins, such as the line of another fold.

    Returns
    -------
    array of shape (p + 1,)
        The intercept first.

    Examples
    --------
    >>> x = np.array([[-1.0], [0.0], [1.0], [0.0]])
    >>> fit_line(x, 2 * x[:, 0] + 1, logistic=False, ridge=0.0)
    array([1., 2.])
    """
    if logistic and 0 < y.mean() < 1:
        return fit_logistic(columns, y, penalty=ridge, start=start)
    if logistic:
        return _constant(y, columns.shape[1])
    mean = columns.mean(axis=0)
    centred = columns - mean
    gram = centred.T @ centred
    gram[np.diag_indices(len(gram))] += ridge + 1e-9 * len(y)
    slope = np.linalg.solve(gram, centred.T @ (y - y.mean()))
    return np.concatenate(([y.mean() - mean @ slope], slope))


def fit_by_evidence(
    columns: FloatArray,
    y: FloatArray,
    doubtful: NDArray[np.bool_],
    *,
    logistic: bool,
    start: FloatArray | None = None,
) -> list[Believed]:
    r"""Fit lines under several ridges, each weighted by how well it explains the data.

    The ridge is the precision of a normal prior of the doubtful terms. Its evidence is the
    probability of the data with those terms integrated out (by Laplace's method): it falls
    both where the prior forbids what the data show and where it allows much that they do
    not. Held-out rows are not needed, and the answer moves smoothly with the data where a
    choice by held-out error would jump.

    Parameters
    ----------
    columns : array of shape (n, p)
        Standardised columns.
    y : array of shape (n,)
        Outcomes or effect scores.
    doubtful : array of shape (p,)
        Which terms get the ridges in question; others get a weak one.
    logistic : bool
        Whether `y` is 0 or 1 and the line runs in log-odds.
    start : array of shape (p + 1,), optional
        Where a logistic fit begins, such as a solution of another fold.

    Returns
    -------
    list of Believed
        Weights sum to one; solutions have the intercept first.

    References
    ----------
    .. [1] MacKay, D. J. C. (1992). Bayesian interpolation. Neural Computation 4, 415-447.
    """
    if logistic and not 0 < y.mean() < 1:
        return [Believed(1.0, _constant(y, columns.shape[1]))]
    design = np.column_stack([np.ones(len(y)), columns])
    if logistic:
        # From a solution of some rows, the parabola of all rows is one Newton step away.
        few = thinned(len(y), seed=0)
        first = _first_logistic(columns[few], y[few], doubtful, start)
        p = 1 / (1 + np.exp(-np.clip(design @ first, -700, 700)))
        variance = 1.0
        root = design * np.sqrt(p * (1 - p))[:, None]
        hessian = root.T @ root
        pull = design.T @ (y - p)
    else:
        gram = design.T @ design
        moments = design.T @ y
        prior = np.concatenate(([0.0], np.where(doubtful, RIDGES[0], WEAK))) + 1e-9 * len(y)
        first = np.linalg.solve(gram + np.diag(prior), moments)
        left = y - design @ first
        variance = max(float(np.mean(left**2)), 1e-12 * float(np.var(y)) + 1e-300)
        hessian = gram / variance
        pull = (moments - gram @ first) / variance
    # Around the first solution the log-likelihood is a parabola with this target.
    target = hessian @ first + pull
    solutions, evidence = [], []
    for ridge in RIDGES:
        prior = np.concatenate(([1e-9], np.where(doubtful, ridge, WEAK))) / variance
        precision = hessian + np.diag(prior)
        solution: FloatArray = np.linalg.solve(precision, target).astype(np.float64)
        fit = float(target @ solution - solution @ precision @ solution / 2)
        spread = float(np.log(prior).sum() - np.linalg.slogdet(precision)[1]) / 2
        solutions.append(solution)
        evidence.append(fit + spread)
    weight = np.exp(np.array(evidence) - max(evidence))
    weight = np.where(weight >= LEAST_EVIDENCE * weight.sum(), weight, 0.0)
    weight /= weight.sum()
    return [Believed(float(w), s) for w, s in zip(weight, solutions, strict=True) if w > 0]


def _first_logistic(
    columns: FloatArray,
    y: FloatArray,
    doubtful: NDArray[np.bool_],
    start: FloatArray | None,
) -> FloatArray:
    """Fit under the first ridge; weak terms are scaled up, so that one penalty serves all."""
    scale = np.concatenate(([1.0], np.where(doubtful, 1.0, np.sqrt(RIDGES[0] / WEAK))))
    found = fit_line(
        columns * scale[1:],
        y,
        logistic=True,
        ridge=RIDGES[0],
        start=None if start is None else start / scale,
    )
    return np.asarray(found * scale, dtype=np.float64)


def _constant(y: FloatArray, width: int) -> FloatArray:
    """Return the line of an outcome that never varied: nearly 0 or 1, whatever the columns.

    It is taken for one half of a case short of certain, as the smallest sample would be.
    """
    rate = (float(y.sum()) + 0.5) / (len(y) + 1)
    solution = np.zeros(width + 1)
    solution[0] = np.log(rate / (1 - rate))
    return solution


def thinned(count: int, *, seed: int, most: int = ROWS) -> NDArray[np.int64]:
    """Return the positions of all rows, or of a random `most` of them, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])
