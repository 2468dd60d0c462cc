"""Gifts that members earn by buying: three boxes of tablets, and a fourth is sent, or owed."""

import numpy as np

from pipeline.simulator.journal import Ints
from pipeline.simulator.outings import GIFT, Outings, provoked_outings
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream

SENT_SHARE = 0.9
SENT_WITHIN_DAYS = (3.0, 20.0)


def gifts_sent(preset: Preset, outings: Outings, *, days: int, seed: int, block: int) -> Outings:
    """Return the outings with the gifts that were sent; those not sent remain owed."""
    given = [i for i, family in enumerate(preset.families) if family.role == "gift"]
    if not given or preset.gift_after_pieces == 0:
        return outings
    rng = stream(seed, "gifts", block)
    tablets = np.array(
        [family.role == "consumable" and family.health for family in preset.families]
    )
    rows = np.flatnonzero(outings.kept & tablets[outings.family])
    rows = rows[np.lexsort((outings.time[rows], outings.member[rows]))]
    member = outings.member[rows]
    so_far = _running_total(member, outings.quantity[rows].astype(np.int64))
    before = so_far - outings.quantity[rows].astype(np.int64)
    earned = so_far // preset.gift_after_pieces - before // preset.gift_after_pieces
    of_row = np.repeat(np.arange(len(rows)), earned)
    wait = rng.uniform(*SENT_WITHIN_DAYS, len(of_row))
    time = outings.time[rows[of_row]] + wait
    sent = (rng.random(len(of_row)) < SENT_SHARE) & (time < days)
    who = member[of_row[sent]]
    return outings.and_more(
        [
            provoked_outings(
                member=who,
                time=time[sent],
                family=np.full(len(who), given[0]),
                store=np.full(len(who), -1),
                cause=GIFT,
                source=np.full(len(who), -1),
            )
        ]
    )


def _running_total(member: Ints, pieces: Ints) -> Ints:
    """Add up the pieces of each member; rows lie together by member."""
    if len(member) == 0:
        return pieces
    total = np.cumsum(pieces)
    first = np.flatnonzero(np.append(True, member[1:] != member[:-1]))
    before = np.where(first > 0, total[first - 1], 0)
    return np.asarray(total - np.repeat(before, np.diff(np.append(first, len(member)))))
