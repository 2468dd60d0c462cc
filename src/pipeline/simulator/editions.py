"""Which edition of a family a member takes: what is on sale, the member's brand, and the price."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.simulator.catalogue import Catalogue
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream

#: Weight of an edition whose successor is out, relative to the newest.
OLD_EDITION_WEIGHT = 0.25
LOYALTY_WEIGHT = 5.0
TIER_STRENGTH = 1.1
#: Weight of an edition in a language that is not the member's own.
FOREIGN_WEIGHT = 0.03


class Editions:
    """Chooses among the editions that a family has on sale on a day.

    The weight of an edition is 1 for the newest generation of its brand and
    `OLD_EDITION_WEIGHT` for one that runs out, times `LOYALTY_WEIGHT` for the member's own
    brand, times (relative price) to the power of `TIER_STRENGTH` x the member's tier.
    """

    def __init__(self, preset: Preset, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._brands = np.array([len(family.brands) for family in preset.families])
        self._of_family = [
            np.flatnonzero(catalogue.family == f) for f in range(len(preset.families))
        ]
        self._changes = [
            np.unique(np.concatenate([catalogue.launched[p], catalogue.withdrawn[p]]))
            for p in self._of_family
        ]

    def weights(
        self,
        family: int,
        day: int,
        brand: NDArray[np.int64],
        tier: NDArray[np.float64],
        language: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the products on sale and each member's weights: shape (n, products)."""
        catalogue = self._catalogue
        products = self._of_family[family]
        sold = (catalogue.launched[products] <= day) & (day < catalogue.withdrawn[products])
        products = products[sold]
        newest = np.zeros(int(self._brands[family]), dtype=np.int64)
        np.maximum.at(newest, catalogue.brand[products], catalogue.generation[products])
        current = catalogue.generation[products] == newest[catalogue.brand[products]]
        weight = np.where(current, 1.0, OLD_EDITION_WEIGHT)[None, :] * np.exp(
            TIER_STRENGTH * tier[:, None] * np.log(catalogue.relative_price[products])[None, :]
        )
        own = catalogue.brand[products][None, :] == brand[:, None]
        weight = np.where(own, weight * LOYALTY_WEIGHT, weight)
        spoken = catalogue.language[products]
        if (spoken >= 0).any():
            foreign = (spoken[None, :] >= 0) & (spoken[None, :] != language[:, None])
            weight = np.where(foreign, weight * FOREIGN_WEIGHT, weight)
        return products, weight

    def shares(
        self,
        family: int,
        period: tuple[int, int],
        brand: NDArray[np.int64],
        tier: NDArray[np.float64],
        language: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the products on sale when a period begins, and their mean shares in it.

        What is launched within the period takes its part away from them.
        """
        first, last = period
        products, _ = self.weights(family, first, brand, tier, language)
        changes = self._changes[family]
        borders = [first, *changes[(changes > first) & (changes < last)], last]
        total = np.zeros((len(brand), len(products)))
        for begin, end in pairwise(borders):
            then, weight = self.weights(family, int(begin), brand, tier, language)
            share = weight / weight.sum(axis=1, keepdims=True)
            _, at, among = np.intersect1d(products, then, return_indices=True)
            total[:, at] += share[:, among] * (end - begin) / (last - first)
        return products, total

    def choose(
        self,
        family: NDArray[np.int64],
        day: NDArray[np.int64],
        brand: NDArray[np.int64],
        tier: NDArray[np.float64],
        language: NDArray[np.int64],
        *,
        seed: int,
        block: int,
    ) -> NDArray[np.int64]:
        """Return one product for each line: shape (n_lines,)."""
        uniform = stream(seed, "editions", block).random(len(family))
        chosen = np.zeros(len(family), dtype=np.int64)
        order = np.lexsort((day, family))
        starts = np.searchsorted(family[order], np.arange(len(self._of_family) + 1))
        for position, changes in enumerate(self._changes):
            lines = order[starts[position] : starts[position + 1]]
            epochs = np.searchsorted(day[lines], changes)
            for epoch in np.split(lines, epochs):
                if len(epoch):
                    products, weight = self.weights(
                        position, int(day[epoch[0]]), brand[epoch], tier[epoch], language[epoch]
                    )
                    cumulative = np.cumsum(weight, axis=1)
                    mark = uniform[epoch] * cumulative[:, -1]
                    pick = (cumulative <= mark[:, None]).sum(axis=1)
                    chosen[epoch] = products[np.minimum(pick, len(products) - 1)]
        return chosen

    def preferred_brands(self, members: int, *, seed: int, block: int) -> NDArray[np.int64]:
        """Draw each member's own brand of each family: shape (members, families)."""
        uniform = stream(seed, "brands", block).random((members, len(self._brands)))
        # The square: the first brand of a family is the best known.
        return np.asarray(uniform**1.5 * self._brands, dtype=np.int64)
