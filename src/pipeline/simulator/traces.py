"""What members leave on the way: looks and comments, answers, service cases."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.demand import Demand
from pipeline.simulator.journal import Ints
from pipeline.simulator.members import Members
from pipeline.simulator.moments import Moments, known, stored
from pipeline.simulator.outings import Outings
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream
from pipeline.simulator.replies import Deliveries
from pipeline.simulator.texts import named, numbered

VIEWS_PER_TRIP = 0.5
BROWSES_WITHIN_DAYS = 10.0
KINDS = ("search", "view", "like", "comment", "open", "click")
ANSWERED_SHARE = 0.03
REPAIRS_SHARE = 0.03
COMPLAINTS_AFTER_RETURN = 0.2


def interactions_table(
    demand: Demand,
    members: Members,
    outings: Outings,
    sent: Deliveries,
    moments: Moments,
    *,
    days: int,
    seed: int,
    block: int,
) -> pa.Table:
    """Return the `interactions` of one block.

    Members look around after a visit, at what they like. Nothing here announces a visit: the
    truth would not be the whole truth otherwise.
    """
    rng = stream(seed, "interactions", block)
    count = rng.poisson(np.where(outings.kept, VIEWS_PER_TRIP, 0.0))
    trip = np.repeat(np.arange(len(outings)), count)
    who = outings.member[trip]
    when = outings.time[trip] + rng.random(len(trip)) * BROWSES_WITHIN_DAYS
    weight = demand.of_members(members) * demand.by_day[-1]
    cumulative = np.cumsum(weight, axis=1)
    family = np.empty(len(trip), dtype=np.int64)
    mark = rng.random(len(trip)) * cumulative[who, -1]
    for first in range(0, len(trip), 50_000):
        part = slice(first, first + 50_000)
        family[part] = (cumulative[who[part]] <= mark[part, None]).sum(axis=1)
    family = np.minimum(family, len(demand.category) - 1)
    kind = np.searchsorted([0.35, 0.85, 0.96], rng.random(len(trip)), side="right")
    names = [*demand.category_names]
    opened, clicked = np.flatnonzero(sent.opened), np.flatnonzero(sent.clicked)
    letters = np.concatenate([opened, clicked])
    member = np.concatenate([who, sent.member[letters]])
    later = rng.exponential(0.3, len(letters))
    later[len(opened) :] += 0.01
    time = np.concatenate([when, sent.time[letters] + later])
    what = np.concatenate(
        [
            kind,
            np.full(len(opened), KINDS.index("open")),
            np.full(len(clicked), KINDS.index("click")),
        ]
    )
    campaigns = [f"C{n:04d}" for n in range(1, int(sent.campaign.max(initial=-1)) + 2)]
    subject = np.concatenate([demand.category[family], len(names) + 1 + sent.campaign[letters]])
    inside = np.flatnonzero(time < days)
    order = inside[np.lexsort((time[inside], member[inside]))]
    happened = moments.happened(time[order], np.ones(len(order), bool))
    order, happened = _unrepeated(order, member, what * 1000 + subject, happened)
    return pa.table(
        {
            "customer_id": numbered("M", members.first + member[order] + 1, 8),
            "kind": named(KINDS, what[order]),
            "subject": named([*names, "newsletter", *campaigns], subject[order]),
            "event_time": stored(happened),
            "available_time": stored(known(happened, rng)),
        }
    )


def surveys_table(
    members: Members, outings: Outings, moments: Moments, *, days: int, seed: int, block: int
) -> pa.Table:
    """Return the `surveys` of one block: how satisfied members were with a visit, 1 to 5."""
    rng = stream(seed, "surveys", block)
    asked = rng.random(len(outings)) < ANSWERED_SHARE
    time = outings.time + rng.uniform(1, 5, len(outings))
    rows = np.flatnonzero(asked & outings.kept & (time < days))
    rows = rows[np.lexsort((time[rows], outings.member[rows]))]
    unhappy = 1.6 * outings.returned[rows]
    answer = np.clip(np.round(rng.normal(4.1 - unhappy, 0.9, len(rows))), 1, 5).astype(np.int64)
    happened = moments.happened(time[rows], np.ones(len(rows), bool))
    alone = np.zeros_like(answer)
    kept, happened = _unrepeated(np.arange(len(rows)), outings.member[rows], alone, happened)
    return pa.table(
        {
            "customer_id": numbered("M", members.first + outings.member[rows[kept]] + 1, 8),
            "kind": pa.repeat("satisfaction", len(kept)),
            "answer": named(["1", "2", "3", "4", "5"], answer[kept] - 1),
            "event_time": stored(happened),
            "available_time": stored(known(happened, rng)),
        }
    )


def service_cases_table(
    preset: Preset,
    members: Members,
    outings: Outings,
    moments: Moments,
    *,
    days: int,
    seed: int,
    block: int,
) -> pa.Table:
    """Return the `service_cases` of one block: repairs of durables, complaints after returns."""
    rng = stream(seed, "service_cases", block)
    durable = np.array([f.role == "durable" for f in preset.families])[outings.family]
    breaks = durable & outings.kept & (rng.random(len(outings)) < REPAIRS_SHARE)
    complains = outings.returned & outings.kept
    complains &= rng.random(len(outings)) < COMPLAINTS_AFTER_RETURN
    member = np.concatenate([outings.member[breaks], outings.member[complains]])
    time = np.concatenate(
        [
            outings.time[breaks] + rng.uniform(20, 500, int(breaks.sum())),
            outings.time[complains] + rng.uniform(1, 20, int(complains.sum())),
        ]
    )
    kind = np.repeat([0, 1], [int(breaks.sum()), int(complains.sum())])
    inside = np.flatnonzero(time < days)
    order = inside[np.lexsort((time[inside], member[inside]))]
    happened = moments.happened(time[order], np.ones(len(order), bool))
    order, happened = _unrepeated(order, member, kind, happened)
    return pa.table(
        {
            "customer_id": numbered("M", members.first + member[order] + 1, 8),
            "kind": named(["repair", "complaint"], kind[order]),
            "answer": named(
                ["solved", "refunded", "replaced"],
                np.searchsorted([0.7, 0.88], rng.random(len(order)), side="right"),
            ),
            "event_time": stored(happened),
            "available_time": stored(known(happened, rng)),
        }
    )


def _unrepeated(order: Ints, who: Ints, what: Ints, happened: Ints) -> tuple[Ints, Ints]:
    """Drop what repeats the same member, thing and second, wherever it stands."""
    if len(order) == 0:
        return order, happened
    alike = np.lexsort((happened, what[order], who[order]))
    rows = order[alike]
    new = np.append(
        True,
        (who[rows][1:] != who[rows][:-1])
        | (what[rows][1:] != what[rows][:-1])
        | (np.diff(happened[alike]) != 0),
    )
    first = np.sort(alike[new])
    return order[first], happened[first]
