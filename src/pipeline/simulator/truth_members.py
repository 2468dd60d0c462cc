"""Truth of the members: what drives each of them, and what nobody can see."""

import numpy as np
import pyarrow as pa

from pipeline.simulator.calendar import Calendar
from pipeline.simulator.card import CardHistory
from pipeline.simulator.demand import Demand
from pipeline.simulator.journal import Floats
from pipeline.simulator.members import Members
from pipeline.simulator.preset import Preset
from pipeline.simulator.texts import masked, named, numbered


def members_truth(
    preset: Preset,
    calendar: Calendar,
    demand: Demand,
    members: Members,
    *,
    left_on: Floats,
    card: CardHistory | None,
) -> pa.Table:
    """Return one row per member of a block."""
    count = len(members)
    left = np.isfinite(left_on) | members.left_before
    day = np.where(np.isfinite(left_on), left_on, 0).astype(np.int64)
    columns = {
        "customer_id": numbered("M", members.first + 1 + np.arange(count), 8),
        "life_stage": named([s.name for s in preset.life_stages], members.stage),
        "age": members.age,
        "income": members.income,
        "purchases_per_year": members.rate * 365.25,
        "regularity": members.shape,
        "leaving_share": 1 / (1 + np.exp(-members.leaving)),
        "left_on": masked(pa.array(np.datetime64(calendar.start, "D") + day), left),
        "tier": members.tier,
        "bargain": members.bargain,
        "novelty": members.novelty,
        "online_share": members.online,
        "usage": members.usage,
    }
    for position, name in enumerate(demand.category_names):
        columns[f"taste_{name}"] = members.taste[:, position]
    if card is not None:
        columns["card_hidden"] = card.hidden
    return pa.table(columns)
