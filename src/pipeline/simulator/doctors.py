"""The `visits` table: who saw a doctor before fetching a prescription."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.members import Members
from pipeline.simulator.moments import Moments, known, stored
from pipeline.simulator.outings import Outings
from pipeline.simulator.preset import Preset
from pipeline.simulator.randomness import stream
from pipeline.simulator.texts import named, numbered

SEEN_BEFORE_SHARE = 0.8


def visits_table(
    preset: Preset, members: Members, outings: Outings, moments: Moments, *, seed: int, block: int
) -> pa.Table:
    """Return the doctor's visits of one block, up to two days before a prescription."""
    rng = stream(seed, "visits", block)
    health = np.array([family.health for family in preset.families])[outings.family]
    supplies = np.array([f.role == "consumable" for f in preset.families])[outings.family]
    fetched = outings.kept & health & supplies
    rows = np.flatnonzero(fetched & (rng.random(len(outings)) < SEEN_BEFORE_SHARE))
    time = np.maximum(outings.time[rows] - rng.uniform(0.1, 2.0, len(rows)), 0.0)
    order = np.lexsort((time, outings.member[rows]))
    member = outings.member[rows][order]
    first = np.append(True, member[1:] != member[:-1])[: len(member)]
    happened = moments.happened(time[order], np.zeros(len(order), bool))
    answer = np.searchsorted([0.8, 0.93], rng.random(len(order)), side="right")
    return pa.table(
        {
            "customer_id": numbered("M", members.first + member + 1, 8),
            "kind": named(["follow_up", "first_visit"], first.astype(np.int64)),
            "answer": named(["continue", "adjust", "side_effect"], answer),
            "event_time": stored(happened),
            "available_time": stored(known(happened, rng)),
        }
    )
