"""Who the members are: what the retailer can record of them, and what nobody sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.outlets import Outlets
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

INCOME_BANDS = 5
#: Standard deviation of a member's own taste for a first-level category, on the log scale.
TASTE_SPREAD = 0.6
RATE_LIMITS_PER_YEAR = (0.2, 60.0)
#: Greatest share of trips on line, where there are stores.
MOST_ONLINE = 0.95


@dataclass(frozen=True)
class Members:
    """One block of members as arrays of shape (n,).

    Attributes
    ----------
    first : int
        Number of the block's first member.
    stage, region, city, language, home_store : array of int
        Positions in the preset, among its languages, and among the stores.
    household : array of int
        Members with the same number share a household; counted within the block.
    joined : array of int
        Day of joining; negative before the simulated period.
    age, children, income : array of int
        At the end of the period; income is a band from 0 to 4.
    rate : array of float
        Planned trips per day while a member has not left. Hidden, but shows in history.
    shape : array of float
        Erlang shape of the gaps between planned trips. Hidden, but shows in history.
    leaving : array of float
        Log-odds to leave for good after a trip. Hidden.
    left_before : array of bool
        Whether the member had already left when the period began.
    taste : array of float, shape (n, categories)
        Log-weights of the first-level categories beyond those of the life stage. Hidden,
        but shows in history.
    tier : array of float
        Leaning to dear editions, mean 0 and deviation 1.
    bargain : array of float
        Price sensitivity in [0, 1].
    novelty : array of float
        Pull of what has just been launched, 0 or more.
    online : array of float
        Share of trips made online.
    usage : array of float
        How fast consumables are used up, relative to the label.
    """

    first: int
    stage: Ints
    region: Ints
    city: Ints
    language: Ints
    home_store: Ints
    household: Ints
    joined: Ints
    age: Ints
    female: Flags
    married: Flags
    children: Ints
    income: Ints
    rate: Floats
    shape: Floats
    leaving: Floats
    left_before: Flags
    taste: Floats
    tier: Floats
    bargain: Floats
    novelty: Floats
    online: Floats
    usage: Floats

    def __len__(self) -> int:
        return len(self.stage)


def draw_members(
    preset: Preset,
    calendar: Calendar,
    outlets: Outlets | None,
    *,
    first: int,
    count: int,
    seed: int,
    block: int,
) -> Members:
    """Draw one block of members.

    Parameters
    ----------
    outlets : Outlets or None
        The stores; none where there are none.
    first, count : int
        Number of the first member, and how many.
    """
    rng = stream(seed, "members", block)
    stages, activity = preset.life_stages, preset.activity
    household = rng.integers(0, max(int(count * 0.8), 1), size=count)

    def of_household(values: Ints) -> Ints:
        return values[household]

    region = of_household(_choose(rng, [r.share for r in preset.regions], count))
    cities = np.array([len(r.cities) for r in preset.regions])
    first_city = np.cumsum(cities) - cities
    pick = of_household(rng.integers(0, 1 << 30, size=count))
    city = first_city[region] + pick % cities[region]
    language = np.zeros(count, dtype=np.int64)
    for position, spoken in enumerate(r.languages for r in preset.regions):
        here = np.flatnonzero(region == position)
        tags = np.array([preset.languages.index(tag) for tag in spoken])
        language[here] = tags[_choose(rng, list(spoken.values()), len(here))]
    home_store = np.full(count, -1, dtype=np.int64)
    if outlets is not None:
        # The square of a uniform number: some stores are simply better placed.
        place = rng.random(count) ** 2
        home_store = outlets.first_in_city[city]
        home_store = home_store + (place * outlets.count_in_city[city]).astype(np.int64)

    stage = _choose(rng, [s.share for s in stages], count)
    youngest = np.array([s.ages[0] for s in stages])[stage]
    oldest = np.array([s.ages[1] for s in stages])[stage]
    age = youngest + (rng.random(count) * (oldest - youngest + 1)).astype(np.int64)
    married = rng.random(count) < np.array([s.married for s in stages])[stage]
    children = np.minimum(rng.poisson(np.array([s.children for s in stages])[stage]), 6)
    income_level = np.array([s.income for s in stages])[stage] + rng.normal(0, 1.0, count)
    income = np.clip(np.round(income_level), 0, INCOME_BANDS - 1).astype(np.int64)

    days = calendar.days
    at_start = rng.random(count) < preset.join_share_at_start
    # Joining slows down over the years: the square root bends the uniform towards the start.
    inside = (rng.random(count) ** 1.25 * days).astype(np.int64)
    before = -1 - (rng.random(count) * 4 * 365).astype(np.int64)
    joined = np.where(at_start, before, inside)

    yearly = activity.orders_per_year * np.array([s.rate for s in stages])[stage]
    frailty = rng.gamma(activity.gamma_shape, 1 / activity.gamma_shape, count)
    sigma = activity.lognormal_sigma
    frailty *= np.exp(rng.normal(-(sigma**2) / 2, sigma, count))
    rate = np.clip(yearly * frailty, *RATE_LIMITS_PER_YEAR) / 365.25
    shape = np.array(list(activity.regularity), dtype=float)[
        _choose(rng, list(activity.regularity.values()), count)
    ]
    # Members who live by a cycle also stay longer, as regular customers do.
    leaving = np.log(activity.leaving / (1 - activity.leaving)) - 0.25 * np.log2(shape)
    leaving = leaving + rng.normal(0, activity.leaving_spread, count)
    gone = 1 - np.exp(joined * rate / (1 + np.exp(-leaving)))
    left_before = (joined < 0) & (rng.random(count) < np.clip(gone, 0, 0.9))

    categories = len({family.path[0] for family in preset.families})
    tier = 0.5 * (income - 2) / 1.2 + rng.normal(0, 0.85, count)
    bargain = 1 / (1 + np.exp(0.9 * tier + 0.4 * (age > 60) + rng.normal(0.3, 0.8, count)))
    young = np.clip((45 - age) / 25, 0, 1)
    return Members(
        first=first,
        stage=stage,
        region=region,
        city=city,
        language=language,
        home_store=home_store,
        household=household,
        joined=joined,
        age=age,
        female=rng.random(count) < 0.5,
        married=married,
        children=children,
        income=income,
        rate=rate,
        shape=shape,
        leaving=leaving,
        left_before=left_before,
        taste=rng.normal(0, TASTE_SPREAD, (count, categories)),
        tier=tier,
        bargain=bargain,
        novelty=rng.gamma(0.6, 1.0, count) * (0.4 + 1.6 * young),
        online=_online_share(preset, young, rng),
        usage=np.exp(rng.normal(0, preset.usage_spread, count))
        * (1 + preset.usage_household * (0.15 * children + 0.15 * married - 0.2)),
    )


def _online_share(preset: Preset, young: Floats, rng: np.random.Generator) -> Floats:
    """Draw the share of trips that each member makes on line; 1 where there are no stores."""
    if preset.members_per_store == 0:
        return np.ones(len(young))
    share = rng.beta(1.2, 1.2 * (1 / preset.online_share - 1), len(young))
    return np.asarray(np.clip(share * (0.7 + 0.6 * young), 0, MOST_ONLINE))


def _choose(rng: np.random.Generator, shares: list[float], count: int) -> Ints:
    cumulative = np.cumsum(np.array(shares, dtype=float))
    return np.searchsorted(cumulative / cumulative[-1], rng.random(count), side="right")
