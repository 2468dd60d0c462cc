"""What a list would be: how many, left out for which reason, at which cost."""

from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Engine

from campaigns.building import chosen_for, list_id
from campaigns.choosing import expected_cost, expected_value
from campaigns.conditions.told import told
from campaigns.desk import Desk
from campaigns.ledger import Ledger
from campaigns.list_spec import ListSpec
from pipeline.release import Release

#: Standard errors that a change must measure to be found: 95 % level, power of 80 %.
_FOUND = 1.96 + 0.84


class Preview(NamedTuple):
    """A list that was not built.

    Attributes
    ----------
    ledger : Ledger
        Everybody known, with one outcome each.
    expected : float, optional
        Sum of the members' probabilities, or effects.
    cost, expected_value : float, optional
        Of all members together, in the retailer's currency, where values are given.
    least_effect : float, optional
        Smallest change in the share of outcomes that members and control would show.
    en, zh : str
        The request in words.
    """

    ledger: Ledger
    expected: float | None
    cost: float | None
    expected_value: float | None
    least_effect: float | None
    en: str
    zh: str

    def document(self) -> dict[str, Any]:
        """Return it as command line and HTTP answer it."""
        ledger = self.ledger
        return {
            "base": ledger.base,
            "selected": ledger.selected,
            "control": ledger.control,
            "excluded": dict(ledger.excluded),
            "expected": self.expected,
            "cost": self.cost,
            "expected_value": self.expected_value,
            "least_effect": self.least_effect,
            "told": {"en": self.en, "zh-TW": self.zh},
        }


def preview(
    spec: ListSpec,
    release: Release,
    *,
    desk: Desk,
    state: Engine,
    at: datetime,
    global_control: float = 0.0,
) -> Preview:
    """Count what `build_list` would freeze, with the same draw; raises what it raises."""
    with desk.opened(spec, release) as (score_set, population, ranking):
        chosen = chosen_for(
            spec,
            desk,
            population,
            ranking,
            state=state,
            at=at,
            draw=list_id(spec, score_set, release, global_control=global_control),
            global_control=global_control,
        )
    score = ranking.value[chosen.selected]
    cost = worth = None
    if spec.value is not None:
        cost = float(expected_cost(spec.value, score, is_effect=ranking.is_effect).sum())
        worth = float(expected_value(spec.value, score, is_effect=ranking.is_effect).sum())
    en, zh = words(spec)
    return Preview(
        chosen.ledger,
        float(score.sum()) if spec.model else None,
        cost,
        worth,
        None if ranking.is_effect or not spec.model else least_effect(score, len(chosen.control)),
        en,
        zh,
    )


def words(spec: ListSpec) -> tuple[str, str]:
    """Say in English and in Chinese what is asked for."""
    who = told(spec.where) if spec.where is not None else None
    ends = {
        "size": (f"{'the best ' * bool(spec.model)}{spec.size:,}", f"{spec.size:,} 人")
        if spec.size
        else None,
        "budget": (f"up to a cost of {spec.budget:,.10g}", f"成本至多 {spec.budget:,.10g}")
        if spec.budget
        else None,
        "at_least": (f"scored at least {spec.at_least:g}", f"分數至少 {spec.at_least:g}")
        if spec.at_least is not None
        else None,
        "profitable": ("worth more than they cost", "預期價值為正") if spec.profitable else None,
    }
    found = [end for end in ends.values() if end]
    for_what = f" for {spec.product}" if spec.product else ""
    of_what = f"（商品 {spec.product}）" if spec.product else ""
    over = f", who agree to {spec.purpose} by {spec.channel}" if spec.channel else ""
    via = f"，同意以 {spec.channel} 接收 {spec.purpose}" if spec.channel else ""
    held = f"{spec.control_share:.3g}"
    by = (
        (f" by {spec.model}", f"依 {spec.model}")
        if spec.model
        else (", drawn at random", "隨機抽取")
    )
    en = f"{', '.join(en for en, _ in found)}{by[0]}{for_what}"
    en += f", of those for whom: {who.en}" if who else ""
    zh = f"{by[1]}{of_what}，{'、'.join(zh for _, zh in found)}"
    zh += f"，條件：{who.zh}" if who else ""
    return f"{en}{over}; {held} of them held out as control", f"{zh}{via}；另保留 {held} 為對照組"


def least_effect(probability: np.ndarray, control: int) -> float | None:
    """Return the smallest change in a share that members and control would show.

    None where either is empty. From the normal approximation, at a level of 95 % and a
    power of 80 %, with the mean probability of the members as the share.
    """
    if not len(probability) or not control:
        return None
    share = float(probability.mean())
    return float(_FOUND * np.sqrt(share * (1 - share) * (1 / len(probability) + 1 / control)))
