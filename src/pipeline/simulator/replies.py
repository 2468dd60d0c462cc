"""What campaigns and newsletters leave behind: assignments, contacts, outcomes, opens."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.simulator.campaigns import Assigned
from pipeline.simulator.journal import Flags, Floats, Ints
from pipeline.simulator.members import Members
from pipeline.simulator.moments import Moments, known, stored
from pipeline.simulator.newsletters import (
    BOUNCED_SHARE,
    CLICKED_SHARE,
    OPENED_SHARE,
    Newsletters,
)
from pipeline.simulator.outings import Outings
from pipeline.simulator.preset import CampaignRules
from pipeline.simulator.randomness import stream
from pipeline.simulator.texts import masked, named, numbered

REDEEMED_SHARE = 0.6
#: From which share of the first day on the messages go out.
SENT_FROM = 0.1


class Deliveries(NamedTuple):
    """Contacts of one block and what happened to them; shape (n_contacts,)."""

    member: Ints
    campaign: Ints
    time: Floats
    bounced: Flags
    opened: Flags
    clicked: Flags


def assignments_table(
    rules: CampaignRules,
    members: Members,
    assigned: Sequence[Assigned],
    starts: Sequence[int],
    moments: Moments,
) -> pa.Table:
    """Return the `assignments` of one block."""
    arms = list(rules.arms)
    shares = np.array(list(rules.arms.values()))
    member = np.concatenate([a.member for a in assigned])
    arm = np.concatenate([a.arm for a in assigned])
    campaign = np.concatenate([np.full(len(a.member), a.position) for a in assigned])
    return pa.table(
        {
            "campaign_id": numbered("C", campaign + 1, 4),
            "customer_id": numbered("M", members.first + member + 1, 8),
            "arm": named(arms, arm),
            "probability": (shares / shares.sum())[arm],
            "assigned_at": stored(moments.midnight(np.array(starts)[campaign])),
        }
    )


def deliver(
    rules: CampaignRules | None,
    newsletters: Newsletters,
    assigned: Sequence[Assigned],
    starts: Sequence[int],
    *,
    seed: int,
    block: int,
) -> Deliveries:
    """Send each treated arm its message, beside the newsletters."""
    rng = stream(seed, "contacts", block)
    treated = [] if rules is None else [arm != "control" for arm in rules.arms]
    member, campaign, time = (
        [newsletters.member],
        [np.full(len(newsletters.member), -1)],
        [newsletters.time],
    )
    for one in assigned:
        who = one.member[np.array(treated)[one.arm]]
        member.append(who)
        campaign.append(np.full(len(who), one.position))
        time.append(starts[one.position] + SENT_FROM + rng.random(len(who)) / 12)
    sent = sum(len(m) for m in member[1:])
    bounced = rng.random(sent) < BOUNCED_SHARE
    opened = ~bounced & (rng.random(sent) < 1.3 * OPENED_SHARE)
    clicked = opened & (rng.random(sent) < 1.3 * CLICKED_SHARE)
    return Deliveries(
        member=np.concatenate(member),
        campaign=np.concatenate(campaign),
        time=np.concatenate(time),
        bounced=np.concatenate([newsletters.bounced, bounced]),
        opened=np.concatenate([newsletters.opened, opened]),
        clicked=np.concatenate([newsletters.clicked, clicked]),
    )


def contacts_table(
    members: Members, sent: Deliveries, channel: str, moments: Moments, *, seed: int, block: int
) -> pa.Table:
    """Return the `contacts` of one block."""
    rng = stream(seed, "contacts_known", block)
    order = np.lexsort((sent.time, sent.member))
    happened = moments.happened(sent.time[order], np.ones(len(order), bool))
    # Two letters in the same second are one letter.
    once = _first_of(sent.member[order], happened, sent.campaign[order])
    order, happened = order[once], happened[once]
    campaign = sent.campaign[order]
    return pa.table(
        {
            "campaign_id": masked(numbered("C", campaign + 1, 4), campaign >= 0),
            "customer_id": numbered("M", members.first + sent.member[order] + 1, 8),
            "channel": pa.repeat(channel, len(order)),
            "status": named(["sent", "bounced"], sent.bounced[order].astype(np.int64)),
            "event_time": stored(happened),
            "available_time": stored(known(happened, rng)),
        }
    )


def outcomes_table(
    rules: CampaignRules,
    members: Members,
    *,
    outings: Outings,
    paid: Floats,
    assigned: Sequence[Assigned],
    starts: Sequence[int],
    moments: Moments,
    seed: int,
    block: int,
) -> pa.Table:
    """Return the `outcomes` of one block: purchases in the window of every arm, and redemptions.

    Parameters
    ----------
    paid : array of shape (n_outings,)
        What was paid on each trip.
    """
    rng = stream(seed, "outcomes", block)
    arms = list(rules.arms)
    member, campaign, time, kind, value = [], [], [], [], []
    for one in assigned:
        begin = starts[one.position]
        arm_of = np.full(len(members), -1)
        arm_of[one.member] = one.arm
        inside = outings.kept & (outings.time >= begin)
        inside &= outings.time < begin + rules.window_days
        rows = np.flatnonzero(inside & (arm_of[outings.member] >= 0))
        rows = rows[np.lexsort((outings.time[rows], outings.member[rows]))]
        _, first = np.unique(outings.member[rows], return_index=True)
        treated = np.array([a != "control" for a in arms])[arm_of[outings.member[rows[first]]]]
        redeems = rows[first][treated & (rng.random(len(first)) < REDEEMED_SHARE)]
        for sort, which in enumerate((rows, redeems)):
            member.append(outings.member[which])
            campaign.append(np.full(len(which), one.position))
            time.append(moments.happened(outings.time[which], outings.online[which]))
            kind.append(np.full(len(which), sort))
            value.append(paid[which] * (rules.discount_share if sort else 1.0))
    who, by, when = np.concatenate(member), np.concatenate(campaign), np.concatenate(time)
    what, worth = np.concatenate(kind), np.round(np.concatenate(value), 2)
    order = np.lexsort((what, when, by, who))
    order = order[_first_of(who[order], when[order], by[order] * 2 + what[order])]
    return pa.table(
        {
            "campaign_id": numbered("C", by[order] + 1, 4),
            "customer_id": numbered("M", members.first + who[order] + 1, 8),
            "kind": named(["purchase", "redemption"], what[order]),
            "value": worth[order],
            "event_time": stored(when[order]),
            "available_time": stored(known(when[order], rng)),
        }
    )


def _first_of(who: Ints, when: Ints, what: Ints) -> Ints:
    """Return the rows whose three values differ from those of the row before."""
    if len(who) == 0:
        return np.empty(0, dtype=np.int64)
    same = (who[1:] == who[:-1]) & (when[1:] == when[:-1]) & (what[1:] == what[:-1])
    return np.flatnonzero(np.append(True, ~same))
