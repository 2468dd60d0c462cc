"""What lies in each basket: what the trip was made for, its companions, and impulses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream
from pipeline.simulator.shopping import Shopping

MAIN, COMPANION, IMPULSE = 0, 1, 2


@dataclass(frozen=True)
class Baskets:
    """Lines of one block, ordered by trip: shape (n_lines,); trips: shape (n_trips,).

    Attributes
    ----------
    trip, family, role : array of int
        Which trip, which family, and why (`MAIN`, `COMPANION` or `IMPULSE`).
    member, time, online, returned : array, by trip
        As in `shopping.Trips`.
    """

    trip: NDArray[np.int64]
    family: NDArray[np.int64]
    role: NDArray[np.int64]
    member: NDArray[np.int64]
    time: NDArray[np.float64]
    online: NDArray[np.bool_]
    returned: NDArray[np.bool_]


def fill_baskets(preset: Preset, shopping: Shopping, *, seed: int, block: int) -> Baskets:
    """Put every trip's lines into its basket, each family at most once.

    Impulses come alike to everybody and on every trip: whatever two of them have in common
    is chance, so that the companions remain the only planted associations.
    """
    rng = stream(seed, "baskets", block)
    trips = shopping.trips
    count = len(trips.member)
    trip = [np.arange(count), shopping.companions.trip]
    family = [trips.family, shopping.companions.family]
    role = [np.full(count, MAIN), np.full(len(shopping.companions.trip), COMPANION)]
    for position, item in enumerate(preset.families):
        if item.impulse > 0:
            taken = np.flatnonzero(rng.random(count) < item.impulse)
            trip.append(taken)
            family.append(np.full(len(taken), position))
            role.append(np.full(len(taken), IMPULSE))
    line_trip, line_family = np.concatenate(trip), np.concatenate(family)
    line_role = np.concatenate(role)
    # `unique` keeps the first of equal keys, which is the one with the smaller role.
    _, first = np.unique(line_trip * len(preset.families) + line_family, return_index=True)
    order = first[np.lexsort((line_role[first], line_trip[first]))]
    return Baskets(
        trip=line_trip[order],
        family=line_family[order],
        role=line_role[order],
        member=trips.member,
        time=trips.time,
        online=trips.online,
        returned=trips.returned,
    )
