"""The `transactions` table: baskets as receipt lines, and what was brought back."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.simulator.baskets import MAIN, Baskets
from pipeline.simulator.catalogue import Catalogue
from pipeline.simulator.editions import Editions
from pipeline.simulator.members import Members
from pipeline.simulator.moments import Moments, known, stored
from pipeline.simulator.outlets import Outlets
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream
from pipeline.simulator.texts import named, numbered

HOME_STORE_SHARE = 0.8
HAGGLE_SHARE = 0.22
HAGGLED_OFF = (0.03, 0.12)
RETURN_WITHIN_DAYS = 14


class Receipts:
    """Writes receipts; numbers them through from block to block."""

    def __init__(
        self,
        preset: Preset,
        *,
        catalogue: Catalogue,
        outlets: Outlets | None,
        editions: Editions,
        moments: Moments,
        days: int,
    ) -> None:
        self._preset = preset
        self._catalogue = catalogue
        self._outlets = outlets
        self._editions = editions
        self._moments = moments
        self._days = days
        self._orders = 0
        self._lines = 0

    def write(self, members: Members, baskets: Baskets, *, seed: int, block: int) -> pa.Table:
        """Return the receipt lines of one block, ordered by member and time."""
        rng = stream(seed, "transactions", block)
        trip, member = baskets.trip, baskets.member[baskets.trip]
        lines, trips = len(trip), len(baskets.member)
        day = baskets.time.astype(np.int64)
        brands = self._editions.preferred_brands(len(members), seed=seed, block=block)
        product = self._editions.choose(
            baskets.family,
            day[trip],
            brands[member, baskets.family],
            members.tier[member],
            seed=seed,
            block=block,
        )
        decimals = self._preset.currency_decimals
        several = np.array([f.role != "durable" for f in self._preset.families])[baskets.family]
        quantity = np.where(several & (rng.random(lines) < 0.18), 2.0, 1.0)
        list_amount = self._catalogue.price[product] * quantity
        haggled = rng.random(lines) < HAGGLE_SHARE * 2 * members.bargain[member]
        share_off = np.where(haggled, rng.uniform(*HAGGLED_OFF, lines), 0.0)
        discount = np.round(list_amount * share_off, decimals)

        happened = self._moments.happened(baskets.time, baskets.online)
        available = known(happened, rng)
        store, seller = self._served(members, baskets, rng)
        channel = _channels(self._preset, baskets.online, rng)

        back = np.flatnonzero((baskets.role == MAIN) & baskets.returned[trip])
        wait = rng.uniform(1, RETURN_WITHIN_DAYS, len(back))
        back = back[baskets.time[trip[back]] + wait < self._days]
        wait = wait[: len(back)]
        returned_at = np.minimum(baskets.time[trip[back]] + wait, self._days - 1e-6)
        return_trip = trip[back]
        return_happened = self._moments.happened(returned_at, baskets.online[return_trip])

        # Sales first, then returns; both are brought into the order of member and time.
        of_trip = np.concatenate([trip, return_trip])
        of_member = np.concatenate([member, member[back]])
        times = np.concatenate([happened[trip], return_happened])
        is_return = np.concatenate([np.zeros(lines, bool), np.ones(len(back), bool)])
        receipt = np.concatenate([trip, trips + np.arange(len(back))])
        order = np.lexsort((receipt, times, of_member))
        new_receipt = np.ones(len(order), dtype=np.int64)
        new_receipt[1:] = receipt[order][1:] != receipt[order][:-1]
        receipt_number = self._orders + np.cumsum(new_receipt)
        line_number = self._lines + 1 + np.arange(len(order))
        self._orders = int(receipt_number[-1]) if len(order) else self._orders
        self._lines += len(order)

        source = np.concatenate([np.arange(lines), back])[order]
        sign = np.where(is_return[order], -1.0, 1.0)
        knew = np.concatenate([available[trip], known(return_happened, rng)])
        served = store[of_trip[order]]
        has_store = served >= 0
        amount = np.round(list_amount - discount, decimals)[source]
        return pa.table(
            {
                "line_id": numbered("L", line_number, 10),
                "order_id": numbered("O", receipt_number, 9),
                "customer_id": numbered("M", members.first + of_member[order] + 1, 8),
                "product_id": pc.take(self._catalogue.ids, pa.array(product[source])),
                "store_id": self._named_store(served, has_store),
                "salesperson_id": self._named_seller(seller[of_trip[order]], has_store),
                "event_time": stored(times[order]),
                "available_time": stored(knew[order]),
                "quantity": quantity[source] * sign,
                "amount": np.where(sign > 0, amount, -amount),
                "discount": discount[source],
                "promotion_id": pa.nulls(len(order), pa.string()),
                "channel": channel.take(pa.array(of_trip[order])),
                "kind": named(["sale", "return"], is_return[order].astype(np.int64)),
            }
        )

    def _served(
        self, members: Members, baskets: Baskets, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return store and seller of each trip; -1 on line."""
        trips = len(baskets.member)
        elsewhere, place = rng.random(trips) >= HOME_STORE_SHARE, rng.random(trips)
        which_seller = rng.random(trips) ** 1.4
        outlets = self._outlets
        if outlets is None:
            nowhere = np.full(trips, -1)
            return nowhere, nowhere
        city = members.city[baskets.member]
        other = outlets.first_in_city[city] + (place * outlets.count_in_city[city]).astype(np.int64)
        store = np.where(elsewhere, other, members.home_store[baskets.member])
        seller = outlets.first_seller[store] + (which_seller * outlets.sellers[store]).astype(int)
        return np.where(baskets.online, -1, store), np.where(baskets.online, -1, seller)

    def _named_store(self, store: NDArray[np.int64], valid: NDArray[np.bool_]) -> pa.Array:
        if self._outlets is None:
            return pa.nulls(len(store), pa.string())
        return named(self._outlets.stores["store_id"].combine_chunks(), store, valid)

    def _named_seller(self, seller: NDArray[np.int64], valid: NDArray[np.bool_]) -> pa.Array:
        if self._outlets is None:
            return pa.nulls(len(seller), pa.string())
        return named(self._outlets.salespeople["salesperson_id"].combine_chunks(), seller, valid)


def _channels(preset: Preset, online: NDArray[np.bool_], rng: np.random.Generator) -> pa.Array:
    names = ["store", *preset.online_channels]
    shares = np.cumsum(list(preset.online_channels.values()))
    which = 1 + np.searchsorted(shares / shares[-1], rng.random(len(online)), side="right")
    return named(names, np.where(online, which, 0))
