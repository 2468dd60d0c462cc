"""The effect of a contact that was drawn by lot, with several probabilities maybe."""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from models.effects import campaign_effect
from models.learners.trial import TrialError

CONTROL = "control"
#: An arm of fewer customers in one stratum tells nothing of how they differ.
FEWEST = 2


class Estimate(NamedTuple):
    """An average effect with its interval; see `models.effects.campaign_effect`."""

    control_mean: float
    effect: float
    low: float
    high: float
    narrower: float


def effect_by_draw(
    y: np.ndarray,
    treated: np.ndarray,
    chance: np.ndarray,
    *,
    before: np.ndarray | None = None,
    level: float = 0.95,
) -> Estimate | None:
    """Compare the arms among customers who were drawn with the same probability.

    Lists with different control shares reach different customers: their arms, thrown
    together, differ in more than the contact. So each probability is a stratum of its own,
    and counts by how many customers it holds.

    Parameters
    ----------
    y : array of float64 of shape (n,)
        Outcome of each customer.
    treated : array of bool of shape (n,)
        Who was to be contacted.
    chance : array of float64 of shape (n,)
        Probability of that, in (0, 1).
    before : array of float64 of shape (n, k), optional
        What was known before the draw.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    Estimate, optional
        Nothing where no outcome differs, or no stratum has both arms.

    Examples
    --------
    >>> y = np.array([1.0, 3.0, 0.0, 2.0])
    >>> found = effect_by_draw(y, np.array([True, True, False, False]), np.full(4, 0.5))
    >>> found.control_mean, round(found.effect, 6)
    (1.0, 1.0)
    """
    if y.min() == y.max():
        return None
    quantile = NormalDist().inv_cdf((1 + level) / 2)
    strata = []
    for own in _strata(chance):
        arms = treated[own]
        if min(arms.sum(), (~arms).sum()) < FEWEST:
            continue
        strata.append(_one(y[own], arms, None if before is None else before[own], quantile))
    if not strata:
        return None
    rows = np.array(strata, dtype=np.float64)
    share = rows[:, 0] / rows[:, 0].sum()
    control, effect = share @ rows[:, 1], share @ rows[:, 2]
    below, above, error, raw = np.sqrt(share**2 @ rows[:, 3:] ** 2)
    return Estimate(
        control_mean=float(control),
        effect=float(effect),
        low=float(effect - below),
        high=float(effect + above),
        narrower=float(1 - error / raw) if raw else 0.0,
    )


def _strata(chance: np.ndarray) -> list[np.ndarray]:
    _, code = np.unique(chance.round(9), return_inverse=True)
    return [code == number for number in range(code.max() + 1)]


class _Stratum(NamedTuple):
    """One stratum: how far the interval reaches, and the error with and without adjustment."""

    customers: int
    control_mean: float
    effect: float
    below: float
    above: float
    error: float
    raw_error: float


def _one(
    y: np.ndarray, treated: np.ndarray, before: np.ndarray | None, quantile: float
) -> _Stratum:
    arm = np.where(treated, "treated", CONTROL)
    level = 2 * NormalDist().cdf(quantile) - 1
    useful = None if before is None else before[:, before.min(axis=0) < before.max(axis=0)]
    if useful is not None and not useful.shape[1]:
        useful = None
    try:
        found = campaign_effect(y, arm, control=CONTROL, before=useful, level=level)
    except TrialError:  # too few for the adjustment
        found = campaign_effect(y, arm, control=CONTROL, level=level)
    (row,) = found.to_dict(orient="records")
    half = (row["high"] - row["low"]) / 2
    kept = 1 - row["narrower"]  # of the length, after the adjustment
    below = above = half
    if np.isin(y, (0, 1)).all():
        down, up = _of_shares(y[treated], y[~treated], quantile)
        below, above = kept * down, kept * up
    return _Stratum(
        len(y),
        row["control_mean"],
        row["effect"],
        below,
        above,
        half / quantile,
        half / quantile / kept if kept else 0.0,
    )


def _of_shares(treated: np.ndarray, control: np.ndarray, quantile: float) -> tuple[float, float]:
    """Return how far the interval of a difference of shares reaches below and above it.

    From the score intervals of both shares [1]_: those of a small control in which few buy
    are not symmetric, and the usual ones hold the truth too rarely.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between independent
       proportions: comparison of eleven methods. Statistics in Medicine 17, 873-890.
    """
    (low, share, high), (low_0, share_0, high_0) = (
        _score_interval(arm, quantile) for arm in (treated, control)
    )
    return math.hypot(share - low, high_0 - share_0), math.hypot(high - share, share_0 - low_0)


def _score_interval(y: np.ndarray, quantile: float) -> tuple[float, float, float]:
    """Return a share between the ends of its interval (Wilson)."""
    n, share, z = len(y), float(y.mean()), quantile**2
    middle = (share + z / (2 * n)) / (1 + z / n)
    reach = quantile / (1 + z / n) * math.sqrt(share * (1 - share) / n + z / (4 * n * n))
    return middle - reach, share, middle + reach
