"""The `consents` table: who may be contacted, by which channel, and who changed their mind."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.members import Members
from pipeline.simulator.moments import Moments, known, stored
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream
from pipeline.simulator.texts import named, numbered

WITHDRAWN_PER_YEAR = 0.06
GRANTED_AGAIN_SHARE = 0.15


def consents_table(
    preset: Preset, moments: Moments, days: int, members: Members, *, seed: int, block: int
) -> pa.Table:
    """Return what one block of members agreed to on joining, and changed later."""
    rng = stream(seed, "consents", block)
    count = len(members)
    member, channel, granted, time = [], [], [], []
    joined = members.joined + rng.random(count)
    for position, share in enumerate(preset.marketing_channels.values()):
        agrees = rng.random(count) < share
        withdrawn = joined + rng.exponential(365.25 / WITHDRAWN_PER_YEAR, count)
        again = withdrawn + rng.exponential(200.0, count)
        returns = rng.random(count) < GRANTED_AGAIN_SHARE
        for happens, yes, when in (
            (np.ones(count, bool), agrees, joined),
            (agrees, np.zeros(count, bool), withdrawn),
            (agrees & returns, np.ones(count, bool), again),
        ):
            rows = np.flatnonzero(happens & (when < days))
            member.append(rows)
            channel.append(np.full(len(rows), position))
            granted.append(yes[rows])
            time.append(when[rows])
    who, what = np.concatenate(member), np.concatenate(channel)
    yes, when = np.concatenate(granted), np.concatenate(time)
    order = np.lexsort((when, what, who))
    happened = moments.happened(when[order], np.ones(len(order), bool))
    return pa.table(
        {
            "customer_id": numbered("M", members.first + who[order] + 1, 8),
            "channel": named(list(preset.marketing_channels), what[order]),
            "purpose": pa.repeat("marketing", len(order)),
            "granted": pa.array(yes[order]),
            "event_time": stored(happened),
            "available_time": stored(known(happened, rng)),
        }
    )
