"""Truth of the campaigns: each member's chance without it, and what every arm changes."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.campaigns import Assigned
from pipeline.simulator.members import Members
from pipeline.simulator.preset import CampaignRules
from pipeline.simulator.responses import Responses
from pipeline.simulator.texts import named, numbered

#: Effects above (below) this many probability points make a persuadable (a sleeping dog).
NOTABLE_EFFECT = 0.01
SURE_THING = 0.5
KINDS = ("lost_cause", "persuadable", "sure_thing", "sleeping_dog")


def effects_truth(rules: CampaignRules, members: Members, assigned: Assigned) -> pa.Table:
    """Return one row per member assigned in one campaign."""
    truth = responses_truth(members, assigned.responses)
    campaign = np.full(len(assigned.member), assigned.position + 1)
    truth = truth.add_column(0, "campaign_id", numbered("C", campaign, 4))
    truth = truth.add_column(2, "arm", named(list(rules.arms), assigned.arm))
    truth = truth.append_column("brought", pa.array(assigned.brought))
    return truth.append_column("driven_away", pa.array(assigned.driven))


def responses_truth(members: Members, responses: Responses) -> pa.Table:
    """Return one row per member: what a campaign would do to them.

    `effect_ARM` is exact; `effect_drivers_ARM` is its expectation given the drivers, which
    are the remaining columns. `kind_ARM` names what the member is to that arm.
    """
    columns = {
        "customer_id": numbered("M", members.first + responses.member + 1, 8),
        "base": responses.base,
        "base_drivers": responses.base_drivers,
    }
    for arm, column in responses.column.items():
        effect = responses.effect[:, column]
        kind = np.select(
            [effect > NOTABLE_EFFECT, effect < -NOTABLE_EFFECT, responses.base > SURE_THING],
            [KINDS.index(name) for name in ("persuadable", "sleeping_dog", "sure_thing")],
            default=KINDS.index("lost_cause"),
        )
        columns[f"effect_{arm}"] = effect
        columns[f"effect_drivers_{arm}"] = responses.effect_drivers[:, column]
        columns[f"kind_{arm}"] = named(KINDS, kind)
    return pa.table(columns | responses.drivers)
