"""When members shop and for what: one block of members, from event to event.

Planned trips are a renewal process with Erlang gaps on the member's own clock. After each
the member may leave for good; a return makes that likelier. Consumables run on cycles of
their own, in calendar time, which begin with the purchase of the machine. Both processes
have closed forms, and the truth rests on them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.clock import Clock
from pipeline.simulator.demand import NEVER, Demand
from pipeline.simulator.journal import Companions, Cycles, Floats, Ints, Journal, Trips
from pipeline.simulator.members import Members
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream

#: Gamma shape of the gaps between purchases of a consumable.
CYCLE_SHAPE = 12.0
#: Share of machine owners who buy its consumable here, and who stop after a purchase.
CYCLE_STARTS = 0.55
CYCLE_ENDS = 0.10
FIRST_TRIP_ON_JOINING = 0.85
RETURN_SHARE = 0.035
RETURN_SHARE_ONLINE = 0.075
#: Refills are ordered on line more often than other things.
REFILL_ONLINE = 1.4
#: Cumulated shares of who buys one piece, up to two, up to three.
PIECES = (0.75, 0.95)


@dataclass(frozen=True, kw_only=True)
class Shopping:
    """What one block of members did of its own accord."""

    trips: Trips
    cycles: Cycles
    companions: Companions
    clock: Clock


def shop(
    preset: Preset,
    calendar: Calendar,
    demand: Demand,
    clock: Clock,
    members: Members,
    *,
    seed: int,
    block: int,
) -> Shopping:
    """Let one block of members shop until the period ends or they leave.

    Members do not influence one another, so each step takes everybody to their own next
    event, whenever that is: as many steps as the busiest member has events.
    """
    walk = _Walk(preset, demand, clock, members, stream(seed, "trips", block))
    while True:
        soonest_cycle = walk.next_cycle.min(axis=1, initial=np.inf)
        at = np.flatnonzero(np.minimum(walk.next_planned, soonest_cycle) < calendar.days)
        if len(at) == 0:
            break
        planned = walk.next_planned[at] <= soonest_cycle[at]
        walk.planned_trips(at[planned])
        walk.refills(at[~planned])
    trips, cycles, companions = walk.journal.ordered()
    return Shopping(trips=trips, cycles=cycles, companions=companions, clock=clock)


class _Walk:
    """The state of one block of members between two events."""

    def __init__(
        self,
        preset: Preset,
        demand: Demand,
        clock: Clock,
        members: Members,
        rng: np.random.Generator,
    ) -> None:
        self._preset, self._demand, self._clock = preset, demand, clock
        self._members, self._rng = members, rng
        self.journal = Journal()
        families = preset.families
        names = [family.name for family in families]
        self._consumables = np.array(
            [i for i, f in enumerate(families) if f.role == "consumable"], dtype=np.int64
        )
        self._supply = np.array([families[c].supply_days for c in self._consumables], dtype=float)
        self._machines = [
            (column, names.index(machine))
            for column, c in enumerate(self._consumables)
            if (machine := families[c].machine) is not None
        ]
        self._companion, self._companion_share = companion_shares(preset)
        self._lasting = demand.of_members(members)
        self._bought = np.full((len(members), len(families)), NEVER)
        self._reading, self.next_planned = self._first_trips()
        self.next_cycle = np.full((len(members), len(self._consumables)), np.inf)
        self._begin_without_machine()

    def planned_trips(self, who: Ints) -> None:
        """Take members on their next planned trip."""
        if len(who) == 0:
            return
        members, rng = self._members, self._rng
        time = self.next_planned[who]
        weight = self._demand.weights(
            self._lasting[who], members.novelty[who], time.astype(np.int64), self._bought[who]
        )
        cumulative = np.cumsum(weight, axis=1)
        mark = rng.random(len(who)) * cumulative[:, -1]
        family = np.minimum((cumulative <= mark[:, None]).sum(axis=1), weight.shape[1] - 1)
        online = rng.random(len(who)) < members.online[who]
        risk = np.where(online, RETURN_SHARE_ONLINE, RETURN_SHARE)
        returned = rng.random(len(who)) < risk
        log_odds = members.leaving[who] + self._preset.activity.leaving_after_return * returned
        left = rng.random(len(who)) < 1 / (1 + np.exp(-log_odds))
        self._bought[who, family] = time
        first = self.journal.trips(
            Trips(
                member=who,
                time=time,
                planned=np.ones(len(who), bool),
                online=online,
                family=family,
                quantity=np.ones(len(who)),
                returned=returned,
                left=left,
            )
        )
        self._take_along(who, first, family, time)
        self._begin_cycles(who, family, time)
        self._reading[who] += rng.standard_gamma(members.shape[who]) / (
            members.shape[who] * members.rate[who]
        )
        coming = self._clock.day(members.stage[who], self._reading[who])
        self.next_planned[who] = np.where(left, np.inf, coming)
        self.next_cycle[who[left]] = np.inf

    def refills(self, who: Ints) -> None:
        """Let members replace the consumable that runs out first."""
        if len(who) == 0:
            return
        members, rng = self._members, self._rng
        column = self.next_cycle[who].argmin(axis=1)
        family, time = self._consumables[column], self.next_cycle[who, column]
        pieces = 1 + np.searchsorted(PIECES, rng.random(len(who)), side="right")
        quantity = pieces.astype(np.float64)
        mean = self._supply[column] * quantity / members.usage[who]
        stops = rng.random(len(who)) < CYCLE_ENDS
        online = rng.random(len(who)) < members.online[who] * REFILL_ONLINE
        self._bought[who, family] = time
        no = np.zeros(len(who), bool)
        self.journal.trips(
            Trips(
                member=who,
                time=time,
                planned=no,
                online=online,
                family=family,
                quantity=quantity,
                returned=no,
                left=no,
            )
        )
        self.journal.cycles(who, family, time=time, mean_days=mean, running=~stops)
        self.next_cycle[who, column] = np.where(stops, np.inf, time + self._gap(mean))

    def _first_trips(self) -> tuple[Floats, Floats]:
        """Return the clock's reading at the coming trip, and its day; infinity for who left."""
        members, rng, count = self._members, self._rng, len(self._members)
        gap = rng.standard_gamma(members.shape) / (members.shape * members.rate)
        # Who joined before the period is met somewhere within a gap.
        gap = np.where(members.joined < 0, gap * rng.random(count), gap)
        start = np.where(members.joined < 0, 0.0, members.joined + rng.random(count))
        at_once = (members.joined >= 0) & (rng.random(count) < FIRST_TRIP_ON_JOINING)
        reading = self._clock.passed(members.stage, start) + np.where(at_once, 0.0, gap)
        day = np.where(at_once, start, self._clock.day(members.stage, reading))
        return reading, np.where(members.left_before, np.inf, day)

    def _begin_without_machine(self) -> None:
        members, rng = self._members, self._rng
        for column, position in enumerate(self._consumables):
            share = self._preset.families[position].starters
            users = np.flatnonzero((rng.random(len(members)) < share) & ~members.left_before)
            mean = self._supply[column] / members.usage[users]
            # Who brings the habit along is met at some moment of their supply.
            due = np.maximum(members.joined[users] + 1, 0) + rng.random(len(users)) * mean
            self.next_cycle[users, column] = due
            self._note_cycles(users, column, due - mean, mean)

    def _begin_cycles(self, who: Ints, family: Ints, time: Floats) -> None:
        for column, machine in self._machines:
            new = (family == machine) & ~np.isfinite(self.next_cycle[who, column])
            new &= self._rng.random(len(who)) < CYCLE_STARTS
            owners = who[new]
            mean = self._supply[column] / self._members.usage[owners]
            self._note_cycles(owners, column, time[new], mean)
            self.next_cycle[owners, column] = time[new] + self._gap(mean)

    def _note_cycles(self, who: Ints, column: int, time: Floats, mean: Floats) -> None:
        self.journal.cycles(
            who,
            np.full(len(who), self._consumables[column]),
            time=time,
            mean_days=mean,
            running=np.ones(len(who), bool),
        )

    def _take_along(self, who: Ints, first_trip: int, family: Ints, time: Floats) -> None:
        share = self._companion_share[family]
        row, column = np.nonzero(self._rng.random(share.shape) < share)
        companion = self._companion[family[row], column]
        self._bought[who[row], companion] = time[row]
        self.journal.companions(first_trip + row, companion)

    def _gap(self, mean: Floats) -> Floats:
        return self._rng.standard_gamma(CYCLE_SHAPE, len(mean)) * mean / CYCLE_SHAPE


def companion_shares(preset: Preset) -> tuple[Ints, Floats]:
    """Return each family's companions and their probabilities: shape (families, most)."""
    names = [family.name for family in preset.families]
    leads = [companion.lead for companion in preset.companions]
    most = max((leads.count(lead) for lead in leads), default=0)
    family: NDArray[np.int64] = np.zeros((len(names), most), dtype=np.int64)
    share = np.zeros((len(names), most))
    used = dict.fromkeys(names, 0)
    for companion in preset.companions:
        row, column = names.index(companion.lead), used[companion.lead]
        family[row, column] = names.index(companion.companion)
        share[row, column] = companion.probability
        used[companion.lead] += 1
    return family, share
