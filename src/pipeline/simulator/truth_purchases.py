"""Truth of `purchase_propensity`: the probability that a member buys a product."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.catalogue import Catalogue
from pipeline.simulator.chances import at_least
from pipeline.simulator.demand import NEVER
from pipeline.simulator.editions import Editions
from pipeline.simulator.expected import Expected, Outlook
from pipeline.simulator.journal import Floats, Ints
from pipeline.simulator.shopping import CYCLE_ENDS, companion_shares
from pipeline.simulator.texts import named, numbered

HORIZON_DAYS = 90
NEW_FOR_DAYS = 120
STATES = ("REPEAT", "UPGRADE", "CROSS", "NEW")
MOST_TRIPS = 12
#: Days of the horizon at which the demand is looked up.
_NODES = (10, 28, 45, 62, 80)


def family_probabilities(expected: Expected, day: int, rows: Ints, *, hidden_known: bool) -> Floats:
    """Return the chance that each member buys each family within the horizon: (rows, families).

    With `c_n` the chance of an n-th planned trip and `s` the share of a trip that goes to the
    family, the first purchase falls on the n-th trip with `c_n s (1 - s)^(n - 1)`. The share
    is taken at five days of the horizon, with what the member owns on the cut-off.
    """
    preset, members, demand = expected.preset, expected.members, expected.demand
    outlook = expected.at(day)
    share = np.zeros((len(rows), len(preset.families)))
    bought = _last_bought(expected, day)[rows]
    for node in _NODES:
        days = np.full(len(rows), day + node)
        weight = demand.weights(expected.lasting[rows], members.novelty[rows], days, bought)
        wanted = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        share += expected.switched(wanted, rows, day + node) / len(_NODES)
    trips = _trip_chances(expected, outlook, rows, hidden_known=hidden_known)

    companion, attached = companion_shares(preset)
    impulse = np.array([family.impulse for family in preset.families])
    # A trip ends with the family in the basket as its purpose, as a companion, or by impulse.
    in_basket = share.copy()
    for lead in range(len(preset.families)):
        for column in range(companion.shape[1]):
            if attached[lead, column] > 0:
                in_basket[:, companion[lead, column]] += share[:, lead] * attached[lead, column]
    in_basket = 1 - (1 - np.minimum(in_basket, 1)) * (1 - impulse)
    chance = np.zeros_like(share)
    for number in range(MOST_TRIPS, 0, -1):
        # Horner's scheme over the trips of the horizon.
        chance = trips[:, number - 1, None] * in_basket + (1 - in_basket) * chance
    refill = np.zeros_like(share)
    cycles = outlook.cycles
    place = np.full(len(members), -1)
    place[rows] = np.arange(len(rows))
    mine = place[cycles.member] >= 0
    due = cycles.refill(HORIZON_DAYS, hidden_known=hidden_known)
    if not hidden_known:
        due = due * outlook.there[cycles.member]
    refill[place[cycles.member[mine]], cycles.family[mine]] = due[mine]
    # Impulses come on the trips for supplies, too: the first one and those that follow it.
    follow = np.maximum(HORIZON_DAYS - cycles.due_in(), 0) / cycles.mean_days
    supply_trips = np.bincount(
        cycles.member, due * (1 + (1 - CYCLE_ENDS) * follow), minlength=len(members)
    )[rows]
    chance = 1 - (1 - chance) * (1 - impulse) ** supply_trips[:, None]
    there = ~outlook.gone[rows] if hidden_known else outlook.there[rows]
    promoted = there[:, None] * -np.expm1(-expected.promoted_families(day, HORIZON_DAYS)[rows])
    return 1 - (1 - chance) * (1 - refill) * (1 - promoted)


def purchases_truth(
    expected: Expected,
    catalogue: Catalogue,
    editions: Editions,
    day: int,
    *,
    rows: Ints,
    seed: int,
    block: int,
) -> pa.Table:
    """Return one row per member in `rows` and product on sale on a day.

    The probability of a product is that of its family times the share of its edition; it
    neglects that somebody may buy two editions of a family within the horizon.
    """
    members = expected.members
    exact = family_probabilities(expected, day, rows, hidden_known=True)
    guessed = family_probabilities(expected, day, rows, hidden_known=False)
    brands = editions.preferred_brands(len(members), seed=seed, block=block)[rows]
    bought = _last_bought(expected, day)[rows] > NEVER
    parts = []
    for family in range(len(expected.preset.families)):
        products, share = editions.shares(
            family,
            (day, day + HORIZON_DAYS),
            brands[:, family],
            members.tier[rows],
            members.language[rows],
        )
        if len(products) == 0:
            continue
        new = day - catalogue.launched[products] < NEW_FOR_DAYS
        owns = bought[:, family][:, None]
        durable = expected.preset.families[family].role == "durable"
        state = np.where(owns, 1 if durable else 0, np.where(new[None, :], 3, 2))
        parts.append(
            (
                np.repeat(rows, len(products)),
                np.tile(products, len(rows)),
                np.broadcast_to(state, share.shape).ravel(),
                (exact[:, family][:, None] * share).ravel(),
                (guessed[:, family][:, None] * share).ravel(),
            )
        )
    who, product, state, probability, drivers = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    order = np.lexsort((product, who))
    return pa.table(
        {
            "customer_id": numbered("M", members.first + who[order] + 1, 8),
            "product_id": named(catalogue.ids, product[order]),
            "state": named(STATES, state[order]),
            "probability": probability[order],
            "probability_drivers": drivers[order],
        }
    )


def _trip_chances(
    expected: Expected, outlook: Outlook, rows: Ints, *, hidden_known: bool
) -> Floats:
    """Return the chance of an n-th planned trip within the horizon: shape (rows, MOST_TRIPS)."""
    members = expected.members
    leaving = 1 / (1 + np.exp(-members.leaving[rows]))
    ahead = outlook.ahead(HORIZON_DAYS)[rows]
    there = ~outlook.gone[rows] if hidden_known else outlook.there[rows]
    shape, rate, elapsed = members.shape[rows], members.rate[rows], outlook.standing.elapsed[rows]
    chances = [
        at_least(number, shape, rate, elapsed, ahead) * (1 - leaving) ** (number - 1)
        for number in range(1, MOST_TRIPS + 1)
    ]
    return np.stack(chances, axis=1) * there[:, None]


def _last_bought(expected: Expected, day: int) -> Floats:
    """Return when each member last bought each family before a day, as the walk knew it."""
    trips, companions = expected.shopping.trips, expected.shopping.companions
    bought = np.full((len(expected.members), len(expected.preset.families)), NEVER)
    before = trips.time < day
    np.maximum.at(bought, (trips.member[before], trips.family[before]), trips.time[before])
    of_trip = companions.trip[before[companions.trip]]
    family = companions.family[before[companions.trip]]
    np.maximum.at(bought, (trips.member[of_trip], family), trips.time[of_trip])
    return bought
