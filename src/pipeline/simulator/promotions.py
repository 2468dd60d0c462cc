"""Price promotions: when, of what, where, and what each really adds."""

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pyarrow as pa

from pipeline.simulator.calendar import AHEAD_DAYS, Calendar
from pipeline.simulator.catalogue import Catalogue
from pipeline.simulator.demand import Demand
from pipeline.simulator.journal import Flags, Floats, Ints
from pipeline.simulator.members import Members
from pipeline.simulator.outings import PROMOTION, Outings, provoked_outings
from pipeline.simulator.outlets import Outlets
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream

#: Days after the end from which purchases are pulled forward.
PULLED_FROM_DAYS = 28


@dataclass(frozen=True, kw_only=True)
class Promotions:
    """Promotions as arrays of shape (n_promotions,).

    Attributes
    ----------
    family, starts, ends : array of int
        Which family; first day, and first day after the end.
    off : array of float
        Share taken off the price.
    stores : array of bool, shape (n_promotions, n_stores)
        Where it runs.
    online : array of bool
        Whether it runs on line, too.
    increment : array of float
        New demand, relative to what the members in reach would buy of the family.
    switched, pulled, halo : array of float
        Share of the category's other purchases that turn to the family; share of the
        following four weeks' purchases that come forward; and chance that a purchase takes
        along one more companion.
    table : pyarrow.Table
        The `promotions` table.
    """

    family: Ints
    starts: Ints
    ends: Ints
    off: Floats
    stores: Flags
    online: Flags
    increment: Floats
    switched: Floats
    pulled: Floats
    halo: Floats
    companion: Ints
    table: pa.Table

    def __len__(self) -> int:
        return len(self.family)

    def reaches(self, promotion: int, store: Ints) -> Flags:
        """Return whether a promotion runs in each store; -1 stands for on line."""
        if self.stores.shape[1] == 0:
            return np.full(len(store), bool(self.online[promotion]))
        inside = self.stores[promotion][np.maximum(store, 0)]
        return np.asarray(np.where(store < 0, self.online[promotion], inside))


def plan_promotions(
    preset: Preset, calendar: Calendar, catalogue: Catalogue, outlets: Outlets | None, *, seed: int
) -> Promotions:
    """Draw the promotions of the period, and those announced for the weeks after it."""
    rng = stream(seed, "promotions")
    candidates = [
        i
        for i, family in enumerate(preset.families)
        if family.role in ("durable", "accessory") and family.popularity > 0 and not family.health
    ]
    sold = catalogue.on_sale(len(preset.families), calendar.days + AHEAD_DAYS)
    last = calendar.days + AHEAD_DAYS - 20
    count = int(preset.promotions_per_year * last / 365) if candidates else 0
    starts = np.sort(rng.integers(0, max(last, 1), size=count))
    lengths = rng.integers(7, 15, size=count)
    free_from = dict.fromkeys(candidates, -1)
    chosen: list[tuple[int, int, int]] = []
    for start, length in zip(starts, lengths, strict=True):
        free = [f for f in candidates if free_from[f] <= start and sold[start, f]]
        if free:
            weight = np.array([preset.families[f].popularity for f in free])
            pick = int(rng.choice(free, p=weight / weight.sum()))
            # A family rests for two months, so that what is pulled forward can be told apart.
            free_from[pick] = int(start + length) + 60
            chosen.append((pick, int(start), int(start + length)))
    count = len(chosen)
    family = np.array([c[0] for c in chosen], dtype=np.int64)
    off = rng.choice([0.10, 0.15, 0.20, 0.25, 0.30], size=count)
    n_stores = 0 if outlets is None else len(outlets.city)
    everywhere = rng.random(count) < 0.5
    stores = everywhere[:, None] | (rng.random((count, n_stores)) < 0.5)
    companion = np.full(count, -1, dtype=np.int64)
    names = [f.name for f in preset.families]
    for position, lead in enumerate(family):
        options = [c.companion for c in preset.companions if c.lead == names[lead]]
        if options:
            companion[position] = names.index(options[int(rng.integers(len(options)))])
    promotions = Promotions(
        family=family,
        starts=np.array([c[1] for c in chosen], dtype=np.int64),
        ends=np.array([c[2] for c in chosen], dtype=np.int64),
        off=off,
        stores=stores,
        online=everywhere,
        increment=off * rng.uniform(4.0, 8.0, count),
        switched=off * rng.uniform(0.3, 0.7, count),
        pulled=off * rng.uniform(0.5, 1.0, count),
        halo=np.where(companion >= 0, rng.uniform(0.05, 0.15, count), 0.0),
        companion=companion,
        table=pa.table({}),
    )
    return _with_table(promotions, calendar, catalogue, outlets)


