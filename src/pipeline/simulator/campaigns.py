"""Randomised campaigns: who drew which arm, what it did, and what came back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.expected import Expected
from pipeline.simulator.journal import Flags, Floats, Ints
from pipeline.simulator.members import Members
from pipeline.simulator.moments import Moments, stored
from pipeline.simulator.newsletters import Consent, Newsletters
from pipeline.simulator.outings import CAMPAIGN, Outings, provoked_outings
from pipeline.simulator.preset import CampaignRules
from pipeline.simulator.randomness import stream
from pipeline.simulator.responses import (
    HIDDEN_SPREAD,
    MOST_BROUGHT,
    MOST_REPELLED,
    brings,
    effect,
    repels,
)
from pipeline.simulator.texts import numbered


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """Who took part in one campaign: shape (n_assigned,); by treated arm (n_assigned, arms).

    Attributes
    ----------
    member, arm : array of int
        Position within the block; position among the arms.
    base, base_drivers : array of float
        Chance of a visit in the window without the campaign: exactly, and without knowing
        who has left.
    effect, effect_drivers : array of float, shape (n_assigned, n_treated)
        What each arm changes: exactly, and as far as the drivers tell.
    brought, driven : array of bool
        Whether the arm drawn brought the member, or drove them away.
    """

    position: int
    member: Ints
    arm: Ints
    base: Floats
    base_drivers: Floats
    effect: Floats
    effect_drivers: Floats
    drivers: dict[str, Floats]
    brought: Flags
    driven: Flags


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
    members: Members,
    outings: Outings,
    expected: Expected,
    newsletters: Newsletters,
    consent: Consent,
    seed: int,
    block: int,
) -> tuple[Assigned, Outings]:
    """Assign the arms of one campaign at random and let them act on one block."""
    rng = stream(seed, f"campaign {position}", block)
    count = len(members)
    begin, end = float(start), float(start + rules.window_days)
    visits = outings.times_of_members()
    recency = visits.days_since(count, begin)
    invited = consent.holds(begin) & np.isfinite(recency) & (members.joined < start)
    member = np.flatnonzero(invited & (rng.random(count) < rules.share))
    shares = np.cumsum(list(rules.arms.values()))
    arm = np.searchsorted(shares / shares[-1], rng.random(len(member)), side="right")
    everybody = {
        "age": members.age.astype(float),
        "income": members.income.astype(float),
        "children": members.children.astype(float),
        "recency_days": recency,
        "visits_365": visits.count(count, begin, window_days=365).astype(float),
        "contacts_60": newsletters.recent(count, begin).astype(float),
    }
    drivers = {name: value[member] for name, value in everybody.items()}
    outlook = expected.at(begin)
    there = 1.0 - outlook.gone[member]
    base = outlook.visit(rules.window_days)[member]
    guessed_there = outlook.there[member]
    base_drivers = outlook.visit_if_there(rules.window_days)[member]
    hidden = np.exp(rng.normal(-(HIDDEN_SPREAD**2) / 2, HIDDEN_SPREAD, len(member)))

    arms = list(rules.arms)
    treated = [name for name in arms if name != "control"]
    exact = np.zeros((len(member), len(treated)))
    explained = np.zeros((len(member), len(treated)))
    comes, goes = np.zeros(len(member)), np.zeros(len(member))
    for column, name in enumerate(treated):
        bringing, repelling = brings(rules, name, drivers), repels(name, drivers)
        # Both at once would hide one another: the stronger one acts.
        repelled = repelling > bringing
        bringing, repelling = np.where(repelled, 0.0, bringing), np.where(repelled, repelling, 0.0)
        explained[:, column] = guessed_there * effect(base_drivers, bringing, repelling)
        bringing = np.clip(bringing * hidden, 0, MOST_BROUGHT) * there
        repelling = np.clip(repelling * hidden, 0, MOST_REPELLED) * there
        exact[:, column] = effect(base, bringing, repelling)
        mine = arm == arms.index(name)
        comes[mine], goes[mine] = bringing[mine], repelling[mine]
    brought = rng.random(len(member)) < comes
    driven = rng.random(len(member)) < goes

    away = np.zeros(count, bool)
    away[member[driven]] = True
    inside = (outings.time >= begin) & (outings.time < end)
    kept = outings.kept & ~(inside & away[outings.member])
    who = member[brought]
    when = begin + rng.random(len(who)) * rules.window_days
    when = np.minimum(when, end - 1e-6)
    weight = expected.lasting[who] * expected.demand.by_day[when.astype(np.int64)]
    cumulative = np.cumsum(weight, axis=1)
    mark = rng.random(len(who)) * cumulative[:, -1]
    family = np.minimum((cumulative <= mark[:, None]).sum(axis=1), weight.shape[1] - 1)
    online = rng.random(len(who)) < members.online[who]
    extra = provoked_outings(
        member=who,
        time=when,
        family=family,
        store=np.where(online, -1, members.home_store[who]),
        cause=CAMPAIGN,
        source=np.full(len(who), position),
    )
    assigned = Assigned(
        position=position,
        member=member,
        arm=arm,
        base=base,
        base_drivers=base_drivers * guessed_there,
        effect=exact,
        effect_drivers=explained,
        drivers=drivers | {"still_there": guessed_there},
        brought=brought,
        driven=driven,
    )
    return assigned, replace(outings, kept=kept).and_more([extra])
