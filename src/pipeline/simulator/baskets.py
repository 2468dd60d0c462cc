"""What lies in each basket: what the trip was made for, its companions, and impulses."""

from dataclasses import dataclass

import numpy as np

from pipeline.simulator.journal import Companions, Flags, Ints
from pipeline.simulator.outings import CAMPAIGN, OWN, PROMOTION, Outings
from pipeline.simulator.preset import Preset
from pipeline.simulator.promotions import Promotions
from pipeline.simulator.randomness import stream
from pipeline.simulator.shopping import companion_shares

MAIN, COMPANION, IMPULSE, HALO = 0, 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Lines of one block's baskets, ordered by trip: shape (n_lines,).

    Attributes
    ----------
    trip, family, role : array of int
        Which outing, which family, and why (`MAIN`, `COMPANION`, `IMPULSE` or `HALO`).
    promotion : array of int
        The promotion that takes something off its price; -1 without one.
    """

    trip: Ints
    family: Ints
    role: Ints
    promotion: Ints


class Baskets:
    """Fills the baskets of a retailer."""

    def __init__(self, preset: Preset, promotions: Promotions, days: int) -> None:
        self._preset, self._promotions = preset, promotions
        self._companion, self._share = companion_shares(preset)
        # Promotions of one family never overlap, so that one number per day is enough.
        self._on = np.full((len(preset.families), days), -1, dtype=np.int64)
        for position in range(len(promotions)):
            span = slice(int(promotions.starts[position]), int(promotions.ends[position]))
            self._on[promotions.family[position], span] = position

    def fill(self, outings: Outings, companions: Companions, *, seed: int, block: int) -> Lines:
        """Put every trip's lines into its basket, each family at most once.

        Impulses come alike to everybody and on every trip: whatever two of them have in
        common is chance, so that the companions remain the only planted associations.
        """
        rng = stream(seed, "baskets", block)
        count = len(outings)
        everything = np.arange(count)
        trip, family, role = [everything], [outings.family], [np.full(count, MAIN)]

        def add(to: Ints, what: Ints, why: int) -> None:
            trip.append(to)
            family.append(what)
            role.append(np.full(len(to), why))

        # Who was switched to something else leaves the companions of the first wish.
        true_to_it = outings.switched_to[companions.trip] < 0
        add(companions.trip[true_to_it], companions.family[true_to_it], COMPANION)
        provoked = np.flatnonzero((outings.cause != OWN) | (outings.switched_to >= 0))
        share = self._share[outings.family[provoked]]
        row, column = np.nonzero(rng.random(share.shape) < share)
        add(provoked[row], self._companion[outings.family[provoked[row]], column], COMPANION)
        for position, item in enumerate(self._preset.families):
            if item.impulse > 0:
                taken = np.flatnonzero(rng.random(count) < item.impulse)
                add(taken, np.full(len(taken), position), IMPULSE)
        on = self._promotion_of(outings, everything, outings.family)
        offered = np.flatnonzero(on >= 0)
        chance = self._promotions.halo[on[offered]]
        drawn = offered[rng.random(len(offered)) < chance]
        add(drawn, self._promotions.companion[on[drawn]], HALO)

        line_trip, line_family = np.concatenate(trip), np.concatenate(family)
        line_role = np.concatenate(role)
        kept = outings.kept[line_trip]
        line_trip, line_family, line_role = line_trip[kept], line_family[kept], line_role[kept]
        # `unique` keeps the first of equal keys, which is the one with the smaller role.
        key = line_trip * len(self._preset.families) + line_family
        _, first = np.unique(key, return_index=True)
        order = first[np.lexsort((line_role[first], line_trip[first]))]
        return Lines(
            trip=line_trip[order],
            family=line_family[order],
            role=line_role[order],
            promotion=self._promotion_of(outings, line_trip[order], line_family[order]),
        )

    def _promotion_of(self, outings: Outings, trip: Ints, family: Ints) -> Ints:
        if len(self._promotions) == 0:
            return np.full(len(trip), -1, dtype=np.int64)
        on = self._on[family, outings.time[trip].astype(np.int64)]
        place = outings.store[trip]
        everywhere = self._promotions.online[on]
        there: Flags = everywhere
        if self._promotions.stores.shape[1]:
            there = np.where(
                place < 0, everywhere, self._promotions.stores[on, np.maximum(place, 0)]
            )
        return np.where((on >= 0) & there, on, -1)


def cause_of(outings: Outings, lines: Lines) -> tuple[Ints, Ints]:
    """Return why each line exists, as a position in `CAUSES`, and by which action."""
    trip = lines.trip
    cause = np.zeros(len(trip), dtype=np.int64)
    source = np.full(len(trip), -1, dtype=np.int64)

    def mark(rows: Flags, name: str, by: Ints) -> None:
        cause[rows] = CAUSES.index(name)
        source[rows] = by[rows]

    main = lines.role == MAIN
    mark(main & (outings.pulled_by[trip] >= 0), "pulled_forward", outings.pulled_by[trip])
    mark(main & (outings.switched_to[trip] >= 0), "switched", outings.switched_to[trip])
    mark(main & (outings.cause[trip] == PROMOTION), "new_demand", outings.source[trip])
    taken_along = ~main & (outings.cause[trip] == PROMOTION)
    mark(taken_along, "halo", outings.source[trip])
    main_promotion = np.full(len(outings), -1, dtype=np.int64)
    main_promotion[trip[main]] = lines.promotion[main]
    mark(lines.role == HALO, "halo", main_promotion[trip])
    mark(outings.cause[trip] == CAMPAIGN, "campaign", outings.source[trip])
    return cause, source


#: Why a line exists; the first would have existed without any promotion or campaign.
CAUSES = ("own", "pulled_forward", "switched", "new_demand", "halo", "campaign")
