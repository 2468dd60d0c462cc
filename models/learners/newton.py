"""Penalised logistic regression by Newton's method: few columns, any number of rows."""

from typing import Any

import numpy as np

from models.learners.frame import FloatArray

STEPS = 50
TOLERANCE = 1e-8


def fit_logistic(
    columns: FloatArray,
    y: FloatArray,
    weight: FloatArray | None = None,
    offset: FloatArray | None = None,
    *,
    indicators: Any = None,
    penalty: float = 1e-6,
    start: FloatArray | None = None,
) -> FloatArray:
    r"""Return the intercept and the coefficients that minimise the penalised log loss.

    .. math:: -\sum_i w_i \log P(y_i \mid o_i + a + x_i b) + \tfrac{\lambda}{2} \|b\|^2

    Parameters
    ----------
    columns : array of shape (n, p)
        Features, of similar scale where the penalty matters.
    y : array of shape (n,)
        Outcomes, 0 or 1.
    weight : array of shape (n,), optional
        How often each row counts.
    offset : array of shape (n,), optional
        Log-odds that are added to each row and not fitted.
    indicators : scipy.sparse array of shape (n, q), optional
        More features, of which few are not 0 in a row: text values, say.
    penalty : float
        Strength of the ridge on the coefficients, not on the intercept; above 0, so that
        separated rows have a finite answer.
    start : array of shape (1 + p + q,), optional
        Where to begin, such as the answer for nearly the same rows; it saves steps.

    Returns
    -------
    array of shape (1 + p + q,)
        The intercept, then the coefficients of `columns`, then those of `indicators`.

    Examples
    --------
    >>> x = np.array([[0.0], [0.0], [0.0], [0.0], [1.0], [1.0], [1.0], [1.0]])
    >>> y = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    >>> fit_logistic(x, y).round(4)
    array([-1.0986,  2.1972])
    """
    rows = len(columns)
    weights = np.ones(rows) if weight is None else weight
    offsets = np.zeros(rows) if offset is None else offset
    design = np.column_stack([np.ones(rows), columns])
    dense = design.shape[1]
    width = dense + (0 if indicators is None else indicators.shape[1])
    ridge = np.full(width, penalty)
    ridge[0] = 1e-9
    rate = np.clip(weights @ y / weights.sum(), 1e-6, 1 - 1e-6)
    solution = np.zeros(width)
    solution[0] = np.log(rate / (1 - rate)) - weights @ offsets / weights.sum()
    if start is not None:
        solution = np.array(start, dtype=np.float64)
    side = np.where(y == 1, -1.0, 1.0)

    def log_odds_of(candidate: FloatArray) -> FloatArray:
        log_odds = offsets + design @ candidate[:dense]
        return log_odds if indicators is None else log_odds + indicators @ candidate[dense:]

    def loss_of(candidate: FloatArray) -> float:
        surprise = np.logaddexp(0, side * log_odds_of(candidate))
        return float(weights @ surprise + ridge @ candidate**2 / 2)

    loss = loss_of(solution)
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(log_odds_of(solution), -700, 700)))
        residual = weights * (p - y)
        gradient = ridge * solution
        gradient[:dense] += design.T @ residual
        curvature = weights * np.maximum(p * (1 - p), 1e-12)
        # A matrix times its own transpose costs half of what two different ones do.
        root = design * np.sqrt(curvature)[:, None]
        hessian = np.diag(ridge)
        hessian[:dense, :dense] += root.T @ root
        if indicators is not None:
            curved = design * curvature[:, None]
            gradient[dense:] += indicators.T @ residual
            hessian[dense:, :dense] = indicators.T @ curved
            hessian[:dense, dense:] = hessian[dense:, :dense].T
            curved_indicators = indicators.multiply(curvature[:, None]).tocsr()
            hessian[dense:, dense:] += (indicators.T @ curved_indicators).toarray()
        step = np.linalg.solve(hessian, gradient)
        # Halve the step until the loss falls: Newton overshoots where the curve is flat.
        size = 1.0
        while size > TOLERANCE:
            candidate = solution - size * step
            reached = loss_of(candidate)
            if reached <= loss:
                break
            size /= 2
        else:
            break
        gained, solution, loss = loss - reached, candidate, reached
        if gained <= TOLERANCE * (1 + abs(loss)) * 1e-2:
            break
    return solution
