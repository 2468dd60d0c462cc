"""What each arm of a campaign does to each member: the true effects, and their drivers.

An arm brings a member who would not have come with the chance `brings`, or drives away one
who would have with the chance `repels`. With p0 the chance of a visit in the window without
the campaign, the effect is exactly

    (1 - p0) x brings - p0 x repels

Persuadables have a large `brings`; sure things a p0 near 1; lost causes have left, or do not
listen; sleeping dogs are repelled. The responses are built from what a retailer can observe
of each member on the day of the assignment, times a hidden factor with mean 1. With a
preset's `same_effect` all of that is left aside: every arm adds the same to everybody's chance.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.simulator.expected import Expected
from pipeline.simulator.journal import Floats, Ints
from pipeline.simulator.outings import VisitTimes
from pipeline.simulator.preset import CampaignRules

#: Deviation of the log of the hidden factor.
HIDDEN_SPREAD = 0.35
MOST_BROUGHT = 0.9
MOST_REPELLED = 0.6
#: Greatest chance to be driven away, by arm.
MOST_ANNOYED = {"discount": 0.18, "privilege": 0.10}


@dataclass(frozen=True, kw_only=True)
class Responses:
    """What each treated arm would do to some members: shape (n,) or (n, n_treated).

    Attributes
    ----------
    member : array of int
        Positions within the block.
    column : dict of str to int
        Column of each treated arm.
    base, base_drivers : array of float
        Chance of a visit in the window without the campaign: exactly, and without knowing
        who has left or stopped using something.
    brings, repels : array of float, shape (n, n_treated)
        The exact chances to be brought, and to be driven away.
    effect, effect_drivers : array of float, shape (n, n_treated)
        What each arm changes: exactly, and as far as the drivers tell.
    drivers : dict of str to array
        What a retailer can observe of the members.
    """

    member: Ints
    column: dict[str, int]
    base: Floats
    base_drivers: Floats
    brings: Floats
    repels: Floats
    effect: Floats
    effect_drivers: Floats
    drivers: dict[str, Floats]


def respond(
    rules: CampaignRules,
    day: int,
    member: Ints,
    *,
    expected: Expected,
    visits: VisitTimes,
    contacts: Ints,
    rng: np.random.Generator,
) -> Responses:
    """Work out what a campaign that begins on `day` would do to some members.

    Parameters
    ----------
    contacts : array of shape (n_members,)
        Messages of the last 60 days, of all members of the block.
    """
    members, outlook = expected.members, expected.at(day)
    count = len(members)
    observed = {
        "age": members.age,
        "income": members.income,
        "children": members.children,
        "recency_days": visits.days_since(count, day),
        "visits_365": visits.count(count, day, window_days=365),
        "contacts_60": contacts,
        "still_there": outlook.there,
    }
    drivers = {name: value[member].astype(float) for name, value in observed.items()}
    base = outlook.visit(rules.window_days)[member]
    base_if_there = outlook.visit_if_there(rules.window_days)[member]
    there = ~outlook.gone[member]
    hidden = np.exp(rng.normal(-(HIDDEN_SPREAD**2) / 2, HIDDEN_SPREAD, len(member)))
    treated = [name for name in rules.arms if name != "control"]
    shape = (len(member), len(treated))
    bringing, repelling, explained = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for column, name in enumerate(treated):
        comes, goes = brings(rules, name, drivers), repels(name, drivers)
        # Both at once would hide one another: the stronger one acts.
        stays_away = goes > comes
        comes, goes = np.where(stays_away, 0.0, comes), np.where(stays_away, goes, 0.0)
        if rules.same_effect is not None:
            # Of those who would not have come, as many more as there are fewer of them.
            bringing[:, column] = np.clip(rules.same_effect / np.maximum(1 - base, 1e-9), 0, 1)
            explained[:, column] = rules.same_effect
            continue
        explained[:, column] = drivers["still_there"] * effect(base_if_there, comes, goes)
        bringing[:, column] = np.clip(comes * hidden, 0, MOST_BROUGHT) * there
        repelling[:, column] = np.clip(goes * hidden, 0, MOST_REPELLED) * there
    return Responses(
        member=member,
        column={name: column for column, name in enumerate(treated)},
        base=base,
        base_drivers=base_if_there * drivers["still_there"],
        brings=bringing,
        repels=repelling,
        effect=effect(base[:, None], bringing, repelling),
        effect_drivers=explained,
        drivers=drivers,
    )


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
