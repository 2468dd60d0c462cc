"""What each arm of a campaign does to each member: the true effects, and their drivers.

An arm brings a member who would not have come with the chance `brings`, or drives away one
who would have with the chance `repels`. With p0 the chance of a visit in the window without
the campaign, the effect is exactly

    (1 - p0) x brings - p0 x repels

Persuadables have a large `brings`; sure things a p0 near 1; lost causes have left, or do not
listen; sleeping dogs are repelled. The responses are built from what a retailer can observe
of each member on the day of the assignment, times a hidden factor with mean 1.
"""

import numpy as np

from pipeline.simulator.journal import Floats
from pipeline.simulator.preset import CampaignRules

#: Deviation of the log of the hidden factor.
HIDDEN_SPREAD = 0.35
MOST_BROUGHT = 0.9
MOST_REPELLED = 0.6
#: Greatest chance to be driven away, by arm.
MOST_ANNOYED = {"discount": 0.18, "privilege": 0.10}


def brings(rules: CampaignRules, arm: str, drivers: dict[str, Floats]) -> Floats:
    """Return the chance that an arm brings a member, before the hidden factor.

    A discount brings back those who look for bargains and have stayed away for some weeks; a
    privilege brings well-to-do members of middle age who come now and then. Both wear off
    with the contacts of the last two months.
    """
    fatigue = np.exp(-0.30 * drivers["contacts_60"])
    away = drivers["recency_days"]
    if arm == "discount":
        poor = _rises(1.7 - drivers["income"], 0.6)
        dormant = _rises(away - 45, 12) * _rises(270 - away, 30)
        family = 1 + 0.8 * (drivers["children"] > 0)
        listens = poor * dormant * family
    else:
        wealthy = _rises(drivers["income"] - 2.3, 0.5)
        mature = np.exp(-(((drivers["age"] - 48) / 13) ** 2))
        now_and_then = _rises(drivers["visits_365"] - 1.5, 0.7) * _rises(
            9 - drivers["visits_365"], 2
        )
        listens = 1.6 * wealthy * mature * now_and_then
    return np.asarray(np.clip(rules.strength[arm] * listens * fatigue, 0, 0.5))


def repels(arm: str, drivers: dict[str, Floats]) -> Floats:
    """Return the chance that an arm drives a member away, before the hidden factor.

    Who is written to often and comes often takes the discount as nagging; the young take the
    privilege as not meant for them.
    """
    tired = _rises(drivers["contacts_60"] - 2.5, 0.5)
    if arm == "discount":
        annoyed = tired * _rises(drivers["income"] - 2.0, 0.5)
    else:
        annoyed = _rises(29 - drivers["age"], 2) * _rises(drivers["visits_365"] - 2, 1)
    return np.asarray(MOST_ANNOYED[arm] * annoyed)


def effect(base: Floats, bringing: Floats, repelling: Floats) -> Floats:
    """Return the change in the chance of a visit.

    Examples
    --------
    >>> effect(np.array([0.2, 0.5]), np.array([0.1, 0.0]), np.array([0.0, 0.1])).round(3)
    array([ 0.08, -0.05])
    """
    return np.asarray((1 - base) * bringing - base * repelling)


def _rises(distance: Floats, width: float) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(distance / width, -50, 50))))
