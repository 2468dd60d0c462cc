"""The effect of a contact that was drawn by lot, with several probabilities maybe."""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from models.effects import campaign_effect
from models.learners.trial import TrialError

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
    >>> found.control_mean, found.effect
    (1.0, 1.0)
    """
    if y.min() == y.max():
        return None
    half = NormalDist().inv_cdf((1 + level) / 2)
    strata = []
    for own in _strata(chance):
        arms = treated[own]
        if min(arms.sum(), (~arms).sum()) < FEWEST:
            continue
        strata.append(_one(y[own], arms, None if before is None else before[own], half, level))
    if not strata:
        return None
    size = np.array([count for count, *_ in strata], dtype=np.float64)
    share = size / size.sum()
    _, control, effect, error, raw = (np.array(column) for column in zip(*strata, strict=True))
    total = math.sqrt(float((share**2 * error**2).sum()))
    plain = math.sqrt(float((share**2 * raw**2).sum()))
    middle = float(share @ effect)
    return Estimate(
        control_mean=float(share @ control),
        effect=middle,
        low=middle - half * total,
        high=middle + half * total,
        narrower=1 - total / plain if plain else 0.0,
    )


def _strata(chance: np.ndarray) -> list[np.ndarray]:
    _, code = np.unique(chance.round(9), return_inverse=True)
    return [code == number for number in range(code.max() + 1)]


def _one(
    y: np.ndarray, treated: np.ndarray, before: np.ndarray | None, half: float, level: float
) -> tuple[int, float, float, float, float]:
    """Return customers, mean of the control, effect, its error, and that without adjustment."""
    arm = np.where(treated, "treated", "control")
    useful = None if before is None else before[:, before.min(axis=0) < before.max(axis=0)]
    if useful is not None and not useful.shape[1]:
        useful = None
    try:
        found = campaign_effect(y, arm, control="control", before=useful, level=level)
    except TrialError:  # too few for the adjustment
        found = campaign_effect(y, arm, control="control", level=level)
    (row,) = found.to_dict(orient="records")
    error = (row["high"] - row["low"]) / 2 / half
    raw = error / (1 - row["narrower"]) if row["narrower"] < 1 else error
    return len(y), row["control_mean"], row["effect"], error, raw
