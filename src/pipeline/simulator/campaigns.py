"""Randomised campaigns: who drew which arm, what it did, and what came back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.expected import Expected
from pipeline.simulator.journal import Flags, Ints
from pipeline.simulator.moments import Moments, stored
from pipeline.simulator.newsletters import FATIGUE_DAYS, Consent, Newsletters
from pipeline.simulator.outings import CAMPAIGN, Outings, provoked_outings
from pipeline.simulator.preset import CampaignRules
from pipeline.simulator.randomness import stream
from pipeline.simulator.responses import Responses, respond
from pipeline.simulator.texts import numbered


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """Who took part in one campaign: shape (n_assigned,).

    Attributes
    ----------
    position : int
        Which campaign.
    arm : array of int
        Position among the arms.
    responses : Responses
        What each arm would do to them.
    brought, driven : array of bool
        Whether the arm drawn brought the member, or drove them away.
    """

    position: int
    start: int
    arm: Ints
    responses: Responses
    brought: Flags
    driven: Flags

    @property
    def member(self) -> Ints:
        """Positions within the block."""
        return self.responses.member


def campaign_starts(rules: CampaignRules, calendar: Calendar) -> list[int]:
    """Return the first days of the campaigns, in time order."""
    newest = calendar.days - rules.last_days_before_end
    starts = [newest - rules.every_days * back for back in range(rules.count)]
    return sorted(start for start in starts if start > rules.every_days)


def campaigns_table(rules: CampaignRules, days: Sequence[int], moments: Moments) -> pa.Table:
    """Return the `campaigns` table."""
    starts = np.array(days, dtype=np.int64)
    treated = [arm for arm in rules.arms if arm != "control"]
    count = len(starts)
    return pa.table(
        {
            "campaign_id": numbered("C", 1 + np.arange(count), 4),
            "goal": pa.repeat("visit", count),
            "channel": pa.repeat(rules.channel, count),
            "offer": pa.repeat("|".join(treated), count),
            "product_id": pa.nulls(count, pa.string()),
            "starts_at": stored(moments.midnight(starts)),
            "ends_at": stored(moments.midnight(starts + rules.window_days)),
            "contact_cost": np.full(count, rules.contact_cost),
            "redemption_cost": np.full(count, rules.privilege_cost),
            "margin_share": np.full(count, 0.25),
        }
    )


def run_campaign(
    rules: CampaignRules,
    position: int,
    start: int,
    *,
    outings: Outings,
    expected: Expected,
    newsletters: Newsletters,
    earlier: Sequence[Assigned],
    consent: Consent,
    seed: int,
    block: int,
) -> tuple[Assigned, Outings]:
    """Assign the arms of one campaign at random and let them act on one block.

    Parameters
    ----------
    earlier : sequence of Assigned
        The campaigns before this one, whose messages tire members, too.
    """
    rng = stream(seed, f"campaign {position}", block)
    members = expected.members
    visits = outings.times_of_members()
    invited = consent.holds(start) & np.isfinite(visits.days_since(len(members), start))
    invited &= (members.joined < start) & (rng.random(len(members)) < rules.share)
    responses = respond(
        rules,
        start,
        np.flatnonzero(invited),
        expected=expected,
        visits=visits,
        contacts=newsletters.recent(len(members), start)
        + recent_messages(rules, earlier, len(members), start),
        rng=rng,
    )
    member = responses.member
    shares = np.cumsum(list(rules.arms.values()))
    arm = np.searchsorted(shares / shares[-1], rng.random(len(member)), side="right")
    column = np.array([responses.column.get(name, -1) for name in rules.arms])[arm]
    row = np.arange(len(member))
    treated = column >= 0
    brought = treated & (rng.random(len(member)) < responses.brings[row, column])
    driven = treated & (rng.random(len(member)) < responses.repels[row, column])

    away = np.zeros(len(members), bool)
    away[member[driven]] = True
    inside = (outings.time >= start) & (outings.time < start + rules.window_days)
    kept = outings.kept & ~(inside & away[outings.member])
    extra = _visits_of(
        member[brought], expected, rng, start=start, days=rules.window_days, position=position
    )
    assigned = Assigned(
        position=position, start=start, arm=arm, responses=responses, brought=brought, driven=driven
    )
    return assigned, replace(outings, kept=kept).and_more([extra])


def recent_messages(
    rules: CampaignRules, earlier: Sequence[Assigned], members: int, day: float
) -> Ints:
    """Return how many messages of campaigns each member received in the last 60 days."""
    treated = np.array([name != "control" for name in rules.arms])
    count = np.zeros(members, dtype=np.int64)
    for one in earlier:
        if day - FATIGUE_DAYS <= one.start < day:
            count[one.member[treated[one.arm]]] += 1
    return count


def _visits_of(
    who: Ints, expected: Expected, rng: np.random.Generator, *, start: int, days: int, position: int
) -> Outings:
    """Return the visits of members whom a campaign brought: for anything they might want."""
    time = np.minimum(start + rng.random(len(who)) * days, start + days - 1e-6)
    weight = expected.lasting[who] * expected.demand.by_day[time.astype(np.int64)]
    cumulative = np.cumsum(weight, axis=1)
    mark = rng.random(len(who)) * cumulative[:, -1]
    family = np.minimum((cumulative <= mark[:, None]).sum(axis=1), weight.shape[1] - 1)
    online = rng.random(len(who)) < expected.members.online[who]
    return provoked_outings(
        member=who,
        time=time,
        family=family,
        store=np.where(online, -1, expected.members.home_store[who]),
        cause=CAMPAIGN,
        source=np.full(len(who), position),
    )
