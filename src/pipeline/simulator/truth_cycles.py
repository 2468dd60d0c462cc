"""Truth of `repurchase_timing`: when each consumable will be bought again."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.expected import Expected
from pipeline.simulator.shopping import CYCLE_SHAPE
from pipeline.simulator.texts import named, numbered

HORIZON_DAYS = 28


def cycles_truth(expected: Expected, calendar: Calendar, day: int) -> pa.Table:
    """Return the state of every consumable's cycle at the beginning of a day.

    `due_on` is the median of the coming purchase for who still uses it; `probability` that
    of a purchase within 28 days, knowing who stopped or left; `probability_drivers` not
    knowing it. `mean_days` and `shape` describe the gamma distribution of the gap.
    """
    members, outlook = expected.members, expected.at(day)
    cycles = outlook.cycles
    titles = [family.title for family in expected.preset.families]
    # Hand-over between the tail of one cycle and the horizon of what is known.
    due = np.clip(cycles.due_in(), 0, 3650)
    start = np.datetime64(calendar.start, "D") + np.timedelta64(day, "D")
    return pa.table(
        {
            "customer_id": numbered("M", members.first + cycles.member + 1, 8),
            "category_3": named(titles, cycles.family),
            "elapsed_days": cycles.elapsed,
            "mean_days": cycles.mean_days,
            "shape": np.full(len(cycles.member), CYCLE_SHAPE),
            "due_on": start + np.round(due).astype(np.int64),
            "due_in_days": due,
            "probability": cycles.refill(HORIZON_DAYS, hidden_known=True),
            "probability_drivers": cycles.refill(HORIZON_DAYS, hidden_known=False)
            * outlook.there[cycles.member],
            "still_used": cycles.running,
        }
    )
