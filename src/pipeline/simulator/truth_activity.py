"""Truth of `customer_activity`: the probability of any purchase within the horizon."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.chances import any_trip, still_there
from pipeline.simulator.cycles import cycles_at
from pipeline.simulator.members import Members
from pipeline.simulator.preset import Preset
from pipeline.simulator.shopping import Shopping
from pipeline.simulator.standing import standing
from pipeline.simulator.texts import numbered

HORIZON_DAYS = 90


def activity_truth(preset: Preset, members: Members, shopping: Shopping, day: int) -> pa.Table:
    """Return the truth of every member of a block with a purchase before `day`.

    `probability` knows everything, also who has left and which consumable is no longer used;
    `probability_drivers` knows the member's own rates, regularity and history, but neither
    of these two: it is what the best model could say.
    """
    stand = standing(members, shopping, day)
    seen = np.flatnonzero(~np.isnan(stand.last_any))
    rate, shape, elapsed = members.rate[seen], members.shape[seen], stand.elapsed[seen]
    stage = members.stage[seen]
    ahead = shopping.clock.passed(stage, np.full(len(seen), float(day + HORIZON_DAYS)))
    ahead = ahead - shopping.clock.passed(stage, np.full(len(seen), float(day)))
    quiet = 1 - any_trip(shape, rate, elapsed, ahead)
    cycles = cycles_at(preset, members, shopping, day)
    quiet_known = cycles.no_refill(HORIZON_DAYS, hidden_known=True)[seen]
    quiet_guessed = cycles.no_refill(HORIZON_DAYS, hidden_known=False)[seen]

    leaving = 1 / (1 + np.exp(-members.leaving[seen]))
    there = still_there(shape, rate, elapsed, leaving)
    # Refilling after the last planned trip proves that the member is still there; a cycle
    # that should have run out since then speaks for the opposite.
    seen_ago = np.nan_to_num(day - stand.last_planned, nan=0.0)
    silence = cycles.silence_if_there(seen_ago)[seen]
    there = there * silence / (there * silence + 1 - there)
    no_trip_yet = np.isnan(stand.last_planned[seen])
    proof = no_trip_yet | (stand.last_any[seen] > np.nan_to_num(stand.last_planned[seen], nan=-1))
    there = np.where(proof, 1.0, there)
    left = stand.left[seen]
    return pa.table(
        {
            "customer_id": numbered("M", members.first + seen + 1, 8),
            "probability": np.where(left, 0.0, 1 - quiet * quiet_known),
            "probability_drivers": there * (1 - quiet * quiet_guessed),
            "days_since_purchase": day - stand.last_any[seen],
            "clock_days_since_planned": elapsed,
            "purchases_per_year": rate * 365.25,
            "regularity": shape,
            "leaving_share": leaving,
            "has_left": left,
        }
    )
