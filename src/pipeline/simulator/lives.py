"""One block of members from the first day to the last: what they did, and what is true."""

from dataclasses import dataclass

import numpy as np

from pipeline.simulator.baskets import Lines
from pipeline.simulator.campaigns import Assigned, run_campaign
from pipeline.simulator.card import CardHistory
from pipeline.simulator.expected import Expected
from pipeline.simulator.gifts import gifts_sent
from pipeline.simulator.journal import Floats
from pipeline.simulator.members import Members, draw_members
from pipeline.simulator.newsletters import Consent, Newsletters, send_newsletters
from pipeline.simulator.outings import Outings, VisitTimes, own_outings
from pipeline.simulator.promotions import promote
from pipeline.simulator.shopping import shop
from pipeline.simulator.world import World


@dataclass(frozen=True, kw_only=True)
class Lives:
    """What became of one block of members."""

    block: int
    members: Members
    left_on: Floats
    expected: Expected
    newsletters: Newsletters
    consent: Consent
    assigned: tuple[Assigned, ...]
    outings: Outings
    visits: VisitTimes
    lines: Lines
    card: CardHistory | None


def live(world: World, *, first: int, count: int, block: int) -> Lives:
    """Simulate one block of members, from what they want to what they did."""
    preset, seed, days = world.preset, world.seed, world.calendar.days
    members = draw_members(
        preset,
        world.calendar,
        world.outlets,
        first=first,
        count=count,
        seed=seed,
        block=block,
    )
    shopping = shop(
        preset, world.calendar, world.demand, world.clock, members, seed=seed, block=block
    )
    trips = shopping.trips
    left_on = np.where(members.left_before, 0.0, np.inf)
    left_on[trips.member[trips.left]] = trips.time[trips.left]
    outings = promote(
        preset,
        world.demand,
        world.promotions,
        members,
        own_outings(members, trips, world.outlets, seed=seed, block=block),
        left_on=left_on,
        days=days,
        seed=seed,
        block=block,
    )
    newsletters, consent = send_newsletters(
        preset, members, days, world.letter_channel, seed=seed, block=block
    )
    expected = Expected(preset, world.demand, world.promotions, members, shopping)
    assigned: list[Assigned] = []
    for position, start in enumerate(world.campaign_starts):
        if preset.campaigns is None:
            break
        one, outings = run_campaign(
            preset.campaigns,
            position,
            start,
            outings=outings,
            expected=expected,
            newsletters=newsletters,
            earlier=assigned,
            consent=consent,
            seed=seed,
            block=block,
        )
        assigned.append(one)
    outings = gifts_sent(preset, outings, days=days, seed=seed, block=block)
    visits = outings.times_of_members()
    card = None
    if world.card is not None:
        card = world.card.apply(members, visits, seed=seed, block=block)
    return Lives(
        block=block,
        members=members,
        left_on=left_on,
        expected=expected,
        newsletters=newsletters,
        consent=consent,
        assigned=tuple(assigned),
        outings=outings,
        visits=visits,
        lines=world.baskets.fill(outings, shopping.companions, seed=seed, block=block),
        card=card,
    )
