"""Where every consumable's cycle stands on a day, and when it will be due."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.simulator.members import Members
from pipeline.simulator.preset import Preset
from pipeline.simulator.shopping import CYCLE_ENDS, CYCLE_SHAPE, Shopping

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StandingCycles:
    """The cycles of one block that were set before a day; shape (n_cycles,).

    Attributes
    ----------
    member, family : array of int
        Whose, and of what.
    elapsed, mean_days : array of float
        Days since it was set, and mean days from there to the next purchase.
    running : array of bool
        False where the member no longer uses it, or has left. Hidden.
    members : int
        Number of members in the block.
    """

    member: NDArray[np.int64]
    family: NDArray[np.int64]
    set_on: Floats
    elapsed: Floats
    mean_days: Floats
    running: NDArray[np.bool_]
    members: int

    def survival(self, days: Floats) -> Floats:
        """Return the probability that a running cycle lasts longer than `days`."""
        from scipy.special import gammaincc

        return np.asarray(gammaincc(CYCLE_SHAPE, CYCLE_SHAPE * days / self.mean_days))

    def runs(self) -> Floats:
        """Return the probability that a cycle runs, given only how long it has been silent."""
        running = (1 - CYCLE_ENDS) * self.survival(self.elapsed)
        return np.asarray(running / (running + CYCLE_ENDS))

    def refill(self, horizon_days: float, *, hidden_known: bool) -> Floats:
        """Return the probability of the next purchase within the horizon: shape (n_cycles,)."""
        before = np.maximum(self.survival(self.elapsed), 1e-300)
        chance = 1 - self.survival(self.elapsed + horizon_days) / before
        return chance * (self.running if hidden_known else self.runs())

    def no_refill(self, horizon_days: float, *, hidden_known: bool) -> Floats:
        """Return the probability that nothing is refilled within the horizon, by member."""
        chance = np.clip(self.refill(horizon_days, hidden_known=hidden_known), 0, 1 - 1e-12)
        return np.exp(np.bincount(self.member, np.log1p(-chance), minlength=self.members))

    def silence_if_there(self, since_day: Floats) -> Floats:
        """Return how likely the silence of a member's cycles since a day is, were they there.

        Parameters
        ----------
        since_day : array of shape (n_members,)
            Days before `day` on which the member is known to have been there.
        """
        at_that_time = np.maximum(self.elapsed - since_day[self.member], 0.0)
        chance = (CYCLE_ENDS + (1 - CYCLE_ENDS) * self.survival(self.elapsed)) / (
            CYCLE_ENDS + (1 - CYCLE_ENDS) * self.survival(at_that_time)
        )
        return np.exp(np.bincount(self.member, np.log(chance), minlength=self.members))

    def due_in(self) -> Floats:
        """Return the median days from the day to the next purchase of a running cycle."""
        from scipy.special import gammainccinv

        half = np.maximum(self.survival(self.elapsed) / 2, 1e-300)
        at = gammainccinv(CYCLE_SHAPE, half) * self.mean_days / CYCLE_SHAPE
        return np.asarray(at - self.elapsed)


def cycles_at(preset: Preset, members: Members, shopping: Shopping, day: float) -> StandingCycles:
    """Look up the cycles of one block at the beginning of `day`."""
    log = shopping.cycles
    before = np.flatnonzero(log.time < day)
    key = log.member[before] * len(preset.families) + log.family[before]
    # The log is ordered by member, family and time: the last of equal keys is the newest.
    last = np.flatnonzero(np.append(key[1:] != key[:-1], True)) if len(key) else key
    newest = before[last]
    trips = shopping.trips
    gone = np.full(len(members), np.inf)
    gone[trips.member[trips.left]] = trips.time[trips.left]
    member = log.member[newest]
    return StandingCycles(
        member=member,
        family=log.family[newest],
        set_on=log.time[newest],
        elapsed=day - log.time[newest],
        mean_days=log.mean_days[newest],
        running=log.running[newest] & (gone[member] >= day),
        members=len(members),
    )
