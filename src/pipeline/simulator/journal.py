"""What one block of members did of its own accord, noted as it happens, ordered at the end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Trips:
    """Trips of one block, ordered by member and time; shape (n_trips,).

    Attributes
    ----------
    member : array of int
        Position within the block.
    time : array of float
        Days since the start of the period.
    planned : array of bool
        Whether it was a planned trip rather than a consumable running out.
    online : array of bool
        Whether it was made on line.
    family : array of int
        What it was made for.
    quantity : array of float
        How many pieces of it; more than one only of supplies.
    returned : array of bool
        Whether that will be returned.
    left : array of bool
        Whether the member left for good afterwards. Hidden.
    """

    member: Ints
    time: Floats
    planned: Flags
    online: Flags
    family: Ints
    quantity: Floats
    returned: Flags
    left: Flags


@dataclass(frozen=True, kw_only=True)
class Cycles:
    """Each time a consumable's clock was set, ordered by member, family, time.

    Attributes
    ----------
    member, family : array of int
        Whose, and of what.
    time : array of float
        When: a purchase, or the machine's.
    mean_days : array of float
        Mean days until the next purchase.
    running : array of bool
        False where the member stopped using it. Hidden.
    """

    member: Ints
    family: Ints
    time: Floats
    mean_days: Floats
    running: Flags


@dataclass(frozen=True, kw_only=True)
class Companions:
    """Lines that joined a trip because of what it was made for; ordered by trip."""

    trip: Ints
    family: Ints


class Journal:
    """Columns that grow by pieces."""

    def __init__(self) -> None:
        self._trips: list[Trips] = []
        self._cycles: list[Cycles] = []
        self._companions: list[Companions] = []
        self._count = 0

    def trips(self, trips: Trips) -> int:
        """Note some trips; return the number of the first."""
        self._trips.append(trips)
        first = self._count
        self._count += len(trips.member)
        return first

    def cycles(
        self, member: Ints, family: Ints, *, time: Floats, mean_days: Floats, running: Flags
    ) -> None:
        """Note that cycles were set."""
        self._cycles.append(
            Cycles(member=member, family=family, time=time, mean_days=mean_days, running=running)
        )

    def companions(self, trip: Ints, family: Ints) -> None:
        """Note what else lay in the baskets of trips."""
        self._companions.append(Companions(trip=trip, family=family))

    def ordered(self) -> tuple[Trips, Cycles, Companions]:
        """Return everything in the order of members and time."""
        trips = self._trips
        member = np.concatenate([_NO_INTS, *(t.member for t in trips)])
        time = np.concatenate([_NO_FLOATS, *(t.time for t in trips)])
        order = np.lexsort((time, member))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        extra_trip = place[np.concatenate([_NO_INTS, *(c.trip for c in self._companions)])]
        extra_family = np.concatenate([_NO_INTS, *(c.family for c in self._companions)])
        by_trip = np.argsort(extra_trip, kind="stable")
        return (
            Trips(
                member=member[order],
                time=time[order],
                planned=np.concatenate([_NO_FLAGS, *(t.planned for t in trips)])[order],
                online=np.concatenate([_NO_FLAGS, *(t.online for t in trips)])[order],
                family=np.concatenate([_NO_INTS, *(t.family for t in trips)])[order],
                quantity=np.concatenate([_NO_FLOATS, *(t.quantity for t in trips)])[order],
                returned=np.concatenate([_NO_FLAGS, *(t.returned for t in trips)])[order],
                left=np.concatenate([_NO_FLAGS, *(t.left for t in trips)])[order],
            ),
            self._ordered_cycles(),
            Companions(trip=extra_trip[by_trip], family=extra_family[by_trip]),
        )

    def _ordered_cycles(self) -> Cycles:
        cycles = self._cycles
        member = np.concatenate([_NO_INTS, *(c.member for c in cycles)])
        family = np.concatenate([_NO_INTS, *(c.family for c in cycles)])
        time = np.concatenate([_NO_FLOATS, *(c.time for c in cycles)])
        order = np.lexsort((time, family, member))
        return Cycles(
            member=member[order],
            family=family[order],
            time=time[order],
            mean_days=np.concatenate([_NO_FLOATS, *(c.mean_days for c in cycles)])[order],
            running=np.concatenate([_NO_FLAGS, *(c.running for c in cycles)])[order],
        )


_NO_INTS = np.empty(0, dtype=np.int64)
_NO_FLOATS = np.empty(0)
_NO_FLAGS = np.empty(0, dtype=bool)
