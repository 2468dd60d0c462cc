"""The `transactions` table: baskets as receipt lines, and what was brought back."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.simulator.baskets import CAUSES, MAIN, Lines, cause_of
from pipeline.simulator.catalogue import Catalogue
from pipeline.simulator.editions import Editions
from pipeline.simulator.journal import Flags, Floats, Ints
from pipeline.simulator.members import Members
from pipeline.simulator.moments import Moments, known, stored
from pipeline.simulator.outings import Outings
from pipeline.simulator.outlets import Outlets
from pipeline.simulator.preset import Preset
from pipeline.simulator.promotions import Promotions
from pipeline.simulator.randomness import stream
from pipeline.simulator.texts import masked, named, numbered

HAGGLE_SHARE = 0.22
HAGGLED_OFF = (0.03, 0.12)
RETURN_WITHIN_DAYS = 14


class Written(NamedTuple):
    """The receipt lines of a block, why some exist, and what was paid on each outing."""

    transactions: pa.Table
    planted: pa.Table
    paid: Floats


class Receipts:
    """Writes receipts; numbers them through from block to block."""

    def __init__(
        self,
        preset: Preset,
        *,
        catalogue: Catalogue,
        outlets: Outlets | None,
        promotions: Promotions,
        editions: Editions,
        moments: Moments,
        days: int,
    ) -> None:
        self._preset, self._catalogue, self._outlets = preset, catalogue, outlets
        self._promotions, self._editions = promotions, editions
        self._moments, self._days = moments, days
        self._decimals = preset.currency_decimals
        self._several = np.array([f.role == "accessory" for f in preset.families])
        self._given = np.array([f.role == "gift" for f in preset.families])
        self._orders = 0
        self._lines = 0

    def write(
        self, members: Members, outings: Outings, lines: Lines, *, seed: int, block: int
    ) -> Written:
        """Return the receipt lines of one block, ordered by member and time."""
        rng = stream(seed, "transactions", block)
        trip, member = lines.trip, outings.member[lines.trip]
        count, trips = len(trip), len(outings)
        day = outings.time.astype(np.int64)
        brands = self._editions.preferred_brands(len(members), seed=seed, block=block)
        product = self._editions.choose(
            lines.family,
            day[trip],
            brands[member, lines.family],
            members.tier[member],
            members.language[member],
            seed=seed,
            block=block,
        )
        quantity = np.where(self._several[lines.family] & (rng.random(count) < 0.18), 2.0, 1.0)
        quantity = np.where(lines.role == MAIN, outings.quantity[trip], quantity)
        list_amount = self._catalogue.price[product] * quantity
        share_off = self._share_off(members.bargain[member], lines, rng)
        discount = np.round(list_amount * share_off, self._decimals)
        amount = np.round(list_amount - discount, self._decimals)

        happened = self._moments.happened(outings.time, outings.online)
        available = known(happened, rng)
        which_seller = rng.random(trips) ** 1.4
        channel = _channels(self._preset, outings.online, rng)

        back = np.flatnonzero((lines.role == MAIN) & outings.returned[trip])
        returned_at = outings.time[trip[back]] + rng.uniform(1, RETURN_WITHIN_DAYS, len(back))
        back, returned_at = back[returned_at < self._days], returned_at[returned_at < self._days]
        return_trip = trip[back]
        return_happened = self._moments.happened(returned_at, outings.online[return_trip])

        # Sales first, then returns; both are brought into the order of member and time.
        of_trip = np.concatenate([trip, return_trip])
        times = np.concatenate([happened[trip], return_happened])
        is_return = np.arange(len(of_trip)) >= count
        receipt = np.concatenate([trip, trips + np.arange(len(back))])
        order = np.lexsort((receipt, times, outings.member[of_trip]))
        source = np.concatenate([np.arange(count), back])[order]
        sign = np.where(is_return[order], -1.0, 1.0)
        knew = np.concatenate([available[trip], known(return_happened, rng)])
        line_number, receipt_number = self._number(receipt[order])
        line_ids = numbered("L", line_number, 10)
        of_trip = of_trip[order]
        store = outings.store[of_trip]
        promotion = lines.promotion[source]
        table = pa.table(
            {
                "line_id": line_ids,
                "order_id": numbered("O", receipt_number, 9),
                "customer_id": numbered("M", members.first + outings.member[of_trip] + 1, 8),
                "product_id": named(self._catalogue.ids, product[source]),
                "store_id": self._named_store(store),
                "salesperson_id": self._named_seller(store, which_seller[of_trip]),
                "event_time": stored(times[order]),
                "available_time": stored(knew[order]),
                "quantity": quantity[source] * sign,
                "amount": np.where(sign > 0, amount[source], -amount[source]),
                "discount": discount[source],
                "promotion_id": named(
                    self._promotions.table["promotion_id"].combine_chunks(),
                    promotion,
                    promotion >= 0,
                ),
                "channel": channel.take(pa.array(of_trip)),
                "kind": named(["sale", "return"], is_return[order].astype(np.int64)),
            }
        )
        paid = np.bincount(trip, amount, minlength=trips).astype(float)
        return Written(table, self._planted(outings, lines, line_ids, source, sign > 0), paid)

    def _share_off(self, bargain: Floats, lines: Lines, rng: np.random.Generator) -> Floats:
        """Return what is taken off each line: by a promotion, a campaign, or haggling."""
        haggles = rng.random(len(lines.trip)) < HAGGLE_SHARE * 2 * bargain
        haggled = np.where(haggles, rng.uniform(*HAGGLED_OFF, len(lines.trip)), 0.0)
        haggled = np.where(self._given[lines.family], 1.0, haggled)
        if len(self._promotions) == 0:
            return haggled
        promoted = lines.promotion >= 0
        return np.where(promoted, self._promotions.off[lines.promotion], haggled)

    def _number(self, receipt: Ints) -> tuple[Ints, Ints]:
        """Return the numbers of lines and receipts, which run on from block to block."""
        new = np.ones(len(receipt), dtype=np.int64)
        new[1:] = receipt[1:] != receipt[:-1]
        receipt_number = self._orders + np.cumsum(new)
        line_number = self._lines + 1 + np.arange(len(receipt))
        self._orders += int(new.sum())
        self._lines += len(receipt)
        return line_number, receipt_number

    def _planted(
        self, outings: Outings, lines: Lines, line_ids: pa.Array, source: Ints, sale: Flags
    ) -> pa.Table:
        """Return the sales that a promotion or a campaign caused, and what they would have been."""
        cause, by = cause_of(outings, lines)
        rows = np.flatnonzero((cause[source] > 0) & sale)
        line = source[rows]
        trip = lines.trip[line]
        campaign = cause[line] == CAUSES.index("campaign")
        switched = cause[line] == CAUSES.index("switched")
        pulled = cause[line] == CAUSES.index("pulled_forward")
        own_time = self._moments.happened(outings.own_time[trip], outings.online[trip])
        return pa.table(
            {
                "line_id": line_ids.take(pa.array(rows)),
                "cause": named(CAUSES, cause[line]),
                "promotion_id": named(
                    self._promotions.table["promotion_id"].combine_chunks(), by[line], ~campaign
                ),
                "campaign_id": masked(numbered("C", by[line] + 1, 4), campaign),
                "instead_of": named(
                    [f.title for f in self._preset.families], outings.own_family[trip], switched
                ),
                "instead_at": masked(stored(own_time), pulled),
            }
        )

    def _named_store(self, store: Ints) -> pa.Array:
        if self._outlets is None:
            return pa.nulls(len(store), pa.string())
        return named(self._outlets.stores["store_id"].combine_chunks(), store, store >= 0)

    def _named_seller(self, store: Ints, which: Floats) -> pa.Array:
        if self._outlets is None:
            return pa.nulls(len(store), pa.string())
        outlets = self._outlets
        seller = outlets.first_seller[store] + (which * outlets.sellers[store]).astype(np.int64)
        ids = outlets.salespeople["salesperson_id"].combine_chunks()
        return named(ids, seller, store >= 0)


def _channels(preset: Preset, online: Flags, rng: np.random.Generator) -> pa.Array:
    names = ["store", *preset.online_channels]
    shares = np.cumsum(list(preset.online_channels.values()))
    which = 1 + np.searchsorted(shares / shares[-1], rng.random(len(online)), side="right")
    return named(names, np.where(online, which, 0))
