"""What a member wants on a planned trip: the weight of each family, before chance decides.

The weight of family f for member i on day t is

    popularity_f x exp(stage_if + taste_if) x exp(season_ft) x (1 + novelty_i x heat_ft)
    x need_f(days since i last bought f)

and 0 while f has nothing on sale. The need falls to a twentieth right after the purchase of
a durable and rises, along an S, to more than 1 when it has grown old: an interaction of what
a member owns with time that no additive score contains.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.simulator.calendar import AHEAD_DAYS, Calendar
from pipeline.simulator.catalogue import Catalogue
from pipeline.simulator.members import Members
from pipeline.simulator.preset import Preset

#: Width of the steps in which the age of a possession is looked up.
AGE_STEP_DAYS = 30
AGE_STEPS = 140
NEVER = -1_000_000.0
HEAT_WEIGHT = 1.2


@dataclass(frozen=True)
class Demand:
    """What does not depend on the member: shapes (days, families) and (families, AGE_STEPS)."""

    by_day: NDArray[np.float64]
    heat: NDArray[np.float64]
    need: NDArray[np.float64]
    stage: NDArray[np.float64]
    category: NDArray[np.int64]
    category_names: Sequence[str]

    def of_members(self, members: Members) -> NDArray[np.float64]:
        """Return what stays the same of each member: shape (n, families)."""
        log_weight = self.stage[members.stage] + members.taste[:, self.category]
        return np.asarray(np.exp(log_weight))

    def weights(
        self,
        lasting: NDArray[np.float64],
        novelty: NDArray[np.float64],
        day: NDArray[np.int64],
        bought: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the weight of each family on a trip: shape (n, families).

        Parameters
        ----------
        lasting : array of shape (n, families)
            Rows of `of_members`.
        novelty : array of shape (n,)
            The members' pull of what is new.
        day : array of int, shape (n,)
            Day of the trip.
        bought : array of shape (n, families)
            Day on which the member last bought the family; `NEVER` without one.
        """
        steps = np.clip((day[:, None] - bought) / AGE_STEP_DAYS, 0, AGE_STEPS - 1).astype(np.int64)
        weight = lasting * self.by_day[day]
        weight *= 1 + HEAT_WEIGHT * novelty[:, None] * self.heat[day]
        weight *= np.take(self.need, steps + np.arange(self.need.shape[0]) * AGE_STEPS)
        return weight


def build_demand(preset: Preset, calendar: Calendar, catalogue: Catalogue) -> Demand:
    """Tabulate the parts of the weight that members share."""
    families, days = preset.families, calendar.days + AHEAD_DAYS
    names = list(dict.fromkeys(family.path[0] for family in families))
    category = np.array([names.index(family.path[0]) for family in families])
    season = np.stack([calendar.effect(family.season) for family in families], axis=1)
    popularity = np.array([family.popularity for family in families])
    by_day = np.exp(season) * popularity * catalogue.on_sale(len(families), days)
    stage = np.array(
        [
            [
                stage.tastes.get(family.path[0], 0.0) + stage.tastes.get(family.name, 0.0)
                for family in families
            ]
            for stage in preset.life_stages
        ]
    )
    age_days = (np.arange(AGE_STEPS) + 0.5) * AGE_STEP_DAYS
    need = np.ones((len(families), AGE_STEPS))
    for position, family in enumerate(families):
        if family.role == "durable":
            due = age_days / family.life_days
            need[position] = 0.05 + 1.75 / (1 + np.exp(-8 * (due - 0.9)))
            # The last step also stands for "never bought".
            need[position, -1] = 1.0
    return Demand(
        by_day=by_day,
        heat=catalogue.launch_heat(len(families), days),
        need=need,
        stage=stage,
        category=category,
        category_names=names,
    )
