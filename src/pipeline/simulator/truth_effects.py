"""Truth of the campaigns: each member's chance without it, and what every arm changes."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.campaigns import Assigned
from pipeline.simulator.members import Members
from pipeline.simulator.preset import CampaignRules
from pipeline.simulator.texts import named, numbered

#: Effects above (below) this many probability points make a persuadable (a sleeping dog).
NOTABLE_EFFECT = 0.01
SURE_THING = 0.5
KINDS = ("lost_cause", "persuadable", "sure_thing", "sleeping_dog")


def effects_truth(rules: CampaignRules, members: Members, assigned: Assigned) -> pa.Table:
    """Return one row per member assigned in one campaign.

    `effect_ARM` is exact; `effect_drivers_ARM` is its expectation given the drivers, which
    are the remaining columns. `kind_ARM` names what the member is to that arm.
    """
    count = len(assigned.member)
    columns = {
        "campaign_id": numbered("C", np.full(count, assigned.position + 1), 4),
        "customer_id": numbered("M", members.first + assigned.member + 1, 8),
        "arm": named(list(rules.arms), assigned.arm),
        "base": assigned.base,
        "base_drivers": assigned.base_drivers,
    }
    treated = [arm for arm in rules.arms if arm != "control"]
    for column, arm in enumerate(treated):
        effect = assigned.effect[:, column]
        kind = np.select(
            [effect > NOTABLE_EFFECT, effect < -NOTABLE_EFFECT, assigned.base > SURE_THING],
            [1, 3, 2],
            default=0,
        )
        columns[f"effect_{arm}"] = effect
        columns[f"effect_drivers_{arm}"] = assigned.effect_drivers[:, column]
        columns[f"kind_{arm}"] = named(KINDS, kind)
    columns |= assigned.drivers
    columns["brought"] = assigned.brought
    columns["driven_away"] = assigned.driven
    return pa.table(columns)
