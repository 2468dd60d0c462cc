"""Every trip of one block with its place and cause: the members' own, and the provoked ones."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pipeline.simulator.journal import Flags, Floats, Ints, Trips
from pipeline.simulator.members import Members
from pipeline.simulator.outlets import Outlets
from pipeline.simulator.randomness import stream

OWN, PROMOTION, CAMPAIGN, GIFT = 0, 1, 2, 3
HOME_STORE_SHARE = 0.8
_KEY = 1e6


@dataclass(frozen=True, kw_only=True)
class Outings:
    """Trips of one block; the members' own come first, in the order of `Trips`.

    Attributes
    ----------
    member, time, online, family, quantity, returned : array
        As in `Trips`.
    store : array of int
        Where; -1 on line.
    cause, source : array of int
        `OWN` or `GIFT` with -1, `PROMOTION` or `CAMPAIGN` with the position of that one.
    switched_to : array of int
        The promotion that made the member take its family instead; -1 mostly.
    own_family : array of int
        What it would have been made for without a switch.
    pulled_by : array of int
        The promotion that made the member come earlier; -1 mostly.
    own_time : array of float
        When it would have been made.
    kept : array of bool
        False where a campaign drove the member away.
    """

    member: Ints
    time: Floats
    online: Flags
    family: Ints
    quantity: Floats
    returned: Flags
    store: Ints
    cause: Ints
    source: Ints
    switched_to: Ints
    own_family: Ints
    pulled_by: Ints
    own_time: Floats
    kept: Flags

    def __len__(self) -> int:
        return len(self.member)

    def and_more(self, more: Sequence["Outings"]) -> "Outings":
        """Return these and some more."""
        pieces = [self, *more]
        return Outings(
            **{f.name: np.concatenate([getattr(p, f.name) for p in pieces]) for f in fields(self)}
        )

    def times_of_members(self) -> "VisitTimes":
        """Return who came when, for looking up what is known of them on a day."""
        came = self.kept & (self.cause != GIFT)
        return VisitTimes(self.member[came], self.time[came], self.online[came])


class VisitTimes:
    """Counts a member's visits up to a day, which is what a retailer can observe."""

    def __init__(self, member: Ints, time: Floats, online: Flags) -> None:
        key = member * _KEY + time
        order = np.argsort(key, kind="stable")
        self._key = key[order]
        self._times = self._key % _KEY
        self._online = np.concatenate([[0], np.cumsum(online[order])])

    def before(self, members: int, day: float) -> Ints:
        """Return how many visits lie before a day, over all: positions by member."""
        return np.searchsorted(self._key, np.arange(members) * _KEY + max(day, 0.0))

    def count(self, members: int, day: float, *, window_days: float) -> Ints:
        """Return each member's visits in the days before a day."""
        return self.before(members, day) - self.before(members, day - window_days)

    def online_share(self, members: int, day: float) -> Floats:
        """Return the share of each member's visits before a day made on line; 0 without one."""
        end = self.before(members, day)
        begin = np.searchsorted(self._key, np.arange(members) * _KEY)
        online = self._online[end] - self._online[begin]
        return np.asarray(online / np.maximum(end - begin, 1))

    def days_since(self, members: int, day: float) -> Floats:
        """Return the days since each member's last visit; infinity without one."""
        if len(self._key) == 0:
            return np.full(members, np.inf)
        position = self.before(members, day)
        last = np.maximum(position - 1, 0)
        own = (position > 0) & (self._key[last] >= np.arange(members) * _KEY)
        return np.where(own, day - self._times[last], np.inf)


def own_outings(
    members: Members, trips: Trips, outlets: Outlets | None, *, seed: int, block: int
) -> Outings:
    """Give the members' own trips a place."""
    count = len(trips.member)
    rng = stream(seed, "places", block)
    none = np.full(count, -1, dtype=np.int64)
    store = where_they_go(members, trips.member, outlets, rng)
    return Outings(
        member=trips.member,
        time=trips.time,
        online=trips.online,
        family=trips.family,
        quantity=trips.quantity,
        returned=trips.returned,
        store=np.where(trips.online, -1, store),
        cause=np.full(count, OWN),
        source=none,
        switched_to=none,
        own_family=trips.family,
        pulled_by=none,
        own_time=trips.time,
        kept=np.ones(count, bool),
    )


def provoked_outings(
    *,
    member: Ints,
    time: Floats,
    family: Ints,
    store: Ints,
    cause: int,
    source: Ints,
) -> Outings:
    """Return trips that somebody provoked; they are not returned."""
    count = len(member)
    none = np.full(count, -1, dtype=np.int64)
    return Outings(
        member=member,
        time=time,
        online=store < 0,
        family=family,
        quantity=np.ones(count),
        returned=np.zeros(count, bool),
        store=store,
        cause=np.full(count, cause),
        source=source,
        switched_to=none,
        own_family=family,
        pulled_by=none,
        own_time=time,
        kept=np.ones(count, bool),
    )


def where_they_go(
    members: Members, member: Ints, outlets: Outlets | None, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw the store of trips: mostly the member's own, else another one in the city."""
    elsewhere, place = rng.random(len(member)) >= HOME_STORE_SHARE, rng.random(len(member))
    if outlets is None:
        return np.full(len(member), -1, dtype=np.int64)
    city = members.city[member]
    other = outlets.first_in_city[city] + (place * outlets.count_in_city[city]).astype(np.int64)
    return np.where(elsewhere, other, members.home_store[member])
