"""Calibration in the large: move all probabilities of a campaign to the rate that it has.

A base rate moves from campaign to campaign far more than the ranking does. Early outcomes
of a campaign tell its rate soon; one number, a shift of the log-odds, carries it to all
scores. The shift is drawn towards 0 as long as outcomes are few.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.learners.calibrators import expit, logit
from models.learners.frame import FloatArray, FrameError

#: How far campaigns usually lie apart, in log-odds, where nothing else is known: a factor
#: of e to the odds is one standard deviation.
USUAL_DEVIATION = 1.0
STEPS = 50


class LevelShift(NamedTuple):
    """Shift of the log-odds with its interval, and what it was learned from."""

    shift: float
    low: float
    high: float
    rows: int
    positives: int


def level_shift(
    y: ArrayLike,
    probability: ArrayLike,
    *,
    deviation: float = USUAL_DEVIATION,
    level: float = 0.95,
) -> LevelShift:
    r"""Return the shift that early outcomes of a campaign ask for.

    The shift a maximises the posterior

    .. math:: \sum_i \log P(y_i \mid \operatorname{logit} p_i + a) - \frac{a^2}{2 \tau^2}

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes so far, 0 or 1; may be empty, and the shift is then 0.
    probability : array-like of shape (n,)
        What was promised for these rows.
    deviation : float
        The prior's tau, in log-odds: how far campaigns lie apart. 0 never moves.
    level : float
        Confidence level of the interval, by the curvature of the posterior.

    Raises
    ------
    FrameError
        If lengths differ or `deviation` is negative.

    References
    ----------
    .. [1] Steyerberg, E. W. et al. (2004). Validation and updating of predictive logistic
       regression models. Statistics in Medicine 23, 2567-2586.

    Examples
    --------
    >>> early = level_shift([1, 0, 0, 0] * 100, [0.05] * 400)
    >>> float(shifted([0.05], early.shift)[0].round(2))
    0.25
    >>> level_shift([1, 0], [0.05, 0.05]).shift < early.shift
    True
    """
    from scipy.special import ndtri

    outcome = np.asarray(y, dtype=np.float64)
    log_odds = logit(np.asarray(probability, dtype=np.float64))
    if outcome.shape != log_odds.shape:
        raise FrameError(f"y has shape {outcome.shape}, but probability {log_odds.shape}")
    if deviation < 0:
        raise FrameError(f"deviation is {deviation}, but a standard deviation is 0 or more")
    if deviation == 0 or not outcome.size:
        reach = float(ndtri((1 + level) / 2)) * deviation
        return LevelShift(0.0, -reach, reach, outcome.size, int(outcome.sum()))
    precision = deviation**-2
    shift = 0.0
    for _ in range(STEPS):
        p = expit(log_odds + shift)
        curvature = float(np.sum(p * (1 - p))) + precision
        step = (float(np.sum(outcome - p)) - precision * shift) / curvature
        shift += float(np.clip(step, -2, 2))  # far from the mode Newton overshoots
        if abs(step) < 1e-10:  # noqa: PLR2004 - converged
            break
    p = expit(log_odds + shift)
    reach = float(ndtri((1 + level) / 2)) / np.sqrt(float(np.sum(p * (1 - p))) + precision)
    return LevelShift(shift, shift - reach, shift + reach, outcome.size, int(outcome.sum()))


def level_shifts(
    y: ArrayLike, probability: ArrayLike, campaign: ArrayLike, *, deviation: float | None = None
) -> dict[str, LevelShift]:
    """Return the shift of each campaign; each is drawn towards 0 by what the others show.

    Parameters
    ----------
    y, probability : array-like of shape (n,)
        Outcomes so far and what was promised.
    campaign : array-like of shape (n,)
        The campaign of each row.
    deviation : float, optional
        See `level_shift`. Where it is left out it is estimated from the campaigns (method
        of moments), if there are at least 3.

    References
    ----------
    .. [1] DerSimonian, R. and Laird, N. (1986). Meta-analysis in clinical trials.
       Controlled Clinical Trials 7, 177-188, about a mean of 0.

    Examples
    --------
    >>> shifts = level_shifts([1, 0, 0, 0], [0.5] * 4, ["spring"] * 3 + ["autumn"])
    >>> sorted(shifts), shifts["autumn"].rows
    (['autumn', 'spring'], 1)
    """
    outcome, promised = np.asarray(y, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    names = np.asarray(campaign, dtype=object).astype(str)
    parts = {str(name): names == name for name in np.unique(names)}
    if deviation is None:
        deviation = _deviation(outcome, promised, parts)
    return {
        name: level_shift(outcome[rows], promised[rows], deviation=deviation)
        for name, rows in parts.items()
    }


def shifted(probability: ArrayLike, shift: float) -> FloatArray:
    """Return probabilities whose log-odds are moved by `shift`; their order stays.

    Examples
    --------
    >>> shifted([0.5, 0.2], 0.0)
    array([0.5, 0.2])
    """
    return expit(logit(np.asarray(probability, dtype=np.float64)) + shift)


def _deviation(y: FloatArray, promised: FloatArray, parts: Mapping[str, NDArray[Any]]) -> float:
    """Spread of the campaigns' own shifts beyond their noise."""
    if len(parts) < 3:  # noqa: PLR2004 - two say nothing about a spread
        return USUAL_DEVIATION
    one_step = []
    for rows in parts.values():
        p = promised[rows]
        information = max(float(np.sum(p * (1 - p))), 1e-9)
        one_step.append((float(np.sum(y[rows] - p)) / information, information))
    shift, weight = np.asarray(one_step).T
    excess = float(weight @ shift**2) - len(parts)
    return float(np.sqrt(max(excess / weight.sum(), 0.01)))
