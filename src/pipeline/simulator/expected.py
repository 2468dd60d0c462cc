"""What is to be expected of each member from a day on: the truth that everything rests on."""

import numpy as np

from pipeline.simulator.chances import any_trip, still_there
from pipeline.simulator.cycles import StandingCycles, cycles_at
from pipeline.simulator.demand import Demand
from pipeline.simulator.journal import Flags, Floats, Ints
from pipeline.simulator.members import Members
from pipeline.simulator.preset import Preset
from pipeline.simulator.promotions import Promotions, new_demand_rate, switchable
from pipeline.simulator.shopping import Shopping
from pipeline.simulator.standing import Standing, standing


class Outlook:
    """One block of members as of the beginning of a moment, in days; arrays by member.

    Attributes
    ----------
    standing, cycles
        Where planned trips and consumables stand.
    gone : array of bool
        Who has left. Hidden.
    there : array of float
        Probability that the member has not left, given the own rates and the history.
    """

    def __init__(self, world: "Expected", day: float) -> None:
        self._world, self._day = world, day
        members = world.members
        self.standing: Standing = standing(members, world.shopping, day)
        self.cycles: StandingCycles = cycles_at(world.preset, members, world.shopping, day)
        self.gone: Flags = self.standing.left
        self.there: Floats = self._still_there()

    def ahead(self, days: float) -> Floats:
        """Return how far each member's clock runs within the coming days."""
        clock, stage = self._world.shopping.clock, self._world.members.stage
        now = np.full(len(stage), self._day)
        return clock.passed(stage, now + days) - clock.passed(stage, now)

    def planned_trip(self, days: float) -> Floats:
        """Return the chance of a planned trip within the coming days, for who is there."""
        members = self._world.members
        return any_trip(members.shape, members.rate, self.standing.elapsed, self.ahead(days))

    def visit(self, days: float) -> Floats:
        """Return the exact chance of any visit within the coming days."""
        return np.where(self.gone, 0.0, self._visit(days, hidden_known=True))

    def visit_drivers(self, days: float) -> Floats:
        """Return that chance as the drivers tell it: not knowing who left or stopped."""
        return self.there * self._visit(days, hidden_known=False)

    def visit_if_there(self, days: float) -> Floats:
        """Return the chance of a member who is there, not knowing what they stopped using."""
        return self._visit(days, hidden_known=False)

    def _visit(self, days: float, *, hidden_known: bool) -> Floats:
        quiet = 1 - self.planned_trip(days)
        quiet = quiet * self.cycles.no_refill(days, hidden_known=hidden_known)
        return np.asarray(1 - quiet * np.exp(-self._world.promoted(self._day, days)))

    def _still_there(self) -> Floats:
        members, stand = self._world.members, self.standing
        leaving = 1 / (1 + np.exp(-members.leaving))
        there = still_there(members.shape, members.rate, stand.elapsed, leaving)
        # Refilling after the last planned trip proves that the member is still there; a cycle
        # that should have run out since then speaks for the opposite.
        seen_ago = np.nan_to_num(self._day - stand.last_planned, nan=0.0)
        silence = self.cycles.silence_if_there(seen_ago)
        there = there * silence / np.maximum(there * silence + 1 - there, 1e-300)
        planned = np.nan_to_num(stand.last_planned, nan=-1.0)
        proof = np.isnan(stand.last_planned) | (np.nan_to_num(stand.last_any, nan=-1.0) > planned)
        return np.where(proof, 1.0, there)


class Expected:
    """Answers for one block of members as of any moment."""

    def __init__(
        self,
        preset: Preset,
        demand: Demand,
        promotions: Promotions,
        members: Members,
        shopping: Shopping,
    ) -> None:
        self.preset, self.members, self.shopping = preset, members, shopping
        self.demand = demand
        self._promotions = promotions
        self.lasting = demand.of_members(members)
        self._rates: dict[int, Floats] = {}

    def at(self, day: float) -> Outlook:
        """Return the outlook as of a moment."""
        return Outlook(self, day)

    def promoted(self, day: float, days: float) -> Floats:
        """Return the visits that announced promotions add within the coming days."""
        return np.asarray(self.promoted_families(day, days).sum(axis=1))

    def promoted_families(self, day: float, days: float) -> Floats:
        """Return those visits by family: shape (n_members, families)."""
        total = np.zeros(self.lasting.shape)
        promotions = self._promotions
        overlap = np.minimum(promotions.ends, day + days) - np.maximum(promotions.starts, day)
        for found in np.flatnonzero(overlap > 0):
            position = int(found)
            if position not in self._rates:
                self._rates[position] = new_demand_rate(
                    self.demand, self.members, self.lasting, promotions, position
                )
            total[:, promotions.family[position]] += self._rates[position] * overlap[position]
        return total

    def switched(self, wanted: Floats, rows: Ints, day: float) -> Floats:
        """Return what becomes of the families' shares of a trip while promotions run.

        Parameters
        ----------
        wanted : array of shape (rows, families)
            The shares without promotions; they add up to 1.
        """
        share, promotions = wanted.copy(), self._promotions
        stays = switchable(self.preset)
        for position in np.flatnonzero((promotions.starts <= day) & (day < promotions.ends)):
            family = int(promotions.family[position])
            sibling = (self.demand.category == self.demand.category[family]) & stays
            sibling[family] = False
            reached = promotions.reaches(int(position), self.members.home_store[rows])
            moved = share[:, sibling] * (promotions.switched[position] * reached)[:, None]
            share[:, sibling] -= moved
            share[:, family] += moved.sum(axis=1)
        return share