def _with_table(
    promotions: Promotions, calendar: Calendar, catalogue: Catalogue, outlets: Outlets | None
) -> Promotions:
    ids = np.array(catalogue.ids.to_pylist())
    store_ids = [] if outlets is None else outlets.stores["store_id"].to_pylist()
    products, places = [], []
    for position in range(len(promotions)):
        day = promotions.starts[position]
        sold = (catalogue.launched <= day) & (day < catalogue.withdrawn)
        products.append("|".join(ids[sold & (catalogue.family == promotions.family[position])]))
        runs = promotions.stores[position]
        everywhere = bool(promotions.online[position])
        places.append(
            None if everywhere else "|".join(s for s, r in zip(store_ids, runs, strict=True) if r)
        )
    return replace(
        promotions,
        table=pa.table(
            {
                "promotion_id": [f"R{n:05d}" for n in range(1, len(promotions) + 1)],
                "product_ids": pa.array(products, pa.string()),
                "categories": pa.nulls(len(promotions), pa.string()),
                "store_ids": pa.array(places, pa.string()),
                "mechanic": pa.repeat("price_off", len(promotions)),
                "discount_share": promotions.off,
                "starts_on": [calendar.start + timedelta(int(d)) for d in promotions.starts],
                "ends_on": [calendar.start + timedelta(int(d)) for d in promotions.ends],
            }
        ),
    )


def new_demand_rate(
    demand: Demand, members: Members, lasting: Floats, promotions: Promotions, promotion: int
) -> Floats:
    """Return the trips per day that a promotion adds, by member who has not left."""
    day, family = int(promotions.starts[promotion]), int(promotions.family[promotion])
    wanted = demand.by_day[day]
    share = lasting[:, family] * wanted[family] / np.maximum(lasting @ wanted, 1e-12)
    reached = promotions.reaches(promotion, members.home_store)
    pull = promotions.increment[promotion] * 2 * members.bargain * members.rate * share
    return np.asarray(pull * reached)


def switchable(preset: Preset) -> Flags:
    """Return whose buyers a promotion of the category can turn: neither supplies nor machines."""
    machines = {family.machine for family in preset.families}
    return np.array([f.role != "consumable" and f.name not in machines for f in preset.families])


def promote(
    preset: Preset,
    demand: Demand,
    promotions: Promotions,
    members: Members,
    outings: Outings,
    *,
    left_on: Floats,
    days: int,
    seed: int,
    block: int,
) -> Outings:
    """Let the promotions act on one block: new trips, switched ones, earlier ones.

    Parameters
    ----------
    left_on : array of shape (n_members,)
        Day on which the member left for good; infinity for who stays.
    """
    rng = stream(seed, "promoted", block)
    time, family = outings.time.copy(), outings.family.copy()
    switched, pulled = outings.switched_to.copy(), outings.pulled_by.copy()
    lasting = demand.of_members(members)
    stays = switchable(preset)
    more: list[Outings] = []
    in_order = np.argsort(time, kind="stable")
    times_in_order = time[in_order]

    def between(first: float, last: float) -> Ints:
        low, high = np.searchsorted(times_in_order, (first, last))
        return in_order[low:high]

    for position in range(len(promotions)):
        start, end = int(promotions.starts[position]), int(promotions.ends[position])
        if start >= days:
            continue
        promoted = int(promotions.family[position])
        later = between(end, end + PULLED_FROM_DAYS)
        later = later[(family[later] == promoted) & (pulled[later] < 0)]
        later = later[promotions.reaches(position, outings.store[later])]
        later = later[rng.random(len(later)) < promotions.pulled[position]]
        earlier = start + rng.random(len(later)) * (end - start)
        # Nobody comes before they joined.
        moves = earlier > np.maximum(members.joined[outings.member[later]] + 1, 0)
        time[later[moves]] = earlier[moves]
        pulled[later[moves]] = position

        sibling = (demand.category == demand.category[promoted]) & stays
        sibling[promoted] = False
        during = between(start, end)
        during = during[sibling[family[during]] & (switched[during] < 0) & (pulled[during] < 0)]
        during = during[promotions.reaches(position, outings.store[during])]
        turns = during[rng.random(len(during)) < promotions.switched[position]]
        family[turns] = promoted
        switched[turns] = position

        rate = new_demand_rate(demand, members, lasting, promotions, position)
        count = rng.poisson(rate * (end - start))
        who = np.repeat(np.arange(len(members)), count)
        when = start + rng.random(len(who)) * (end - start)
        there = (when > members.joined[who] + 1) & (when < left_on[who]) & (when < days)
        who, when = who[there], when[there]
        more.append(
            provoked_outings(
                member=who,
                time=when,
                family=np.full(len(who), promoted),
                store=members.home_store[who],
                cause=PROMOTION,
                source=np.full(len(who), position),
            )
        )
    changed = replace(outings, time=time, family=family, switched_to=switched, pulled_by=pulled)
    return changed.and_more(more)
