"""Truth of `customer_activity`: the probability of any purchase within the horizon."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.expected import Expected
from pipeline.simulator.texts import numbered

HORIZON_DAYS = 90


def activity_truth(expected: Expected, day: int) -> pa.Table:
    """Return the truth of every member of a block with a purchase before `day`.

    `probability` knows everything, also who has left and which consumable is no longer used;
    `probability_drivers` knows the member's own rates, regularity and history, but neither
    of these two: it is what the best model could say.
    """
    members, outlook = expected.members, expected.at(day)
    seen = np.flatnonzero(~np.isnan(outlook.standing.last_any))
    return pa.table(
        {
            "customer_id": numbered("M", members.first + seen + 1, 8),
            "probability": outlook.visit(HORIZON_DAYS)[seen],
            "probability_drivers": outlook.visit_drivers(HORIZON_DAYS)[seen],
            "days_since_purchase": day - outlook.standing.last_any[seen],
            "clock_days_since_planned": outlook.standing.elapsed[seen],
            "purchases_per_year": members.rate[seen] * 365.25,
            "regularity": members.shape[seen],
            "leaving_share": 1 / (1 + np.exp(-members.leaving[seen])),
            "has_left": outlook.gone[seen],
        }
    )
