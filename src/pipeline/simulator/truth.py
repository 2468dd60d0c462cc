"""Everything in `DIR/truth`: one Parquet file per question, described in `simulation.json`."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from pipeline.simulator.campaigns import recent_messages
from pipeline.simulator.lives import Lives
from pipeline.simulator.preset import CampaignRules, Preset
from pipeline.simulator.randomness import stream
from pipeline.simulator.responses import respond
from pipeline.simulator.storage import TableWriter
from pipeline.simulator.truth_activity import HORIZON_DAYS, activity_truth
from pipeline.simulator.truth_cycles import cycles_truth
from pipeline.simulator.truth_effects import effects_truth, responses_truth
from pipeline.simulator.truth_members import members_truth
from pipeline.simulator.truth_purchases import purchases_truth
from pipeline.simulator.world import World

TRUTH_TABLES = {
    "truth/members": "A member: rates, tastes and traits; `card_hidden` is nobody's to know.",
    "truth/activity": "A member and cut-off: chance of any purchase within 90 days.",
    "truth/card": "A member without the card and a cut-off: chance to activate it within 90 "
    "days after a gap of 7.",
    "truth/cycles": "A member, consumable and cut-off: when it will be bought again.",
    "truth/purchases": "A member and product on sale, 90 days before the end, for some members.",
    "truth/effects": "A member and campaign: chance of a visit without it, and each arm's effect.",
    "truth/offers": "A member with a purchase: what a campaign that began at the end would do.",
    "truth/companions": "An association between two families (`category_3`): planted, or between "
    "siblings, which share a lead. All other pairs are independent within a basket.",
    "truth/promotions": "A promotion: the strength of what it does.",
    "truth/planted_lines": "A receipt line that exists, or stands where it does, because of a "
    "promotion or a campaign.",
}


def write_truth(
    writer: TableWriter,
    world: World,
    lives: Lives,
    planted: pa.Table,
    *,
    cutoffs: Sequence[date],
    pairs_every: int,
) -> None:
    """Append one block to the truth."""
    preset, calendar, members, expected = (
        world.preset,
        world.calendar,
        lives.members,
        lives.expected,
    )
    writer.add(
        "truth/members",
        members_truth(
            preset, calendar, world.demand, members, left_on=lives.left_on, card=lives.card
        ),
    )
    for moment in cutoffs:
        day = calendar.day_of(moment)
        writer.add("truth/activity", _stated(activity_truth(expected, day), moment))
        writer.add("truth/cycles", _stated(cycles_truth(expected, calendar, day), moment))
        if world.card is not None and lives.card is not None:
            card = world.card.truth(members, lives.visits, lives.card, day)
            writer.add("truth/card", _stated(card, moment))
    for one in lives.assigned:
        if preset.campaigns is not None:
            writer.add("truth/effects", effects_truth(preset.campaigns, members, one))
    if preset.campaigns is not None:
        offers = _next_campaign(preset.campaigns, world, lives)
        writer.add("truth/offers", _stated(offers, calendar.until))
    if len(world.promotions) or lives.assigned:
        writer.add("truth/planted_lines", planted)
    day = calendar.days - HORIZON_DAYS
    if pairs_every and day > 0:
        number = members.first + np.arange(len(members))
        seen = lives.visits.days_since(len(members), day) < np.inf
        pairs = purchases_truth(
            expected,
            world.catalogue,
            world.editions,
            day,
            rows=np.flatnonzero((number % pairs_every == 0) & seen),
            seed=world.seed,
            block=lives.block,
        )
        moment = date.fromordinal(calendar.until.toordinal() - HORIZON_DAYS)
        writer.add("truth/purchases", _stated(pairs, moment))


def write_plans(writer: TableWriter, world: World) -> None:
    """Write what holds for the whole retailer."""
    preset, promotions = world.preset, world.promotions
    writer.add("truth/companions", _companions(preset))
    if len(promotions):
        writer.add(
            "truth/promotions",
            pa.table(
                {
                    "promotion_id": promotions.table["promotion_id"],
                    "category_3": [preset.families[f].title for f in promotions.family],
                    "increment": promotions.increment,
                    "switched_share": promotions.switched,
                    "pulled_forward_share": promotions.pulled,
                    "halo_share": promotions.halo,
                    "halo_companion": pa.array(
                        [None if c < 0 else preset.families[c].title for c in promotions.companion],
                        pa.string(),
                    ),
                }
            ),
        )


def _next_campaign(rules: CampaignRules, world: World, lives: Lives) -> pa.Table:
    """Return what each arm would do to whoever ever came, in a campaign that begins now."""
    members, day = lives.members, world.calendar.days
    contacts = lives.newsletters.recent(len(members), day)
    contacts = contacts + recent_messages(rules, lives.assigned, len(members), day)
    seen = np.flatnonzero(np.isfinite(lives.visits.days_since(len(members), day)))
    responses = respond(
        rules,
        day,
        seen,
        expected=lives.expected,
        visits=lives.visits,
        contacts=contacts,
        rng=stream(world.seed, "offers", lives.block),
    )
    return responses_truth(members, responses)


def _companions(preset: Preset) -> pa.Table:
    """Return the planted pairs, and the siblings: companions of one lead meet in its basket."""
    titles = {family.name: family.title for family in preset.families}
    planted = [(c.lead, c.companion, "planted", c.probability) for c in preset.companions]
    known = {frozenset(pair[:2]) for pair in planted}
    siblings = [
        (one.companion, other.companion, "sibling", None)
        for one in preset.companions
        for other in preset.companions
        if one.lead == other.lead and one.companion != other.companion
        if frozenset((one.companion, other.companion)) not in known
    ]
    pairs = [*planted, *dict.fromkeys(siblings)]
    return pa.table(
        {
            "lead": pa.array([titles[pair[0]] for pair in pairs], pa.string()),
            "companion": pa.array([titles[pair[1]] for pair in pairs], pa.string()),
            "kind": pa.array([pair[2] for pair in pairs], pa.string()),
            "probability": pa.array([pair[3] for pair in pairs], pa.float64()),
        }
    )


def _stated(truth: pa.Table, day: date) -> pa.Table:
    return truth.add_column(1, "as_of", pa.array(np.full(truth.num_rows, np.datetime64(day))))
