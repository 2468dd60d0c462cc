"""Calibration slope and intercept: how to stretch and shift a score on the log-odds scale."""

import numpy as np
from numpy.typing import ArrayLike

from models.measures.sample import FloatArray, both_outcomes, figure, ranked, sample, vectorised

#: Probabilities are kept this far from 0 and 1, where the log-odds are infinite.
FLOOR = 1e-9
STEPS = 50
TOLERANCE = 1e-8


@vectorised
def calibration_slope(y: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    r"""Slope of the logistic regression of the outcome on the score's log-odds.

    .. math:: \operatorname{logit} P(y = 1) = a + b \operatorname{logit} p

    Below 1 the scores are too extreme (the usual mark of overfitting), above 1 too timid.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1; both have to occur.
    score : array-like of shape (n,)
        Probabilities in [0, 1]; those nearer than 1e-9 to an end are moved there.
    weight : array-like of shape (n,) or (draws, n), optional
        How often each row counts.

    Returns
    -------
    float
        1 is calibrated; 0 if all scores are equal.

    Raises
    ------
    MeasureError
        If every outcome is the same.

    References
    ----------
    .. [1] Cox, D. R. (1958). Two further applications of a model for binary regression.
       Biometrika 45, 562-565.

    Examples
    --------
    >>> scores = [0.25] * 4 + [0.75] * 4
    >>> round(calibration_slope([1, 0, 0, 0, 1, 1, 1, 0], scores), 6)
    1.0
    """
    log_odds, weights, positives = _pooled(y, score, weight, "calibration_slope")
    centre = log_odds.mean()
    a = np.zeros(weights.shape[:-1])
    b = np.zeros(weights.shape[:-1])
    x = log_odds - centre
    if not x.any():
        return figure(b)
    for _ in range(STEPS):
        p = _expit(a[..., None] + b[..., None] * x)
        residual = positives - weights * p
        curvature = weights * p * (1 - p)
        gradient_a, gradient_b = residual.sum(axis=-1), residual @ x
        h_aa, h_ab, h_bb = curvature.sum(axis=-1), curvature @ x, curvature @ x**2
        # A hint of a ridge keeps perfectly separated rows from running to infinity.
        h_aa, h_bb = h_aa + TOLERANCE, h_bb + TOLERANCE
        determinant = h_aa * h_bb - h_ab**2
        step_a = (h_bb * gradient_a - h_ab * gradient_b) / determinant
        step_b = (h_aa * gradient_b - h_ab * gradient_a) / determinant
        # Newton's step is cut where the curve is flat and it would overshoot.
        scale = np.minimum(1, 4 / np.maximum(np.hypot(step_a, step_b), TOLERANCE))
        a, b = a + scale * step_a, b + scale * step_b
        if max(np.abs(step_a).max(), np.abs(step_b).max()) < TOLERANCE:
            break
    return figure(np.asarray(b))


@vectorised
def calibration_intercept(
    y: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None
) -> float:
    r"""Shift of the log-odds that makes the expected count the observed one.

    .. math:: \operatorname{logit} P(y = 1) = a + \operatorname{logit} p

    Calibration in the large: 0 is calibrated, above 0 the scores are too low.

    Examples
    --------
    >>> round(calibration_intercept([1, 1, 1, 0], [0.5, 0.5, 0.5, 0.5]), 4)
    1.0986
    """
    log_odds, weights, positives = _pooled(y, score, weight, "calibration_intercept")
    a = np.zeros(weights.shape[:-1])
    for _ in range(STEPS):
        p = _expit(a[..., None] + log_odds)
        curvature = (weights * p * (1 - p)).sum(axis=-1) + TOLERANCE
        step = np.clip((positives - weights * p).sum(axis=-1) / curvature, -4, 4)
        a = a + step
        if np.abs(step).max() < TOLERANCE:
            break
    return figure(np.asarray(a))


def _pooled(
    y: ArrayLike, score: ArrayLike, weight: ArrayLike | None, measure: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    rows = ranked(sample(y, score, weight, probability=True))
    both_outcomes(rows.positives.sum(axis=-1), rows.weight.sum(axis=-1), measure)
    p = np.clip(rows.score, FLOOR, 1 - FLOOR)
    return np.log(p / (1 - p)), rows.weight, rows.positives


def _expit(x: FloatArray) -> FloatArray:
    probability: FloatArray = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
    return probability
